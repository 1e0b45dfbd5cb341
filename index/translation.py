"""What people read, in their language: English stands in the code, the rest in ``index/locale``.

``text("No article {name}", name=…)`` gives a message in the language that is spoken just now: that
of a ``speaking`` block, else the one that was chosen for the process, else English. The catalogues
are gettext's; ``python -m tests.catalogues --write`` brings them up to date with the code.
"""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path

DOMAIN = "fundstelle"
FOLDER = Path(__file__).with_name("locale")
SOURCE_LANGUAGE = "en"

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_chosen: list[str] = []


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are messages in."""
    found = {path.parts[-3] for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return tuple(sorted({SOURCE_LANGUAGE, *found}))


def text(message: str, /, **values: object) -> str:
    """A message in the language spoken, with ``values`` in the places that it names."""
    return _filled(_catalogue(language()).gettext(message), values)


def plural(one: str, many: str, number: int, /, **values: object) -> str:
    """``one`` or ``many`` by ``number``, which is there as ``{number}``, written for people."""
    found = _catalogue(language()).ngettext(one, many, number)
    return _filled(found, {"number": numeral(number), **values})


def language() -> str:
    """The language that is spoken just now."""
    return _spoken.get() or next(iter(_chosen), SOURCE_LANGUAGE)


def is_chosen() -> bool:
    """Whether the user has asked for a language."""
    return bool(_spoken.get() or _chosen)


def choose(code: str | None) -> None:
    """Let the process speak this language from now on; None for what each message falls back to."""
    _chosen[:] = [code] if code else []


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak a language in this block, where there are messages in it, else English."""
    token = _spoken.set(code if code in languages() else SOURCE_LANGUAGE)
    try:
        yield
    finally:
        _spoken.reset(token)


def of_environment(environment: Mapping[str, str] | None = None) -> str | None:
    """The language that a process' environment asks for: ``QA_LANG``, then as gettext has it.

    None where it names none ("C"), or none that there are messages in.
    """
    environment = os.environ if environment is None else environment
    for name in ("QA_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for locale in environment.get(name, "").split(":"):
            if (code := _code(locale)) in languages():
                return code
    return None


def of_header(accepted: str) -> str | None:
    """The best language of an ``Accept-Language`` header that there are messages in."""
    wanted = []
    for place, part in enumerate(accepted[:1_000].split(",")):
        name, _, weight = part.partition(";")
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight)
        quality = float(found[1]) if found else 0.0 if weight else 1.0
        if quality > 0 and (code := _code(name)) in languages():
            wanted.append((-quality, place, code))
    return min(wanted)[2] if wanted else None


def numeral(number: int) -> str:
    """A whole number with its thousands apart, as the language spoken writes it."""
    return f"{number:,}".replace(",", "." if language() == "de" else ",")


def decimal(number: float) -> str:
    """A number with one decimal, as the language spoken writes it."""
    whole, _, part = f"{number:,.1f}".partition(".")
    return f"{whole.replace(',', '.')},{part}" if language() == "de" else f"{whole}.{part}"


def percent(share: float) -> str:
    """A share of 1 in whole percent, as the language spoken writes it."""
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%" if language() == "de" else "%")


def day(value: date) -> str:
    """14.06.2025 in German, 2025-06-14 in every other language."""
    return f"{value:%d.%m.%Y}" if language() == "de" else value.isoformat()


def _code(locale: str) -> str:
    return re.split(r"[-_.@]", locale.strip(), maxsplit=1)[0].lower()


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, FOLDER, [code], fallback=True)


def _filled(message: str, values: Mapping[str, object]) -> str:
    return message.format_map(values) if values else message
