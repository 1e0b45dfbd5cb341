"""Times of day: "14.30 Uhr", "2 p.m."."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.answer_types import Kind
from qa.values.moment import Moment

_CLOCK = re.compile(
    r"(?<![\w.,:/-])(?P<h>[01]?\d|2[0-4])[.:](?P<m>[0-5]\d)(?: ?(?P<uhr>Uhr)\b|"
    r" ?(?P<half>[ap]\.?m\b\.?)|h\b)|"
    r"(?<![\w.,:/-])(?P<h2>[01]?\d|2[0-4]) (?:Uhr\b)(?: (?P<m2>[0-5]\d)(?!\d))?|"
    r"(?<![\w.,:/-])(?P<h3>1[0-2]|[1-9]) ?(?P<half3>[ap]\.?m\b\.?)|"
    r"(?<![\w.,:/-])(?P<h4>\d{1,2}):(?P<m4>[0-5]\d)(?::(?P<s4>[0-5]\d))?(?![\w:])",
    re.I,
)


def times_of_day(folded: str) -> Iterator[Moment]:
    for match in _CLOCK.finditer(folded):
        part = match.groupdict()
        hour = int(part["h"] or part["h2"] or part["h3"] or part["h4"])
        minute = int(part["m"] or part["m2"] or part["m4"] or 0)
        half = part["half"] or part["half3"]
        if half:
            hour = hour % 12 + (12 if half[0] in "pP" else 0)
        seconds = f":{part['s4']}" if part["s4"] else ""
        iso = f"T{hour:02}:{minute:02}{seconds}"
        yield Moment(Kind.CLOCK, match.start(), match.end(), iso)
