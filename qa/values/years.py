"""Years, decades and centuries, spans of years, and years before Christ."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.answer_types import Kind
from qa.values.moment import YEAR, Moment, fixed

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
    rf"(?<![\w.,-])(?P<a>{YEAR})(?P<how> ?(?:-|/|bis|to|until|through|till|à|al?) ?)"
    rf"(?P<b>{YEAR}|\d\d)(?![\w%]|[.,]\d|-\d)|"
    rf"\b(?:zwischen|between|entre)(?: den Jahren)? (?P<c>{YEAR}) (?:und|and|et|y|"
    rf"e) (?P<e>{YEAR})(?!\w)",
    re.I,
)
_ERA_YEAR = re.compile(
    r"(?<![\w.,-])(?:(?P<y>\d{1,4}) (?:(?P<bc>v\. ?(?:Chr|u\. ?Z)\.|BCE?\b|B\.C\.)|"
    r"(?:n\. ?(?:Chr|u\. ?Z)\.|AD\b|CE\b))|\bAD (?P<ad>\d{1,4}))"
)
_ONE_YEAR = re.compile(rf"(?<![\w.,/:$€£-]){YEAR}(?![\w%]|[.,/:]\d|-\d| ?[%$€£°])")
_YEAR_CUE = re.compile(
    r"\b(?:im jahre?|jahre?s?|in|im|seit|ab|bis|vor|nach|um|zum|since|until|before|after|the|"
    r"from|of|during|year|en|depuis|desde|dal|nel|del?|année|año|anno|ende|anfang|mitte|"
    r"early|late|mid)[ -]$|\($",
    re.I,
)
_THING = re.compile(
    r" (?!(?:was|is|has|his|its|this|as|us|does|there's|years|und|and)\b)[a-z]{3,}s\b"
)
_GERMAN_THING = re.compile(r" [A-ZÄÖÜ][a-zäöüß]{2,}\b")


def centuries(folded: str) -> Iterator[Moment]:
    """Centuries and decades."""
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
        yield fixed(Kind.YEAR, match.start(), match.end(), iso)
    for match in _DECADE.finditer(folded):
        word = (match.group("w") or "").casefold()
        year = f"19{_DECADE_WORDS.index(word[:2]) + 2}0" if word else match.group("y")
        year = year if len(year) == 4 else f"19{year}"
        yield fixed(Kind.YEAR, match.start(), match.end(), f"{year[:3]}X")


def spans_of_years(folded: str) -> Iterator[Moment]:
    """ "1321 bis 1323", and years with their era: "44 v. Chr."."""
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
            yield fixed(Kind.YEAR, start, end, f"{first}/{last}")
    for match in _ERA_YEAR.finditer(folded):
        year = int(match.group("y") or match.group("ad"))
        # There is a year zero in ISO 8601: 44 BC is -0043.
        iso = f"-{year - 1:04}" if match.group("bc") and year > 1 else f"{year:04}"
        iso = "0000" if match.group("bc") and year == 1 else iso
        yield fixed(Kind.YEAR, match.start(), match.end(), iso)


def bare_years(folded: str, language: str) -> Iterator[Moment]:
    """Four digits that count no thing."""
    for match in _ONE_YEAR.finditer(folded):
        before = folded[max(0, match.start() - 12) : match.start()]
        if not _YEAR_CUE.search(before) and _counts(folded, match.end(), language):
            continue  # "2000 Gäste"
        yield fixed(Kind.YEAR, match.start(), match.end(), match.group())


def _counts(folded: str, at: int, language: str) -> bool:
    """Whether what follows a bare four-digit number is a thing counted: "2000 Gäste"."""
    thing = _GERMAN_THING if language == "de" else _THING
    return bool(thing.match(folded, at))
