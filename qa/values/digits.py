"""Digits with their separators, in any script: what number they are.

Digits follow the language's separators (CLDR) and, where the form itself decides, the form:
"2,7" in an English text is still 2.7. Where neither tells, they are no number.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol

from index.text.words import words_of

# Each maps one code point to one, so offsets in the folded text are offsets in the original.
_FOLDED = str.maketrans(
    {
        "\u00a0": " ",
        "\u2007": " ",
        "\u2009": " ",
        "\u200a": " ",
        "\u202f": " ",
        "\t": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2019": "'",
        "\uff05": "%",
        "\u066a": "%",
        "\u066b": ".",
        "\u066c": ",",
        # Marks of direction.
        **dict.fromkeys(
            "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", " "
        ),
        "\uff0c": ",",
        "\uff0e": ".",
    }
)
_DIGIT = re.compile(r"(?![0-9])\d")  # "１２", "٣", "४": decimal digits of any script
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")


_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅓": "0.3333", "⅔": "0.6667"}
DIGITS = re.compile(
    r"(?:(?:(?<=[\s(\[\"'„“])|^)[-+](?=\d))?"
    r"(?:\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?![\d])|\d+(?:[.,']\d+)*)"
    r" ?[½¼¾⅓⅔]?|[½¼¾⅓⅔]"
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?")


def fold(text: str) -> str:
    """``text`` with every kind of blank, dash and digit made plain; same length, same offsets."""
    folded = _LINE_BREAK.sub(" ", text.translate(_FOLDED))
    return folded if folded.isascii() else _DIGIT.sub(_as_ascii, folded)


def _as_ascii(digit: re.Match[str]) -> str:
    return str(unicodedata.decimal(digit[0]))


def parse_digits(written: str, language: str) -> Decimal | None:
    """The value of digits with separators, or None where they are no number ("3.5.1")."""
    fraction = Decimal(_FRACTIONS.get(written[-1], "0"))
    body = written.rstrip("".join(_FRACTIONS)).strip().replace("'", " ")
    if not body:
        return fraction
    sign = -1 if body.startswith("-") else 1
    body = body.lstrip("+-")
    if " " in body:
        if not _SPACED.fullmatch(body):
            return None
        body = body.replace(" ", "")
        value = _decimal(body.replace(",", "."))
    else:
        value = _decimal(_plain_digits(body, language))
    return None if value is None else sign * (value + fraction)


def _plain_digits(body: str, language: str) -> str:
    """``body`` with a point for the decimal sign and without group signs; "" if neither fits."""
    marks = [c for c in body if c in ".,"]
    if not marks:
        return body
    if len(set(marks)) == 2:
        last = marks[-1]
        other = "," if last == "." else "."
        if marks.count(last) != 1 or not _grouped(body.rsplit(last, 1)[0], other):
            return ""
        return body.replace(other, "").replace(last, ".")
    mark = marks[0]
    if len(marks) > 1:
        grouped = _grouped(body, mark) or _INDIAN.fullmatch(body)
        return body.replace(mark, "") if grouped else ""
    if _grouped(body, mark) and not body.startswith("0"):
        sign = _sign(language)
        if sign is None or (mark == sign and words_of(language).either_sign):
            return ""
        if mark != sign:
            return body.replace(mark, "")
    return body.replace(mark, ".")


_INDIAN = re.compile(r"\d{1,2}(?:,\d\d)+,\d{3}")  # "12,34,567"


def _grouped(body: str, mark: str) -> bool:
    head, *groups = body.split(mark)
    return 1 <= len(head) <= 3 and all(len(g) == 3 for g in groups)


def _decimal(body: str) -> Decimal | None:
    # Longer runs of digits are keys or hashes, not quantities.
    if not body or len(body) > 30 or not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", body):
        return None
    return Decimal(body)


def decimal_sign(language: str) -> str:
    """The decimal sign of a language by CLDR; a point where the language is unknown."""
    return _sign(language) or "."


@cache
def _sign(language: str) -> str | None:
    try:
        return str(get_decimal_symbol(Locale.parse(language)))
    except (UnknownLocaleError, ValueError):
        return None
