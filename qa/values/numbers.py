"""Numbers in running text, in digits or in words, as exact spans with their value.

Digits are read by ``digits``, words by ``spelled``, scales ("Mrd.") by ``scales``, and Chinese,
Japanese and Korean groups of ten thousand by ``myriads``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache

from index.text.words import words_of
from qa.values.codes import code_spans
from qa.values.digits import DIGITS, decimal_sign, fold, parse_digits
from qa.values.myriads import continued, find_figures, writes_myriads
from qa.values.number import Number
from qa.values.scales import scale_at
from qa.values.spelled import ends_spelled, find_spelled, with_half
from qa.values.units import unit_before

__all__ = ["Number", "decimal_sign", "find_numbers", "fold", "parse_digits"]

_BROKEN_BEFORE = r"[^\W\d_]-$|\d[.,:/']{1,2}$|#$|(?<!\w)[,']$"
_LETTER_BEFORE = re.compile(rf"[^\W\d_]$|{_BROKEN_BEFORE}")
# Where no blanks are written, a letter before is the word before.
_LATIN_BEFORE = re.compile(rf"[A-Za-z]$|{_BROKEN_BEFORE}")
_BROKEN_AFTER = re.compile(r"[.,:/']{1,2}\d|[.,]{2,}\d")  # "3:1", "5,,6", "1'2"


def find_numbers(folded: str, language: str) -> list[Number]:
    """The numbers of a text that went through ``fold``, in order, without overlaps.

    Numbers before a word that may be any of several scales are left out.
    """
    if writes_myriads(language):
        read = [_in_myriads(n, folded, language) for n in _digit_numbers(folded, language)]
        return _apart([*filter(None, read), *find_figures(folded, language)])
    digits = [with_half(n, folded, language) for n in _digit_numbers(folded, language)]
    taken = [(n.start, n.end) for n in digits]
    words = [
        n
        for n in find_spelled(folded, language)
        if not any(s < n.end and n.start < e for s, e in taken)
    ]
    scaled = [_with_scale(n, folded, language) for n in digits + words]
    numbers = _apart(n for n in scaled if n is not None)
    return _summed(list(_whole(numbers, folded, language)), folded, language)


def _apart(numbers: Iterable[Number]) -> list[Number]:
    done: list[Number] = []
    for number in sorted(numbers, key=lambda n: (n.start, -n.end)):
        if not done or number.start >= done[-1].end:
            done.append(number)
    return done


def _digit_numbers(folded: str, language: str) -> list[Number]:
    found = []
    before = _LETTER_BEFORE if words_of(language).blanks else _LATIN_BEFORE
    nothing = _no_values(language)
    spans = code_spans(folded)
    if nothing is not None:
        spans = sorted([*spans, *(match.span() for match in nothing.finditer(folded))])
    codes = iter(spans)
    code = next(codes, None)
    for match in DIGITS.finditer(folded):
        written = match.group().rstrip()
        start, end = match.start(), match.start() + len(written)
        while code and code[1] <= start:
            code = next(codes, None)
        if code and code[0] < end:
            continue
        if before.search(folded[max(0, start - 4) : start]) and not (
            _paid(folded, start, language) or _prefixed(folded, start, language)
        ):
            continue
        if _BROKEN_AFTER.match(folded, end):
            continue
        value = parse_digits(written, language)
        if value is None:
            continue
        found.append(Number(start, end, value, plain=written.isascii() and written.isdigit()))
    return found


def _paid(folded: str, start: int, language: str) -> bool:
    """Whether a currency's code or word stands right before, as in "Rp48.500" and "USD5"."""
    return folded[start - 1] != " " and unit_before(folded, start, language) is not None


def _prefixed(folded: str, start: int, language: str) -> bool:
    """Whether a word stands right before that is written together with what follows it."""
    prefixes = words_of(language).prefixes
    return any(
        folded.startswith(word, start - len(word))
        and not folded[: start - len(word)][-1:].isalpha()
        for word in prefixes
    )


@cache
def _no_values(language: str) -> re.Pattern[str] | None:
    """What the language writes with digits that is no amount of its own: "3分の1", "binde 5"."""
    forms = words_of(language).no_values
    return re.compile("|".join(forms), re.I) if forms else None


def _in_myriads(number: Number, folded: str, language: str) -> Number | None:
    """The number with the signs behind it, or the word of another language: "29 million"."""
    read = continued(number, folded, language)
    return _with_scale(number, folded, language) if read is number else read


def _with_scale(number: Number, folded: str, language: str) -> Number | None:
    """The number with the scale behind it; None where that may mean several."""
    if number.ordinal:
        return number
    scale = scale_at(folded, number.end, language)
    if scale is None:
        return number
    if scale.power is None:
        return None
    scaled = replace(number, end=scale.end, power=scale.power, article=False, plain=False)
    # "3 millones y medio" is half a million more.
    return with_half(scaled, folded, language)


def _whole(numbers: list[Number], folded: str, language: str) -> Iterator[Number]:
    """Without those that end a number that begins in words: "миллион 29 тысяч"."""
    end = 0
    for number in numbers:
        if end + 1 == number.start or not ends_spelled(folded, number.start, language):
            yield number
        end = number.end


_LAST_PART = 1000
"""Numbers below are the last part of one with a scale before; "12 Millionen 2019" has a year."""


def _summed(numbers: list[Number], folded: str, language: str) -> list[Number]:
    """Parts of one number as one: "1 Million 200 Tausend", "2 mil 500 millones", "3 тысячи 500"."""
    gaps = {" ", *(f" {word}" for word in words_of(language).plus)}
    done: list[Number] = []
    for number in numbers:
        first = done[-1] if done else None
        last_part = first is not None and first.power and number.plain
        if (
            first is None
            or folded[first.end : number.start] not in gaps
            or not (number.power or (last_part and number.written < _LAST_PART))
        ):
            done.append(number)
        elif number.amount < Decimal(10) ** first.power:
            written = first.written + number.amount.scaleb(-first.power)
            done[-1] = replace(first, end=number.end, written=written)
        elif first.power and number.written < Decimal(10) ** first.power:
            done[-1] = replace(number, start=first.start, written=first.amount + number.written)
        else:
            done.append(number)
    return done
