"""What languages are called, in the language spoken."""

from __future__ import annotations

from babel import Locale

from index.translation import language, text


def language_name(code: str) -> str:
    """The name of a language by its ISO 639-1 code; the code where it has none."""
    if code == "und":
        return text("unknown language")
    name: str = Locale.parse(language()).languages.get(code, code)
    return name
