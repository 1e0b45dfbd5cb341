"""Dates, years and relative times in text, normalised as EDTF (ISO 8601-2) where they are fixed.

"14. März 2024" is 2024-03-14, "Mai 2024" 2024-05, "Sommer 1521" 1521-22, "1970er" 197X,
"19. Jahrhundert" 18XX, "1321 bis 1323" 1321/1323. Relative times ("Anfang dieses Jahres") have
no such form; with the day of speaking they have bounds. Month and day names come from CLDR.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names

from qa.answer_types import Kind
from qa.values.numbers import decimal_sign


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


def find_moments(folded: str, language: str, today: date | None = None) -> list[Moment]:
    """The times named in a text that went through ``numbers.fold``; in order, no overlaps.

    ``today`` gives relative times their bounds.
    """
    found: list[Moment] = []
    taken = bytearray(len(folded))
    for finder in (_calendar, _centuries, _spans, _relative, _clock, _years, _weekdays):
        for moment in finder(folded, language, today):
            if not any(taken[moment.start : moment.end]):
                taken[moment.start : moment.end] = b"\1" * (moment.end - moment.start)
                found.append(moment)
    found = [_with_part(m, folded) for m in found]
    return sorted(found, key=lambda m: m.start)


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


def _fixed(kind: Kind, start: int, end: int, iso: str) -> Moment:
    since, until = bounds(iso)
    return Moment(kind, start, end, iso, since, until)


# --- calendar dates ------------------------------------------------------------------------

_YEAR = r"(?:1\d{3}|20\d\d|21\d\d)"
_SEASONS = {
    "frühjahr": 21, "frühling": 21, "spring": 21, "sommer": 22, "summer": 22, "herbst": 23,
    "autumn": 23, "fall": 23, "winter": 24, "printemps": 21, "été": 22, "automne": 23, "hiver": 24,
    "primavera": 21, "verano": 22, "otoño": 23, "invierno": 24,
}  # fmt: skip
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(?:(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)|"
    r"(?P<d1>\d{1,2})\. ?(?P<m1>\d{1,2})\. ?(?P<y1>\d{4}|\d\d(?!\d))?|"
    r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y2>\d{4}))(?!\w|[./-]\d)"
)
_CJK_DATE = re.compile(r"(\d{4}) ?年(?: ?(\d{1,2}) ?月(?: ?(\d{1,2}) ?日)?)?")
_SEASON = re.compile(
    rf"\b({'|'.join(_SEASONS)})(?: of| des Jahres| de)?,? ({_YEAR})(?![\w-])", re.I
)
_QUARTER = re.compile(
    rf"\b(?:Q([1-4])[ /]?|(ersten?|zweiten?|dritten?|vierten?|first|second|third|fourth|[1-4]\.) "
    rf"(?:Quartal|quarter)s?(?: of| des Jahres)? )({_YEAR})\b",
    re.I,
)
_QUARTERS = {"e": 1, "f": 1, "z": 2, "s": 2, "d": 3, "t": 3, "v": 4}
# A month's name alone is a time only where a word before it says so.
_MONTH_CUE = re.compile(
    r"\b(?:im?|seit|ab|bis|vom|im|am|ende|anfang|mitte|für|since|in|by|until|of|this|last|next|"
    r"early|late|mid|from|en|desde|em|dal|nel|à partir de)[ -]$|^$",
    re.I,
)
_ALSO_WORDS = frozenset({"may", "march", "mars", "august", "mai", "april", "june", "mar", "sept"})


def _calendar(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    yield from _numeric(folded, language)
    for match in _CJK_DATE.finditer(folded):
        iso = _iso(match.group(1), match.group(2), match.group(3))
        if iso:
            kind = Kind.DATE if match.group(2) else Kind.YEAR
            yield _fixed(kind, match.start(), match.end(), iso)
    yield from _month_dates(folded, language)
    for match in _SEASON.finditer(folded):
        code = _SEASONS[match.group(1).casefold()]
        yield _fixed(Kind.DATE, match.start(), match.end(), f"{match.group(2)}-{code}")
    for match in _QUARTER.finditer(folded):
        number = match.group(1) or match.group(2)
        code = 32 + (int(number[0]) if number[0].isdigit() else _quarter(number))
        yield _fixed(Kind.DATE, match.start(), match.end(), f"{match.group(3)}-{code}")


def _quarter(word: str) -> int:
    return 4 if word.casefold().startswith("fo") else _QUARTERS[word[0].casefold()]


def _numeric(folded: str, language: str) -> Iterator[Moment]:
    for match in _NUMERIC.finditer(folded):
        part = match.groupdict()
        if part["y"]:
            year, month, day = part["y"], part["m"], part["d"]
        elif part["a"]:
            month, day = (part["a"], part["b"]) if language == "en" else (part["b"], part["a"])
            if int(month) > 12:
                month, day = day, month
            year = part["y2"]
        elif part["y1"] is None and decimal_sign(language) == ".":
            continue  # "3.07." ends a sentence where the point is the decimal sign
        else:
            year, month, day = _full_year(part["y1"]), part["m1"], part["d1"]
        iso = _iso(year, month, day)
        if iso:
            yield _fixed(Kind.DATE, match.start(), match.end(), iso)


def _full_year(year: str | None) -> str | None:
    if year is None or len(year) == 4:
        return year
    return f"20{year}" if int(year) < 50 else f"19{year}"


def _iso(year: str | None, month: str | None, day: str | None) -> str | None:
    """The ISO form, "--05-28" without a year, or None where there is no such day."""
    if month is None:
        return year if year and year != "0000" else None
    if not 1 <= int(month) <= 12 or year == "0000":
        return None
    head = f"{year or '-'}-{int(month):02}"
    if day is None:
        return head
    # 2000 is a leap year: 29 February without a year is a day.
    if not 1 <= int(day) <= calendar.monthrange(int(year or 2000), int(month))[1]:
        return None
    return f"{head}-{int(day):02}"


def _month_dates(folded: str, language: str) -> Iterator[Moment]:
    months, pattern = _month_pattern(language)
    for match in pattern.finditer(folded):
        part = match.groupdict()
        name = part["m1"] or part["m2"] or part["m3"]
        day = part["d1"] or part["d2"]
        year = part["y1"] or part["y2"] or part["y3"]
        iso = _iso(year, str(months[name.casefold().rstrip(".")]), day)
        if iso is None or (not (day or year) and not _is_month(match, folded)):
            continue
        yield _fixed(Kind.DATE, match.start(), match.end(), iso)


def _is_month(match: re.Match[str], folded: str) -> bool:
    """Whether a name alone means the month: "im März", not "Juni Müller" or "may"."""
    name = match.group()
    if not name[0].isupper() or len(name) < 3 or name.endswith("."):
        return False
    if _MONTH_CUE.search(folded[max(0, match.start() - 12) : match.start()]):
        return True
    return name.casefold() not in _ALSO_WORDS and len(name) > 4


@cache
def _month_pattern(language: str) -> tuple[dict[str, int], re.Pattern[str]]:
    names: dict[str, int] = {"jänner": 1, "feber": 2, "mrz": 3}
    for lang in dict.fromkeys((language, "de", "en")):
        try:
            locale = Locale.parse(lang)
        except (UnknownLocaleError, ValueError):
            continue
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                listed = get_month_names(width, context, locale)
                for number, name in listed.items():
                    if len(name.rstrip(".")) > 2:
                        names.setdefault(name.casefold().rstrip("."), number)
    any_name = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    name = rf"(?:{any_name})\b\.?"
    pattern = re.compile(
        rf"(?<![\w.,/-])(?P<d1>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?(?: of| de| di)? ?(?P<m1>{name})"
        rf"(?:,? ?(?:de |of )?(?P<y1>{_YEAR})(?!\d))?|"
        rf"\b(?P<m2>{name}) (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.]\d|\d|:)"
        rf"(?:,? (?P<y2>{_YEAR})(?!\d))?|"
        rf"\b(?P<m3>{name})(?:(?:,? |-)(?:of |de |del |des Jahres |di )?(?P<y3>{_YEAR})(?!\d))?",
        re.I,
    )
    return names, pattern


# --- centuries, decades, years -------------------------------------------------------------

_CENTURY_WORDS = (
    "erst",
    "zweit",
    "dritt",
    "viert",
    "fünft",
    "sechst",
    "siebt",
    "acht",
    "neunt",
    "zehnt",
    "elft",
    "zwölft",
    "dreizehnt",
    "vierzehnt",
    "fünfzehnt",
    "sechzehnt",
    "siebzehnt",
    "achtzehnt",
    "neunzehnt",
    "zwanzigst",
    "einundzwanzigst",
)
_CENTURY_EN = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
)
_CENTURY = re.compile(
    r"(?<![\w.,-])(?:(?P<n>\d{1,2})(?:\.|st|nd|rd|th)?|"
    rf"(?P<de>{'|'.join(sorted(_CENTURY_WORDS, key=len, reverse=True))})e[nsrm]?|"
    rf"(?P<en>{'|'.join(sorted(_CENTURY_EN, key=len, reverse=True))}))"
    r"[ -](?:Jahrhundert(?:s|e|en)?|Jh\.|Jhdt?\.|centur(?:y|ies))"
    r"(?P<bc> (?:v\. ?Chr\.|BCE?\b|B\.C\.))?",
    re.I,
)
_DECADE = re.compile(
    r"(?<![\w.,-])(?P<y>1[0-9]\d0|20\d0|\d0)(?:er\b(?:[ -]Jahren?)?|'?s\b)|"
    r"\b(?P<w>zwanziger|dreißiger|vierziger|fünfziger|sechziger|siebziger|achtziger|neunziger)"
    r"(?:[ -]?jahren?)\b",
    re.I,
)
_DECADE_WORDS = ("zw", "dr", "vi", "fü", "se", "si", "ac", "ne")
_YEAR_SPAN = re.compile(
    rf"(?<![\w.,-])(?P<a>{_YEAR})(?P<how> ?(?:-|/|bis|to|until|through|till|à|al?) ?)"
    rf"(?P<b>{_YEAR}|\d\d)(?![\w%]|[.,]\d|-\d)|"
    rf"\b(?:zwischen|between|entre)(?: den Jahren)? (?P<c>{_YEAR}) (?:und|and|et|y|"
    rf"e) (?P<e>{_YEAR})(?!\w)",
    re.I,
)
_ERA_YEAR = re.compile(
    r"(?<![\w.,-])(?:(?P<y>\d{1,4}) (?:(?P<bc>v\. ?(?:Chr|u\. ?Z)\.|BCE?\b|B\.C\.)|"
    r"(?:n\. ?(?:Chr|u\. ?Z)\.|AD\b|CE\b))|\bAD (?P<ad>\d{1,4}))"
)
_ONE_YEAR = re.compile(rf"(?<![\w.,/:$€£-]){_YEAR}(?![\w%]|[.,/:]\d|-\d| ?[%$€£°])")
_YEAR_CUE = re.compile(
    r"\b(?:im jahre?|jahre?s?|in|im|seit|ab|bis|vor|nach|um|zum|since|until|before|after|the|"
    r"from|of|during|year|en|depuis|desde|dal|nel|del?|année|año|anno|ende|anfang|mitte|"
    r"early|late|mid|sommer|herbst|frühjahr|winter|mai|wurde|bereits|erst)[ -]$|\($",
    re.I,
)
_THING = re.compile(
    r" (?!(?:was|is|has|his|its|this|as|us|does|there's|years|und|and)\b)[a-z]{3,}s\b"
)
_GERMAN_THING = re.compile(r" [A-ZÄÖÜ][a-zäöüß]{2,}\b")


def _centuries(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    for match in _CENTURY.finditer(folded):
        if match.group("n"):
            number = int(match.group("n"))
        elif match.group("de"):
            number = _CENTURY_WORDS.index(match.group("de").casefold()) + 1
        else:
            number = _CENTURY_EN.index(match.group("en").casefold()) + 1
        if not 1 <= number <= 30:
            continue
        # EDTF counts by digits: the 19th century is 18XX; before Christ it has a sign.
        iso = f"-{number - 1:02}XX" if match.group("bc") else f"{number - 1:02}XX"
        yield _fixed(Kind.YEAR, match.start(), match.end(), iso)
    for match in _DECADE.finditer(folded):
        word = (match.group("w") or "").casefold()
        year = f"19{_DECADE_WORDS.index(word[:2]) + 2}0" if word else match.group("y")
        year = year if len(year) == 4 else f"19{year}"
        yield _fixed(Kind.YEAR, match.start(), match.end(), f"{year[:3]}X")


def _spans(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    for match in _YEAR_SPAN.finditer(folded):
        first = match.group("a") or match.group("c")
        last = match.group("b") or match.group("e")
        if len(last) == 2:
            if match.group("how").strip() not in {"-", "/"}:
                continue
            last = first[:2] + last
        if first < last:
            start = match.start("a") if match.group("a") else match.start("c")
            end = match.end("b") if match.group("b") else match.end("e")
            yield _fixed(Kind.YEAR, start, end, f"{first}/{last}")
    for match in _ERA_YEAR.finditer(folded):
        year = int(match.group("y") or match.group("ad"))
        # There is a year zero in ISO 8601: 44 BC is -0043.
        iso = f"-{year - 1:04}" if match.group("bc") and year > 1 else f"{year:04}"
        iso = "0000" if match.group("bc") and year == 1 else iso
        yield _fixed(Kind.YEAR, match.start(), match.end(), iso)


def _years(folded: str, language: str, today: date | None) -> Iterator[Moment]:
    for match in _ONE_YEAR.finditer(folded):
        before = folded[max(0, match.start() - 12) : match.start()]
        if not _YEAR_CUE.search(before) and _counts(folded, match.end(), language):
            continue  # "2000 Gäste"
        yield _fixed(Kind.YEAR, match.start(), match.end(), match.group())


def _counts(folded: str, at: int, language: str) -> bool:
    """Whether what follows a bare four-digit number is a thing counted: "2000 Gäste"."""
    thing = _GERMAN_THING if language == "de" else _THING
    return bool(thing.match(folded, at))


# --- relative times ------------------------------------------------------------------------

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


def _relative(folded: str, language: str, today: date | None) -> Iterator[Moment]:
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


def _with_part(moment: Moment, folded: str) -> Moment:
    """ "dieses Jahres" becomes "Anfang dieses Jahres"; the bounds stay those of the whole."""
    if moment.kind is Kind.CLOCK:
        return moment
    part = _PART.search(folded[max(0, moment.start - 30) : moment.start])
    if part is None:
        return moment
    skip = len(part.group()) - len(re.sub(r"^(?:zu|seit|am) ", "", part.group(), flags=re.I))
    return replace(moment, start=moment.start - len(part.group()) + skip)


# --- time of day, weekdays -----------------------------------------------------------------

_CLOCK = re.compile(
    r"(?<![\w.,:/-])(?P<h>[01]?\d|2[0-4])[.:](?P<m>[0-5]\d)(?: ?(?P<uhr>Uhr)\b|"
    r" ?(?P<half>[ap]\.?m\b\.?)|h\b)|"
    r"(?<![\w.,:/-])(?P<h2>[01]?\d|2[0-4]) (?:Uhr\b)(?: (?P<m2>[0-5]\d)(?!\d))?|"
    r"(?<![\w.,:/-])(?P<h3>1[0-2]|[1-9]) ?(?P<half3>[ap]\.?m\b\.?)|"
    r"(?<![\w.,:/-])(?P<h4>\d{1,2}):(?P<m4>[0-5]\d)(?::(?P<s4>[0-5]\d))?(?![\w:])",
    re.I,
)


def _clock(folded: str, language: str, today: date | None) -> Iterator[Moment]:
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


def _weekdays(folded: str, language: str, today: date | None) -> Iterator[Moment]:
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
            listed = get_day_names("wide", locale=Locale.parse(lang))
        except (UnknownLocaleError, ValueError):
            continue
        days |= {name.casefold(): number for number, name in listed.items()}
    names = "|".join(re.escape(d) for d in days)
    return days, re.compile(rf"\b({names})\b(?!-)", re.I)
