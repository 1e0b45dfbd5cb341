"""Units, large numbers, currencies and small numerals as one term each in every language.

The words come from Unicode's CLDR through Babel, so "14 Mrd.", "14 Milliarden", "14 billion" and
"14 миллиардов" all hold the term ``10^9``; what CLDR does not list stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

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

_EVERYWHERE = {
    "mio": "10^6", "mrd": "10^9", "euros": "euro", "eur": "euro", "dollars": "dollar",
    "usd": "dollar", "gbp": "pound", "jpy": "yen", "percent": "percent",
}  # fmt: skip

# A unit of one letter is one only after a number; the analysis writes it out before it looks here.
ONE_LETTER = {"m": "metre", "g": "gram", "t": "tonne", "l": "litre"}

_FURTHER: dict[str, dict[str, str | None]] = {
    "de": {
        "pfund": "pound", "qm": "m2", "qkm": "km2", "ha": "hectare", "kilo": "kg", "bio": None,
        "zwei": "2", "drei": "3", "vier": "4", "fünf": "5", "sechs": "6", "sieben": "7",
        "acht": "8", "neun": "9", "zehn": "10", "elf": "11", "zwölf": "12",
    },
    "en": {
        "mn": "10^6", "millions": "10^6", "bn": "10^9", "billions": "10^9", "tn": "10^12",
        "trillions": "10^12", "pound": "pound", "pounds": "pound", "kilo": "kg", "kilos": "kg",
        "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
        "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    },
}  # fmt: skip

_LOCALES = {"en": ("en", "en_GB")}
_ABBREVIATED_POWER = 3  # "Mrd", "млн"; shorter ones ("M", "Md", "B") mean other things as well


@cache
def unit_terms(language: str) -> dict[str, str]:
    """For ``language`` the words that are a unit or a numeral, folded, and the term of each."""
    found = {term: term for term in _MEASURES.values()} | _EVERYWHERE
    for locale in _LOCALES.get(language, (language,)):
        for word, term in _words_of(locale):
            found.setdefault(word, term)
            if language == "de" and word.endswith("er"):
                found.setdefault(word + "n", term)  # "nach zwei Kilometern"
    for word, further in _FURTHER.get(language, {}).items():
        if further is None:
            found.pop(word, None)
        else:
            found[word] = further
    return found


def _words_of(locale: str) -> Iterator[tuple[str, str]]:
    """The single words for units in a locale that CLDR has; none for another."""
    from babel.core import Locale, UnknownLocaleError

    try:
        parsed = Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return
    yield from _powers_of(parsed.compact_decimal_formats)
    yield from _measures_of(locale)


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


def _measures_of(locale: str) -> Iterator[tuple[str, str]]:
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
