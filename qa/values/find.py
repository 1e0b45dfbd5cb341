"""The values of a sentence: exact spans, normalised, with the time and hedge they stand under.

``find_values`` reads top to bottom: times first, then numbers with their units, then ranges and
shared units ("10 und 12 Millionen Euro"), then what the clause says about each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from qa.answer_types import Kind
from qa.values.clauses import Clauses
from qa.values.dates import Moment, find_moments
from qa.values.hedges import Nearness, approximator_before, nearness
from qa.values.notes import without_notes
from qa.values.numbers import Number, find_numbers, fold, tight_scale
from qa.values.units import PERCENT, Unit, currency_before, unit_after

__all__ = ["Value", "find_values", "format_value", "group_values", "normalized_key", "same_value"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value at ``[start, end)``; ``text`` is exactly that slice of the source.

    ``amount`` is in ``unit`` (ISO 4217 code, "%", "km", "a" for years, or None for a count), scale
    included; ``upper`` is the other end of a range. ``moment`` is the EDTF form of a date or
    year; ``since`` and ``until`` bound it where they are known. ``noun`` is the thing counted.
    ``approximator`` stands right before the value ("rund"), ``hedge`` elsewhere in its clause
    ("geschätzt"), ``time`` is the time its clause speaks of; all three as written.
    ``conversion`` marks the same quantity said again in another unit.
    """

    kind: Kind
    start: int
    end: int
    text: str
    amount: Decimal | None = None
    unit: str | None = None
    upper: Decimal | None = None
    moment: str | None = None
    since: date | None = None
    until: date | None = None
    noun: str | None = None
    approximator: str | None = None
    hedge: str | None = None
    time: str | None = None
    conversion: bool = False
    base: str | None = None
    factor: Decimal = Decimal(1)


def find_values(text: str, language: str, *, today: date | None = None) -> tuple[Value, ...]:
    """The values of ``text`` in order of their start; spans do not overlap.

    ``language`` is an ISO 639-1 code and decides separators, number words and names of months;
    German and English units are known in every language. ``today`` (the article's date) gives
    relative times their bounds. "mehrere Milliarden" has no value and is not returned.
    """
    folded = fold(text)
    found: list[Value] = []
    for start, end in _blocks(folded):
        places = without_notes(folded[start:end])
        bare, said = ("".join(whole[start + place] for place in places) for whole in (folded, text))
        for value in _block_values(bare, said, language, today):
            first = start + places[value.start]
            after = start + places[value.end - 1] + 1
            found.append(replace(value, start=first, end=after, text=text[first:after]))
    return tuple(found)


def normalized_key(value: Value) -> tuple[str, ...]:
    """Equal for values that are exactly the same, whatever their language or spelling.

    Units of one dimension share a base ("1 km" = "1000 m"). Nouns are left out: the values of
    one question count one thing. A time without a fixed form is its bounds, or its words.
    """
    if value.amount is None:
        if value.moment is not None:
            return ("time", value.moment)
        if value.since is not None or value.until is not None:
            return ("between", str(value.since), str(value.until))
        return ("said", " ".join(fold(value.text).casefold().split()))
    ends = [_number(value.amount, value)]
    if value.upper is not None:
        ends.append(_number(value.upper, value))
    family = Kind.COUNT if value.base is None else value.kind
    family = Kind.ORDINAL if value.kind is Kind.ORDINAL else family
    return (str(family), value.base or "", *ends)


def same_value(a: Value, b: Value) -> bool:
    """Whether two values say the same: exactly, or one is a rounding of the other.

    "rund 25" is 24.8 and "gut 25" is 25.4, but "rund 25" is not 24 and "bis zu 25" is only 25.
    Two estimates are the same only if their numbers are. Not transitive: see ``group_values``.
    """
    if normalized_key(a) == normalized_key(b):
        return True
    if a.amount is None or b.amount is None or a.upper is not None or b.upper is not None:
        return False
    if normalized_key(a)[:2] != normalized_key(b)[:2]:
        return False
    rough, exact = (a, b) if nearness(a.approximator) else (b, a)
    if nearness(exact.approximator) or nearness(rough.approximator) in {None, Nearness.BOUND}:
        return False
    return _rounds_to(exact, rough)


def group_values(values: Sequence[Value]) -> tuple[tuple[int, ...], ...]:
    """Indices of the values that say the same, in order of first mention.

    Exactly equal values come together first; an estimate then joins the one group it rounds,
    and stays alone where two groups would fit.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, value in enumerate(values):
        groups.setdefault(normalized_key(value), []).append(i)
    for key, members in list(groups.items()):
        if not all(nearness(values[i].approximator) for i in members):
            continue
        fits = [
            k
            for k, other in groups.items()
            if k != key and any(same_value(values[members[0]], values[j]) for j in other)
        ]
        if len(fits) == 1:
            groups[fits[0]] = sorted(groups[fits[0]] + groups.pop(key))
    return tuple(sorted(tuple(g) for g in groups.values()))


_SCALE_NAMES = {
    "de": ((12, "Billionen"), (9, "Milliarden"), (6, "Millionen")),
    "en": ((12, "trillion"), (9, "billion"), (6, "million")),
}
_UNIT_NAMES = {
    "de": {"USD": "US-Dollar", "EUR": "Euro", "GBP": "Pfund", "CHF": "Franken", "%": "Prozent"},
    "en": {"USD": "US dollars", "EUR": "euros", "GBP": "pounds", "CHF": "francs", "%": "percent"},
}


def format_value(value: Value, language: str) -> str:
    """The value written in ``language``: "14 Milliarden US-Dollar"; else its own text."""
    if value.amount is None or value.kind is Kind.ORDINAL:
        return value.text
    ends = [value.amount] if value.upper is None else [value.amount, value.upper]
    power, scale = next(
        ((p, s) for p, s in _SCALE_NAMES.get(language, ()) if min(ends) >= Decimal(10) ** p),
        (0, ""),
    )
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    numbers = "–".join(
        format_decimal(e / Decimal(10) ** power, format="#,##0.####", locale=locale) for e in ends
    )
    unit = _UNIT_NAMES.get(language, {}).get(value.unit or "", value.unit or "")
    return " ".join(part for part in (numbers, scale, unit) if part)


# --- reading a block -----------------------------------------------------------------------

# No clause is as long; it bounds the time a text without paragraphs can take.
_LONGEST_BLOCK = 2000
# Three small letters keep "14. März" and "14 Mrd. Dollar" whole.
_SENTENCE_END = re.compile(r"[a-zäöüß]{3}[.;!?](?= [A-ZÄÖÜ])")


def _blocks(folded: str) -> Iterator[tuple[int, int]]:
    """Ranges that no value crosses: paragraphs, long ones cut after a sentence or a word."""
    for paragraph in re.finditer(r"[^\n]+", folded):
        start, end = paragraph.span()
        while end - start > _LONGEST_BLOCK:
            limit = start + _LONGEST_BLOCK
            cuts = [m.end() for m in _SENTENCE_END.finditer(folded, start, limit)]
            cut = cuts[-1] if cuts else max(folded.rfind(" ", start, limit), start)
            cut = cut if cut > start else limit
            yield start, cut
            start = cut
        yield start, end


def _block_values(folded: str, text: str, language: str, today: date | None) -> list[Value]:
    moments = find_moments(folded, language, today)
    quantities = _quantities(folded, language, moments)
    # "2024 Euro" and "2000 km": a unit makes a number of what looked like a year.
    moments = [m for m in moments if not any(_overlap(m, q) for q in quantities)]
    clauses = Clauses(
        folded, [*((q.start, q.end) for q in quantities), *((m.start, m.end) for m in moments)]
    )
    found = [_with_context(q, quantities, moments, clauses, folded, text) for q in quantities]
    found = _with_conversions(found, folded)
    times = [
        Value(
            kind=m.kind, start=m.start, end=m.end, text=text[m.start : m.end],
            moment=m.iso, since=m.since, until=m.until,
        )
        for m in moments
    ]  # fmt: skip
    return sorted(found + times, key=lambda v: v.start)


# --- numbers and units ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Quantity:
    start: int
    end: int
    number: Number
    unit: Unit | None
    upper: Number | None = None
    noun: str | None = None
    share: Decimal | None = None


def _quantities(folded: str, language: str, moments: Sequence[Moment]) -> list[_Quantity]:
    numbers = find_numbers(folded, language)
    read = _apart([_with_unit(n, folded, language) for n in numbers])
    read = [q for q in read if not _in_time(q, moments) and not _broken_word(q, folded)]
    # "zwei Drittel" is one share, not two of something; "eine halbe Milliarde" is a number.
    shares = [s for s in _shares(folded) if not any(_overlap(s, q) for q in read if q.unit)]
    read = [q for q in read if not any(_overlap(s, q) for s in shares)]
    read = _join(sorted(read + shares, key=lambda q: q.start), folded)
    kept = [q for q in read if not (q.unit is None and q.number.article)]
    return [_with_noun(q, folded, language) for q in sorted(kept, key=lambda q: q.start)]


def _apart(read: list[_Quantity]) -> list[_Quantity]:
    """Without overlaps: a currency sign between two numbers ("5$10") belongs to the first."""
    done: list[_Quantity] = []
    for quantity in read:
        if done and quantity.start < done[-1].end:
            number = quantity.number
            quantity = _Quantity(number.start, number.end, number, None)
        if not done or quantity.start >= done[-1].end:
            done.append(quantity)
    return done


def _with_unit(number: Number, folded: str, language: str) -> _Quantity:
    start, end = number.start, number.end
    if number.ordinal:
        return _Quantity(start, end, number, None)
    before = currency_before(folded, start)
    if before is None:
        after = unit_after(folded, end, language)
        tight = tight_scale(folded, end) if after is None and number.power == 0 else None
        if tight is not None:
            # "30m EUR": a lone letter is a scale only where a currency follows.
            paid = unit_after(folded, tight[0], language)
            if paid is not None and paid[0].kind is Kind.AMOUNT:
                return _Quantity(start, paid[1], replace(number, power=tight[1]), paid[0])
        if after is None:
            return _ordinal_or_count(number, folded, language)
        unit, end = after
        return _Quantity(start, end, number, _weighed(unit, number, folded))
    unit, start = before
    tight = tight_scale(folded, end) if number.power == 0 else None
    if tight is not None:
        end, number = tight[0], replace(number, power=tight[1])
    after = unit_after(folded, end, language)
    # "$14bn USD" names its currency twice; in "$5 und 3 %" the rest is not this number's.
    if after is not None and after[0].kind is Kind.AMOUNT:
        unit, end = after if unit.symbol == "USD" else (unit, after[1])
    return _Quantity(start, end, number, unit)


_WEIGHING = re.compile(r"\b(?:wieg\w*|wog\w*|schwer\w*|gewicht\w*|weigh\w*|heavy|weight)\b", re.I)
_POUND = Unit(Kind.MEASURE, "lb", "kg", Decimal("0.45359237"))


def _weighed(unit: Unit, number: Number, folded: str) -> Unit:
    """Pounds are money unless the text weighs something."""
    if unit.symbol == "GBP" and number.power == 0 and _WEIGHING.search(folded):
        return _POUND
    return unit


_ORDINAL_EN = re.compile(r"(?:st|nd|rd|th)(?!\w)|º|ª|(?:er|ère|e|ème)(?!\w)")
_ORDINAL_DE = re.compile(r"\.(?= [A-ZÄÖÜa-zäöüß])|\.(?=$| ?[,;)\"'])")


def _ordinal_or_count(number: Number, folded: str, language: str) -> _Quantity:
    if number.plain and len(str(number.written)) <= 3:
        pattern = _ORDINAL_DE if language == "de" else _ORDINAL_EN
        match = pattern.match(folded, number.end)
        if match and not (language == "de" and _ends_sentence(folded, match.end())):
            return _Quantity(number.start, match.end(), replace(number, ordinal=True), None)
    return _Quantity(number.start, number.end, number, None)


def _ends_sentence(folded: str, at: int) -> bool:
    """Whether the point before ``at`` closes a sentence: nothing, or a usual first word, "
    "follows."""
    rest = folded[at : at + 12].strip()
    return not rest or bool(
        re.match(r"(?:Der|Die|Das|Ein|Eine|Es|Er|Sie|In|Im|Am|Auch|Damit|Dabei|Nach|Wir)\b", rest)
    )


def _in_time(quantity: _Quantity, moments: Sequence[Moment]) -> bool:
    """Whether the number belongs to a date; a money or measure sign outweighs a bare year."""
    for moment in moments:
        if _overlap(moment, quantity):
            bare = moment.kind is Kind.YEAR and moment.end - moment.start == 4
            return not (bare and quantity.unit is not None and quantity.number.plain)
    return False


def _broken_word(quantity: _Quantity, folded: str) -> bool:
    """Digits that run into letters with no unit between them: "3D", "4x4", "747er"."""
    rest = folded[quantity.end : quantity.end + 2]
    if quantity.unit is not None or quantity.number.words or quantity.number.ordinal:
        return False
    return bool(re.match(r"[^\W\d_]", rest)) and not "\u3040" <= rest[0] <= "\uffdc"


_RANGE = re.compile(r" ?(?:-|bis(?: zu)?|to|through|à|hasta|a|tot) ?")
_BETWEEN = re.compile(r"\b(?:zwischen|between|entre|tra|fra)(?: (?:rund|etwa|about|some))? $", re.I)
_AND = re.compile(r" (?:und|oder|beziehungsweise|bzw\.|and|or|et|ou|y|o|e|sowie) ")


def _join(read: list[_Quantity], folded: str) -> list[_Quantity]:
    """Ranges become one quantity; "10 und 12 Millionen Euro" share scale and unit."""
    done: list[_Quantity] = []
    for quantity in reversed(read):
        following = done[-1] if done else None
        if following is None or following.number.ordinal or quantity.number.ordinal:
            done.append(quantity)
            continue
        gap = folded[quantity.end : following.start]
        between = bool(_BETWEEN.search(folded[max(0, quantity.start - 20) : quantity.start]))
        ranged = bool(_RANGE.fullmatch(gap)) or (between and bool(_AND.fullmatch(gap)))
        if not (ranged or _AND.fullmatch(gap)) or not _shareable(quantity, following, ranged):
            done.append(quantity)
            continue
        first, second = _shared(quantity, following)
        if ranged and following.upper is None:
            done[-1] = replace(second, start=first.start, number=first.number, upper=second.number)
        else:
            done[-1] = second
            done.append(first)
    return done[::-1]


def _shareable(first: _Quantity, second: _Quantity, ranged: bool) -> bool:
    if first.unit is not None and second.unit is not None:
        return first.unit == second.unit
    # "4 Mio. Euro und 12 Personen": what stands behind one number is not said of the next.
    behind = first.unit is not None and first.number.start == first.start
    return (ranged or not behind) and first.share is None and second.share is None


def _shared(first: _Quantity, second: _Quantity) -> tuple[_Quantity, _Quantity]:
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


_HALVES = re.compile(
    r"\b(?<!zweiten )(?<!ersten )(?<!zweite )(?<!erste )(?<!obere )(?<!untere )Hälfte\b|"
    r"(?<!first )(?<!second )\bhalf(?= (?:of|the|its|their|all|his|her)\b)|\bla (?:moitié|mitad)\b"
)
_PARTS = re.compile(
    r"\b(?P<n>ein(?:e[mnrs]?)?|zwei|drei|vier|one|an?|two|three|four)[ -]"
    r"(?P<d>Dritteln?|Vierteln?|Fünfteln?|thirds?|quarters?|fifths?)\b"
    r"(?! (?:Jahr|Stunde|century|year|hour|mile))"
)
_COUNTS = {"zw": 2, "tw": 2, "dr": 3, "th": 3, "vi": 4, "fo": 4}
_PARTS_OF = {"dr": 3, "th": 3, "vi": 4, "qu": 4, "fü": 5, "fi": 5}


def _shares(folded: str) -> list[_Quantity]:
    """Fractions in words, as percentages: "die Hälfte" is 50 %, "two-thirds" 66.67 %."""
    found = []
    for match in _HALVES.finditer(folded):
        found.append(_share(match.start(), match.end(), Decimal(50)))
    for match in _PARTS.finditer(folded):
        above = _COUNTS.get(match.group("n")[:2], 1)
        below = _PARTS_OF[match.group("d")[:2].casefold()]
        percent = (Decimal(100 * above) / below).quantize(Decimal("0.01"))
        found.append(_share(match.start(), match.end(), percent))
    return found


def _share(start: int, end: int, percent: Decimal) -> _Quantity:
    return _Quantity(start, end, Number(start, end, percent, words=True), PERCENT, share=percent)


_NOUN_DE = re.compile(
    r"(?:-| (?:[a-zäöüß]+(?:e|en|er|es|te|ten) ){0,2})([A-ZÄÖÜ][\w-]+)|"
    r"-?( ?[Mm]al)\b"
)
_NOUN_EN = re.compile(r"[ -]((?:[a-z]+ed |[A-Z]\w+ )?[a-zA-Z]{3,})\b")
_NO_NOUN = frozenset(
    {
        "and", "but", "was", "were", "has", "had", "have", "the", "that", "this", "than",
        "with", "from", "for", "are", "out", "per", "who", "which", "when", "while",
        "after", "before", "into", "over", "under", "about", "more", "less", "other",
        "years", "year", "as", "its", "also",
    }
)  # fmt: skip


def _with_noun(quantity: _Quantity, folded: str, language: str) -> _Quantity:
    if quantity.unit is not None or quantity.number.ordinal:
        return quantity
    if language == "de":
        match = _NOUN_DE.match(folded, quantity.end)
        return (
            replace(quantity, noun=(match.group(1) or match.group(2)).strip())
            if match
            else quantity
        )
    match = _NOUN_EN.match(folded, quantity.end)
    if match is None or match.group(1).split()[0].casefold() in _NO_NOUN:
        return quantity
    return replace(quantity, noun=match.group(1))


# --- clause, time, hedge -------------------------------------------------------------------


def _with_context(
    quantity: _Quantity,
    quantities: Sequence[_Quantity],
    moments: Sequence[Moment],
    clauses: Clauses,
    folded: str,
    text: str,
) -> Value:
    start, end = clauses.around(quantity.start, quantity.end)
    time = _time_of(quantity, start, end, quantities, moments, folded)
    rough = approximator_before(folded, quantity.start)
    hedge = clauses.hedge(start, end, quantity.start)
    if hedge and rough and hedge[0] < rough[2] and rough[1] < hedge[1]:
        hedge = None
    unit, number = quantity.unit, quantity.number
    kind = Kind.ORDINAL if number.ordinal else unit.kind if unit else Kind.COUNT
    return Value(
        kind=kind,
        start=quantity.start,
        end=quantity.end,
        text=text[quantity.start : quantity.end],
        amount=number.amount,
        unit=unit.symbol if unit else None,
        upper=quantity.upper.amount if quantity.upper else None,
        noun=quantity.noun,
        approximator=text[rough[1] : rough[2]] if rough else None,
        hedge=text[hedge[0] : hedge[1]] if hedge else None,
        time=text[time.start : time.end] if time else None,
        base=unit.base if unit else None,
        factor=unit.factor if unit else Decimal(1),
    )


def _time_of(
    quantity: _Quantity,
    start: int,
    end: int,
    quantities: Sequence[_Quantity],
    moments: Sequence[Moment],
    folded: str,
) -> Moment | None:
    """The nearest time of the clause, or one in brackets right after: "14 Milliarden (2024)"."""
    dated = [m for m in moments if m.kind is not Kind.CLOCK]
    for moment in dated:
        if (
            folded[quantity.end : moment.start] == " ("
            and folded[moment.end : moment.end + 1] == ")"
        ):
            return moment
    inside = [m for m in dated if start <= m.start and m.end <= end]

    def distance(moment: Moment) -> int:
        gap = max(quantity.start - moment.end, moment.start - quantity.end)
        left, right = sorted((quantity.start, moment.start))
        # A value between the two is nearer to that time.
        between = sum(left < q.start < right for q in quantities)
        return gap + 20 * between

    return min(inside, key=distance, default=None)


_CONVERTED = re.compile(
    r" ?\((?:also |das (?:sind|entspricht) |umgerechnet |or |entspricht |i\.e\. )?(?:\w+ ){0,2}$|"
    r",? (?:umgerechnet|das sind|or|also) (?:\w+ ){0,2}$"
)


def _with_conversions(values: list[Value], folded: str) -> list[Value]:
    """Mark "(gut 25 Milliarden Euro)" after "29 Milliarden Dollar"; it shares time and hedge."""
    done: list[Value] = []
    for value in values:
        before = done[-1] if done else None
        if (
            before is not None
            and value.kind is before.kind
            and value.kind in {Kind.AMOUNT, Kind.MEASURE}
            and value.unit != before.unit
            and (value.kind is Kind.AMOUNT or value.base == before.base)
            and _CONVERTED.fullmatch(folded[before.end : value.start])
        ):
            value = replace(
                value,
                conversion=True,
                time=value.time or before.time,
                hedge=value.hedge or before.hedge,
            )
        done.append(value)
    return done


# --- comparing -----------------------------------------------------------------------------


def _number(amount: Decimal, value: Value) -> str:
    """``amount`` in the base unit, without trailing zeros, to twelve significant digits."""
    based = amount * value.factor
    if based == 0:
        return "0"
    rounded = based.quantize(Decimal(1).scaleb(based.adjusted() - 11), rounding=ROUND_HALF_UP)
    return f"{rounded.normalize():f}"


# An estimate further off than this is another value, however round its number is.
_TOLERANCE = Decimal("0.05")


def _rounds_to(exact: Value, rough: Value) -> bool:
    assert exact.amount is not None
    assert rough.amount is not None
    goal, true = rough.amount * rough.factor, exact.amount * exact.factor
    if goal == 0 or abs(true - goal) > _TOLERANCE * abs(goal):
        return False
    # The last digit that was written, not counting zeros: 25 billion is exact to a billion.
    step = Decimal(1).scaleb(int(rough.amount.normalize().as_tuple().exponent)) * rough.factor
    match nearness(rough.approximator):
        case Nearness.AROUND:
            return abs(true - goal) * 2 <= step
        case Nearness.ABOVE:
            return goal <= true < goal + step
        case Nearness.BELOW:
            return goal - step < true <= goal
        case _:
            return False


def _overlap(a: Moment | _Quantity, b: Moment | _Quantity) -> bool:
    return a.start < b.end and b.start < a.end
