"""When two values say the same, whatever their language, spelling or unit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from qa.answer_types import Kind
from qa.values.digits import fold
from qa.values.hedges import Nearness, nearness
from qa.values.value import Value


def normalized_key(value: Value) -> tuple[str, ...]:
    """Equal for values that are exactly the same, whatever their language or spelling.

    Units of one dimension share a base ("1 km" = "1000 m"). Nouns are left out: the values of
    one question count one thing. A time without a fixed form is its words.
    """
    if value.amount is None:
        if value.moment is not None:
            return ("time", value.moment)
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


def _number(amount: Decimal, value: Value) -> str:
    """``amount`` in the base unit, without trailing zeros, to twelve significant digits."""
    based = amount * value.factor
    if based == 0:
        return "0"
    rounded = based.quantize(Decimal(1).scaleb(based.adjusted() - 11), rounding=ROUND_HALF_UP)
    return f"{rounded.normalize():f}"


# An estimate further off than this is another value, however round its number is: "rund 100" is not
# 140. A matter of what people mean; no answer of ``bench.sweep`` hangs on it.
TOLERANCE = Decimal("0.05")


def _rounds_to(exact: Value, rough: Value) -> bool:
    assert exact.amount is not None
    assert rough.amount is not None
    goal, true = rough.amount * rough.factor, exact.amount * exact.factor
    if goal == 0 or abs(true - goal) > TOLERANCE * abs(goal):
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
