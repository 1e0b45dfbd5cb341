"""What the clause of a quantity says about it: its time, its hedge, the same in another unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from qa.answer_types import Kind
from qa.values.clauses import Clauses
from qa.values.dates import Moment
from qa.values.hedges import approximator_before
from qa.values.quantity import Quantity
from qa.values.value import Value


def with_context(
    quantity: Quantity,
    quantities: Sequence[Quantity],
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
    quantity: Quantity,
    start: int,
    end: int,
    quantities: Sequence[Quantity],
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


def with_conversions(values: list[Value], folded: str) -> list[Value]:
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
