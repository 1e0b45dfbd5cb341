"""Digits that name a thing and count nothing: addresses, telephone numbers, numbers of versions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\S+")
_LONGEST = 60
"""Characters of a token that may be a quantity; longer ones with digits are keys or hashes."""

_ADDRESS = re.compile(r"[\"'(\[<]*(?:https?://|www\.)|[^@]+@[^@]+\.\w")
_BARE = re.compile(r"^[\"'“„»«‚‘’(\[<{]+|[\"'“”»«‘’)\]>}.,;:!?]+$")
_GROUPS = re.compile(r"[-/]")
_VERSION = re.compile(r"v?\d+(?:\.\d+){2,}")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4}")
# A telephone's number, an account's: groups of digits of which the first begins with + or 0.
_DIALLED = re.compile(r"(?:\+\d{1,14}|\(?00?\d{1,14}\)?)(?:[ /-]?\(?\d{1,14}\)?){0,9}")
_LABELLED = re.compile(
    r"\b(?:ISBN|ISSN|IBAN|DOI):? ?[A-Z0-9](?:[ -]?[A-Z0-9]){0,40}|"
    r"\b(?:ISO|DIN|IEC|EN|RFC) (?:(?:ISO|IEC|EN) ){0,2}[A-Z]?\d[\d:-]{0,12}|"
    r"(?:§{1,2}|\b(?:Az|Nr|No|Art|Abs|Kap|Bd|Vol|Abb|Tab|Fig|S)\.) ?[A-Z]?\d{1,9}"
    r"(?:[-/ ](?:[A-Z] )?\d{1,9}){0,3}"
)


def code_spans(folded: str) -> list[tuple[int, int]]:
    """The ranges of a text that went through ``numbers.fold`` whose digits are no quantities.

    In order; they may overlap.
    """
    return sorted([*_code_tokens(folded), *_dialled(folded), *_labelled(folded)])


def _code_tokens(folded: str) -> Iterator[tuple[int, int]]:
    for match in _TOKEN.finditer(folded):
        token = match.group()
        if not any(c.isdigit() for c in token[:_LONGEST]):
            continue
        if len(token) > _LONGEST or _ADDRESS.match(token) or _is_code(_BARE.sub("", token)):
            yield match.span()


def _is_code(token: str) -> bool:
    """Version numbers, and groups joined by hyphens or slashes, none of which is a word.

    "978-3-16-148410-0" and "CVE-2024-12345" are codes; a date, "1.234.567" and
    "14-Milliarden-Dollar-Bewertung" are none.
    """
    if _DATE.fullmatch(token) or _GROUPED.fullmatch(token):
        return False
    if _VERSION.fullmatch(token):
        return True
    groups = _GROUPS.split(token)
    digits = [group for group in groups if group[:1].isdigit() or group[-1:].isdigit()]
    words = [group for group in groups if len(group) > 3 and group.isalpha()]
    return len(groups) > 2 and len(digits) > 1 and not words


def _dialled(folded: str) -> Iterator[tuple[int, int]]:
    for match in _DIALLED.finditer(folded):
        start, end = match.span()
        before, after = folded[max(0, start - 2) : start], folded[end : end + 2]
        if re.search(r"\w$|[.,]$|\d[ ']$", before) or re.match(r"[.,]\d", after):
            continue  # the end of another number, or "0,5 Prozent"
        digits = sum(c.isdigit() for c in match.group())
        # "+25 Prozent" is a change.
        if digits > (4 if match.group().startswith("+") else 1):
            yield start, end


def _labelled(folded: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _LABELLED.finditer(folded))
