"""Dates, years and relative times in text, normalised as EDTF (ISO 8601-2) where they are fixed.

"14. März 2024" is 2024-03-14, "Mai 2024" 2024-05, "Sommer 1521" 1521-22, "1970er" 197X,
"19. Jahrhundert" 18XX, "1321 bis 1323" 1321/1323. Relative times ("Anfang dieses Jahres") have
no such form; with the day of speaking they have bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain

from qa.values.calendar_dates import calendar_dates
from qa.values.clock import times_of_day
from qa.values.moment import Moment
from qa.values.relative import relative_times, weekdays, with_part
from qa.values.years import bare_years, centuries, spans_of_years

__all__ = ["Moment", "find_moments"]


def find_moments(folded: str, language: str, today: date | None = None) -> list[Moment]:
    """The times named in a text that went through ``numbers.fold``; in order, no overlaps.

    ``today`` gives relative times their bounds.
    """
    found: list[Moment] = []
    taken = bytearray(len(folded))
    for moment in _all_times(folded, language, today):
        if not any(taken[moment.start : moment.end]):
            taken[moment.start : moment.end] = b"\1" * (moment.end - moment.start)
            found.append(with_part(moment, folded))
    return sorted(found, key=lambda moment: moment.start)


def _all_times(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    """What may be a time, the surer first: "2024" is a year only where it is no part of a date."""
    return chain(
        calendar_dates(folded, language),
        centuries(folded),
        spans_of_years(folded),
        relative_times(folded, language, today),
        times_of_day(folded),
        bare_years(folded, language),
        weekdays(folded, language, today),
    )
