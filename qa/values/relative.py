"""Times that count from the day of speaking: "letzte Woche", "vor drei Jahren", "Montag".

Names of days come from CLDR.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from babel import Locale, UnknownLocaleError

from qa.answer_types import Kind
from qa.values.moment import Moment

_LAST = r"(?:letzt|vergangen|vorig|abgelaufen)e[nsrm]?|last|past|previous"
_THIS = r"diese[nsrm]?|laufenden?|aktuellen?|this|current"
_NEXT = r"(?:nächst|kommend)e[nsrm]?|next|coming"
_UNIT = (
    r"(?P<day>tage?[ns]?|days?)|(?P<week>wochen?|weeks?)|(?P<month>monat(?:s|e|en)?|months?)|"
    r"(?P<quarter>quartals?|quarters?)|(?P<year>(?:geschäfts|haushalts)?jahr(?:es|e|en|s)?|"
    r"(?:fiscal |financial )?years?)"
)
_PERIOD = re.compile(
    rf"\b(?:(?P<last>{_LAST})|(?P<this>{_THIS})|(?P<next>{_NEXT})) (?:{_UNIT})\b", re.I
)
_NUMBER_WORDS = {
    w: n
    for n, words in enumerate(
        (
            "",
            "ein eine einem einer one a an",
            "zwei two",
            "drei three",
            "vier four",
            "fünf five",
            "sechs six",
            "sieben seven",
            "acht eight",
            "neun nine",
            "zehn ten",
            "elf eleven",
            "zwölf twelve",
        )
    )
    for w in words.split()
}
_N = rf"(?P<n>\d{{1,3}}|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
_AGO = re.compile(rf"\bvor {_N} (?:{_UNIT})\b|\b{_N.replace('<n>', '<n2>')} "
                  rf"(?:{re.sub('<', '<b', _UNIT)}) ago\b", re.I)  # fmt: skip
_LATELY = re.compile(
    rf"\b(?:in |während |over |during |within )?(?:den |der |the )?(?:{_LAST}) {_N} (?:{_UNIT})\b",
    re.I,
)
_DAYS = {
    "heute": 0, "today": 0, "gestern": -1, "yesterday": -1, "vorgestern": -2, "tomorrow": 1,
    "übermorgen": 2, "hier": -1, "aujourd'hui": 0, "ayer": -1, "hoy": 0, "ieri": -1, "oggi": 0,
}  # fmt: skip
_DAY_LANGUAGES = {"hier": "fr", "ayer": "es", "hoy": "es", "ieri": "it", "oggi": "it"}
_DAY = re.compile(rf"(?<!\w)(?:{'|'.join(_DAYS)})(?!\w)", re.I)
_ROMANCE = (
    (r"la semaine dernière|la semana pasada|la settimana scorsa|a semana passada", "week", -1),
    (r"le mois dernier|el mes pasado|il mese scorso|o mês passado", "month", -1),
    (r"l'an(?:née)? derni(?:er|ère)|el año pasado|l'anno scorso|o ano passado", "year", -1),
    (r"cette semaine|esta semana|questa settimana", "week", 0),
    (r"ce mois-ci|este mes|questo mese", "month", 0),
    (r"cette année|este año|quest'anno", "year", 0),
    (r"\bheuer\b|\bheurigen jahre?s?", "year", 0),
)
_PART = re.compile(
    r"(?:\b(?:zu |seit |am )?(?:Anfang|Mitte|Ende|Beginn|beginning of|start of|end of|early|late|"
    r"mid|earlier|later)[ -](?:des Jahres |von |in |the )?)$",
    re.I,
)


def relative_times(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    """Periods told by their distance from ``today``."""
    for match in _LATELY.finditer(folded):
        unit, count = _unit_of(match), _count_of(match.group("n"))
        since = _shift(today, unit, -count) if today else None
        yield _loose(match, since, today)
    for match in _AGO.finditer(folded):
        unit, count = _unit_of(match), _count_of(match.group("n") or match.group("n2"))
        yield _period(match, unit, -count, today)
    for match in _PERIOD.finditer(folded):
        offset = -1 if match.group("last") else 1 if match.group("next") else 0
        yield _period(match, _unit_of(match), offset, today)
    for pattern, unit, offset in _ROMANCE:
        for match in re.finditer(pattern, folded, re.I):
            yield _period(match, unit, offset, today)
    for match in _DAY.finditer(folded):
        word = match.group().casefold()
        if _DAY_LANGUAGES.get(word, language) == language:
            yield _period(match, "day", _DAYS[word], today)


def _loose(match: re.Match[str], since: date | None, until: date | None) -> Moment:
    return Moment(Kind.DATE, match.start(), match.end(), None, since, until, relative=True)


def _period(match: re.Match[str], unit: str, offset: int, today: date | None) -> Moment:
    if today is None:
        return _loose(match, None, None)
    since, until = _whole(_shift(today, unit, offset), unit)
    return _loose(match, since, until)


def _unit_of(match: re.Match[str]) -> str:
    for unit in ("day", "week", "month", "quarter", "year"):
        if match.groupdict().get(unit) or match.groupdict().get(f"b{unit}"):
            return unit
    raise AssertionError(f"no unit of time in {match.group()!r}")


def _count_of(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBER_WORDS[word.casefold()]


def _shift(day: date, unit: str, count: int) -> date:
    if unit in {"day", "week"}:
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = max(1, months // 12), months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _whole(day: date, unit: str) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that holds ``day``."""
    if unit == "day":
        return day, day
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    first, last = {
        "month": (day.month, day.month),
        "quarter": ((day.month - 1) // 3 * 3 + 1, (day.month - 1) // 3 * 3 + 3),
        "year": (1, 12),
    }[unit]
    end = calendar.monthrange(day.year, last)[1]
    return date(day.year, first, 1), date(day.year, last, end)


def with_part(moment: Moment, folded: str) -> Moment:
    """ "dieses Jahres" becomes "Anfang dieses Jahres"; the bounds stay those of the whole."""
    if moment.kind is Kind.CLOCK:
        return moment
    part = _PART.search(folded[max(0, moment.start - 30) : moment.start])
    if part is None:
        return moment
    skip = len(part.group()) - len(re.sub(r"^(?:zu|seit|am) ", "", part.group(), flags=re.I))
    return replace(moment, start=moment.start - len(part.group()) + skip)


def weekdays(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    """Names of days, as the last day of that name."""
    days, pattern = _day_pattern(language)
    for match in pattern.finditer(folded):
        number = days[match.group(1).casefold()]
        when = today - timedelta(days=(today.weekday() - number) % 7) if today else None
        yield Moment(Kind.DATE, match.start(1), match.end(1), None, when, when, relative=True)


@cache
def _day_pattern(language: str) -> tuple[dict[str, int], re.Pattern[str]]:
    days: dict[str, int] = {"sonnabend": 5}
    for lang in dict.fromkeys((language, "de", "en")):
        try:
            listed = Locale.parse(lang).days["format"]["wide"]
        except (UnknownLocaleError, ValueError):
            continue
        days |= {name.casefold(): number for number, name in listed.items()}
    names = "|".join(re.escape(d) for d in days)
    return days, re.compile(rf"\b({names})\b(?!-)", re.I)
