"""Which language the command speaks; told before the command's help is made."""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence

from index import translation


def prepare(arguments: Sequence[str]) -> None:
    """Speak the language that ``--lang`` names, else that of the environment.

    Typer and click ask gettext for their own messages, which the same catalogues hold.
    """
    code = _asked(arguments) or translation.of_environment()
    translation.choose(code)
    if code:
        os.environ["LANGUAGE"] = code
        gettext.bindtextdomain(translation.DOMAIN, str(translation.FOLDER))
        gettext.textdomain(translation.DOMAIN)


def _asked(arguments: Sequence[str]) -> str | None:
    """What ``--lang`` names, if there are messages in it; the command itself refuses others."""
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            code = value or next(iter(arguments[place + 1 : place + 2]), "")
            return code if code in translation.languages() else None
    return None
