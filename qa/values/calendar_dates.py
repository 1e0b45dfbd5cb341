"""Dates of the calendar: days, months, seasons and quarters. Names of months come from CLDR."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from functools import cache

from babel import Locale, UnknownLocaleError

from qa.answer_types import Kind
from qa.values.moment import YEAR, Moment, fixed
from qa.values.numbers import decimal_sign

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
_SEASON = re.compile(rf"\b({'|'.join(_SEASONS)})(?: of| des Jahres| de)?,? ({YEAR})(?![\w-])", re.I)
_QUARTER = re.compile(
    rf"\b(?:Q([1-4])[ /]?|(ersten?|zweiten?|dritten?|vierten?|first|second|third|fourth|[1-4]\.) "
    rf"(?:Quartal|quarter)s?(?: of| des Jahres)? )({YEAR})\b",
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


def calendar_dates(folded: str, language: str) -> Iterator[Moment]:
    yield from _numeric(folded, language)
    for match in _CJK_DATE.finditer(folded):
        iso = _iso(match.group(1), match.group(2), match.group(3))
        if iso:
            kind = Kind.DATE if match.group(2) else Kind.YEAR
            yield fixed(kind, match.start(), match.end(), iso)
    yield from _month_dates(folded, language)
    for match in _SEASON.finditer(folded):
        code = _SEASONS[match.group(1).casefold()]
        yield fixed(Kind.DATE, match.start(), match.end(), f"{match.group(2)}-{code}")
    for match in _QUARTER.finditer(folded):
        number = match.group(1) or match.group(2)
        code = 32 + (int(number[0]) if number[0].isdigit() else _quarter(number))
        yield fixed(Kind.DATE, match.start(), match.end(), f"{match.group(3)}-{code}")


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
            yield fixed(Kind.DATE, match.start(), match.end(), iso)


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
        yield fixed(Kind.DATE, match.start(), match.end(), iso)


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
                listed = locale.months[context][width]
                for number, name in listed.items():
                    if len(name.rstrip(".")) > 2:
                        names.setdefault(name.casefold().rstrip("."), number)
    any_name = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    name = rf"(?:{any_name})\b\.?"
    pattern = re.compile(
        rf"(?<![\w.,/-])(?P<d1>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?(?: of| de| di)? ?(?P<m1>{name})"
        rf"(?:,? ?(?:de |of )?(?P<y1>{YEAR})(?!\d))?|"
        rf"\b(?P<m2>{name}) (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.]\d|\d|:)"
        rf"(?:,? (?P<y2>{YEAR})(?!\d))?|"
        rf"\b(?P<m3>{name})(?:(?:,? |-)(?:of |de |del |des Jahres |di )?(?P<y3>{YEAR})(?!\d))?",
        re.I,
    )
    return names, pattern
