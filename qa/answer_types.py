"""The kinds of thing a question can ask for and a sentence can hold."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What an answer is. The first block can be found by rule (``qa.values``)."""

    AMOUNT = "amount"  # money
    PERCENT = "percent"
    COUNT = "count"
    ORDINAL = "ordinal"  # "12.", "12th"
    DURATION = "duration"
    MEASURE = "measure"  # length, mass, temperature, ...
    DATE = "date"  # day, month or season
    YEAR = "year"  # year, decade, century, or a span of years
    CLOCK = "clock"  # time of day

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    NAME = "name"
    REASON = "reason"
    DEFINITION = "definition"
    OTHER = "other"


QUANTITIES = frozenset(
    {Kind.AMOUNT, Kind.PERCENT, Kind.COUNT, Kind.ORDINAL, Kind.DURATION, Kind.MEASURE}
)
TIMES = frozenset({Kind.DATE, Kind.YEAR, Kind.CLOCK})
