"""A time that a text names, and its first and last day."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from qa.answer_types import Kind

YEAR = r"(?:1\d{3}|20\d\d|21\d\d)"
"""The pattern of a year that a bare number may be."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time named at ``[start, end)``.

    ``iso`` is its EDTF form, or None where it is relative or lacks its year ("14. März" is
    "--03-14"). ``since`` and ``until`` bound it, both inclusive, where they are known.
    """

    kind: Kind
    start: int
    end: int
    iso: str | None
    since: date | None = None
    until: date | None = None
    relative: bool = False


def fixed(kind: Kind, start: int, end: int, iso: str) -> Moment:
    """A time that has an EDTF form, with its bounds."""
    since, until = bounds(iso)
    return Moment(kind, start, end, iso, since, until)


def bounds(iso: str) -> tuple[date | None, date | None]:
    """First and last day of an EDTF form; (None, None) where it has no year, or one BC."""
    if "/" in iso:
        first, last = iso.split("/")
        return bounds(first)[0], bounds(last)[1]
    match = re.fullmatch(r"(\d\d[\dX][\dX])(?:-(\d\d))?(?:-(\d\d))?", iso)
    if match is None or match.group(1) == "0000":
        return None, None
    low, high = int(match.group(1).replace("X", "0")), int(match.group(1).replace("X", "9"))
    months, day = _month_range(match.group(2)), match.group(3)
    if day:
        only = date(low, months[0], int(day))
        return only, only
    end_year = high + (months[1] < months[0])
    last_day = calendar.monthrange(end_year, months[1])[1]
    return date(max(low, 1), months[0], 1), date(end_year, months[1], last_day)


def _month_range(code: str | None) -> tuple[int, int]:
    """First and last month: of a month, an EDTF season (21-24) or quarter (33-36), or a year."""
    if code is None:
        return 1, 12
    number = int(code)
    if number <= 12:
        return number, number
    if number >= 33:
        return (number - 33) * 3 + 1, (number - 33) * 3 + 3
    return {21: (3, 5), 22: (6, 8), 23: (9, 11), 24: (12, 2)}[number]
