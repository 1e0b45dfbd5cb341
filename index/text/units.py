"""Units, large numbers, currencies and small numerals as one term each in every language.

The words come from Unicode's CLDR through Babel, so "14 Mrd.", "14 Milliarden", "14 billion" and
"14 миллиардов" all hold the term ``10^9``; what CLDR does not list stands in the languages' files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from index.text.words import ANY, words_of

_POWERS = (6, 9, 12)
_FORMS = (1, 2, 5, 1.5)  # one of each of CLDR's plural forms

_MEASURES = {
    "length-kilometer": "km", "length-meter": "metre", "length-centimeter": "cm",
    "length-millimeter": "mm", "length-mile": "mile", "mass-kilogram": "kg", "mass-gram": "gram",
    "mass-tonne": "tonne", "volume-liter": "litre", "area-hectare": "hectare",
    "area-square-meter": "m2", "area-square-kilometer": "km2", "power-kilowatt": "kw",
    "power-megawatt": "mw", "power-gigawatt": "gw", "energy-kilowatt-hour": "kwh",
    "concentr-percent": "percent",
}  # fmt: skip

SYMBOLS = {"%": "percent", "€": "euro", "$": "dollar", "£": "pound", "¥": "yen"}

# A unit of one letter is one only after a number; the analysis writes it out before it looks here.
ONE_LETTER = {"m": "metre", "g": "gram", "t": "tonne", "l": "litre"}

_LOCALES = {"en": ("en", "en_GB")}
_ABBREVIATED_POWER = 3  # "Mrd", "млн"; shorter ones ("M", "Md", "B") mean other things as well


@cache
def unit_terms(language: str) -> dict[str, str]:
    """For ``language`` the words that are a unit or a numeral, folded, and the term of each."""
    found = {term: term for term in _MEASURES.values()} | _in_file(ANY)
    for locale in _LOCALES.get(language, (language,)):
        for word, term in _words_of(locale):
            found.setdefault(word, term)
            if language == "de" and word.endswith("er"):
                found.setdefault(word + "n", term)  # "nach zwei Kilometern"
    if words_of(language).known:
        found |= _in_file(language)
    return {word: term for word, term in found.items() if term}


def _in_file(language: str) -> dict[str, str]:
    """What a language's file adds to CLDR's words; an empty term takes a word away."""
    return {word: term for word, (term,) in words_of(language).terms.items()}


def _words_of(locale: str) -> Iterator[tuple[str, str]]:
    """The single words for units in a locale that CLDR has; none for another."""
    from babel.core import Locale, UnknownLocaleError

    try:
        parsed = Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return
    yield from _powers_of(parsed.compact_decimal_formats)
    yield from _measures_of(parsed)


def _powers_of(compact: Any) -> Iterator[tuple[str, str]]:
    for length in ("long", "short"):
        patterns = [
            (power, plural.get(str(10**zeros)))
            for plural in (compact.get(length) or {}).values()
            for power in _POWERS
            for zeros in range(power, power + 3)
        ]
        for power, pattern in patterns:
            word = _word(pattern.pattern) if pattern else ""
            if word and (length == "long" or len(word) >= _ABBREVIATED_POWER):
                yield word, f"10^{power}"


def _measures_of(locale: Any) -> Iterator[tuple[str, str]]:
    from babel.units import format_unit

    for name, term in _MEASURES.items():
        for length in ("long", "short"):
            for number in _FORMS:
                word = _word(format_unit(number, name, length=length, locale=locale))
                if len(word) > 1 and (length == "long" or not word.isascii()):
                    yield word, term


def _word(text: str) -> str:
    """The one word beside a number or the zeros of its pattern; empty where there are several."""
    words = re.findall(r"[^\W\d_]+2?", text.replace("²", "2").casefold())
    return words[0] if len(words) == 1 else ""
