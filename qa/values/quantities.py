"""The quantities of a text: numbers with their units, ranges, and units that numbers share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from index.text.words import words_of, words_understood
from qa.answer_types import Kind
from qa.values.dates import Moment
from qa.values.neighbours import counts_nothing, unread_beside
from qa.values.nouns import with_noun
from qa.values.number import Number
from qa.values.numbers import find_numbers
from qa.values.quantity import Quantity, overlap
from qa.values.scales import tight_scale
from qa.values.shares import find_shares
from qa.values.units import Unit, unit_after, unit_before


def find_quantities(folded: str, language: str, moments: Sequence[Moment]) -> list[Quantity]:
    numbers = find_numbers(folded, language)
    read = _apart([_with_unit(n, folded, language) for n in numbers])
    read = [q for q in read if not _in_time(q, moments) and not _broken_word(q, folded, language)]
    # "zwei Drittel" is one share, not two of something; "eine halbe Milliarde" is a number.
    shares = [s for s in find_shares(folded) if not any(overlap(s, q) for q in read if q.unit)]
    read = [q for q in read if not any(overlap(s, q) for s in shares)]
    read = _join(sorted(read + shares, key=lambda q: q.start), folded, language)
    kept = [
        q
        for q in read
        if not (q.unit is None and q.number.article)
        and not counts_nothing(q, folded, language)
        and not unread_beside(q, folded, language)
    ]
    return [with_noun(q, folded, language) for q in sorted(kept, key=lambda q: q.start)]


def _apart(read: list[Quantity]) -> list[Quantity]:
    """Without overlaps: a currency sign between two numbers ("5$10") belongs to the first."""
    done: list[Quantity] = []
    for quantity in read:
        if done and quantity.start < done[-1].end:
            number = quantity.number
            quantity = Quantity(number.start, number.end, number, None)
        if not done or quantity.start >= done[-1].end:
            done.append(quantity)
    return done


def _with_unit(number: Number, folded: str, language: str) -> Quantity:
    start, end = number.start, number.end
    if number.ordinal:
        return Quantity(start, end, number, None)
    before = unit_before(folded, start, language)
    if before is None:
        after = unit_after(folded, end, language)
        tight = tight_scale(folded, end, language) if after is None and number.power == 0 else None
        if tight is not None:
            # "30m EUR": a lone letter is a scale only where a currency follows.
            paid = unit_after(folded, tight[0], language)
            if paid is not None and paid[0].kind is Kind.AMOUNT:
                return Quantity(start, paid[1], replace(number, power=tight[1]), paid[0])
        if after is None:
            return _ordinal_or_count(number, folded, language)
        unit, end = after
        return Quantity(start, end, number, _weighed(unit, number, folded))
    unit, start = before
    if unit.kind is Kind.PERCENT:
        return Quantity(start, end, number, unit)
    tight = tight_scale(folded, end, language) if number.power == 0 else None
    if tight is not None:
        end, number = tight[0], replace(number, power=tight[1])
    after = unit_after(folded, end, language)
    # "$14bn USD" names its currency twice; in "$5 und 3 %" the rest is not this number's.
    if after is not None and after[0].kind is Kind.AMOUNT:
        unit, end = after if unit.symbol == "USD" else (unit, after[1])
    return Quantity(start, end, number, unit)


_WEIGHING = re.compile(r"\b(?:wieg\w*|wog\w*|schwer\w*|gewicht\w*|weigh\w*|heavy|weight)\b", re.I)
_POUND = Unit(Kind.MEASURE, "lb", "kg", Decimal("0.45359237"))


def _weighed(unit: Unit, number: Number, folded: str) -> Unit:
    """Pounds are money unless the text weighs something."""
    if unit.symbol == "GBP" and number.power == 0 and _WEIGHING.search(folded):
        return _POUND
    return unit


def _ordinal_or_count(number: Number, folded: str, language: str) -> Quantity:
    if number.plain and len(str(number.written)) <= 3:
        match = _ordinals(language).match(folded, number.end)
        if match and not (language == "de" and _ends_sentence(folded, match.end())):
            return Quantity(number.start, match.end(), replace(number, ordinal=True), None)
    return Quantity(number.start, number.end, number, None)


@cache
def _ordinals(language: str) -> re.Pattern[str]:
    return re.compile("|".join(words_of(language).ordinals) or r"(?!)")


def _ends_sentence(folded: str, at: int) -> bool:
    """Whether the point before ``at`` closes a sentence: nothing, or a usual first word, "
    "follows."""
    rest = folded[at : at + 12].strip()
    return not rest or bool(
        re.match(r"(?:Der|Die|Das|Ein|Eine|Es|Er|Sie|In|Im|Am|Auch|Damit|Dabei|Nach|Wir)\b", rest)
    )


def _in_time(quantity: Quantity, moments: Sequence[Moment]) -> bool:
    """Whether the number belongs to a date; a money or measure sign outweighs a bare year."""
    for moment in moments:
        if overlap(moment, quantity):
            bare = moment.kind is Kind.YEAR and moment.end - moment.start == 4
            return not (bare and quantity.unit is not None and quantity.number.plain)
    return False


def _broken_word(quantity: Quantity, folded: str, language: str) -> bool:
    """Digits that run into letters with no unit between them: "3D", "4x4", "747er", "$5x"."""
    rest = folded[quantity.end : quantity.end + 1]
    if quantity.end > quantity.number.end or quantity.number.words or quantity.number.ordinal:
        return False
    # Where no blanks are written, the next word follows at once.
    return bool(_LETTER.match(rest)) and (words_of(language).blanks or rest.isascii())


_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Joints:
    """What stands between two numbers that are a range or share their unit."""

    to: re.Pattern[str]
    between: re.Pattern[str]
    joined: re.Pattern[str]


@cache
def _joints(language: str) -> _Joints:
    understood = words_understood(language)
    blank = " " if understood[0].blanks else " ?"

    def any_of(forms: Iterable[str]) -> str:
        return "|".join(re.escape(form) for form in sorted(set(forms), key=len, reverse=True))

    to = any_of(form for words in understood for form in words.to)
    between = any_of(form for words in understood for form in words.between)
    joined = any_of(form for words in understood for form in words.joined)
    return _Joints(
        re.compile(rf" ?(?:-|{to}) ?"),
        re.compile(rf"\b(?:{between}) $", re.I),
        re.compile(rf"{blank}(?:{joined}){' ?' if understood[0].prefixes else blank}"),
    )


def _join(read: list[Quantity], folded: str, language: str) -> list[Quantity]:
    """Ranges become one quantity; "10 und 12 Millionen Euro" share scale and unit."""
    joints = _joints(language)
    done: list[Quantity] = []
    for quantity in reversed(read):
        following = done[-1] if done else None
        if following is None or following.number.ordinal or quantity.number.ordinal:
            done.append(quantity)
            continue
        gap = folded[quantity.end : following.start]
        between = bool(joints.between.search(folded[max(0, quantity.start - 20) : quantity.start]))
        joined = bool(joints.joined.fullmatch(gap))
        ranged = bool(joints.to.fullmatch(gap)) or (between and joined)
        if not (ranged or joined) or not _shareable(quantity, following, ranged):
            done.append(quantity)
            continue
        first, second = _shared(quantity, following)
        if ranged and following.upper is None:
            done[-1] = replace(second, start=first.start, number=first.number, upper=second.number)
        else:
            done[-1] = second
            done.append(first)
    return done[::-1]


def _shareable(first: Quantity, second: Quantity, ranged: bool) -> bool:
    if first.unit is not None and second.unit is not None:
        return first.unit == second.unit
    # "4 Mio. Euro und 12 Personen": what stands behind one number is not said of the next.
    behind = first.unit is not None and first.number.start == first.start
    return (ranged or not behind) and first.share is None and second.share is None


def _shared(first: Quantity, second: Quantity) -> tuple[Quantity, Quantity]:
    """Both with the one unit and, if the first lies below it, the one scale they have."""
    unit = first.unit or second.unit
    low, high = first.number, second.number
    if (
        low.power == 0
        and high.power
        and low.written < 1000
        and not (first.unit and first.unit != unit)
    ):
        low = replace(low, power=high.power)
    return replace(first, unit=unit, number=low), replace(second, unit=unit, number=high)
