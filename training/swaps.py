"""Unanswerable questions made of answered ones: another year, or another name of the paragraph.

"Wie hoch war der Gewinn 2018?" is asked for 2016, of which the paragraph does not speak; "Wie alt
ist Utz?" of somebody whom it only names. The answer of before is what tempts. Some of the second
kind may have an answer after all, so they are seen less often than those that people wrote.
"""

from __future__ import annotations

import re
from zlib import crc32

from qa.values.find import find_values
from qa.values.names import NameSpan, find_names

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DISTANCES = (1, -1, 2, -2, 3, -3, 4, -4)


def swapped(question: str, context: str, answer: tuple[int, int], language: str) -> str | None:
    """The question with its year or a name exchanged; None where it has none that can be.

    ``answer`` is the place of its answer in ``context``. Which exchange is made is drawn from the
    question's text, so that it is the same each time.
    """
    draw = crc32(question.encode("utf-8"))
    return _other_year(question, context, draw) or _other_name(
        question, context, answer, language, draw
    )


def _other_year(question: str, context: str, draw: int) -> str | None:
    years = list(_YEAR.finditer(question))
    if len(years) != 1 or years[0][0] not in context:
        return None
    others = [str(int(years[0][0]) + distance) for distance in _DISTANCES]
    # Also what is told as "24" or "vor zwei Jahren" is lost by this, which does no harm.
    unsaid = [year for year in others if year not in context and year[2:] not in context]
    if not unsaid:
        return None
    chosen = unsaid[draw % len(unsaid)]
    return question[: years[0].start()] + chosen + question[years[0].end() :]


def _other_name(
    question: str, context: str, answer: tuple[int, int], language: str, draw: int
) -> str | None:
    asked = [
        name
        for name in _strong(question, language)
        if re.search(rf"(?<!\w){re.escape(name.of(question))}(?!\w)", context)
    ]
    if not asked:
        return None
    old = asked[draw % len(asked)]
    words = len(old.of(question).split())
    said = set(question.split())
    others = sorted(
        {
            other.of(context)
            for other in _strong(context, language)
            if len(other.of(context).split()) == words
            and (other.end <= answer[0] or answer[1] <= other.start)
            and said.isdisjoint(other.of(context).split())
        }
        - {context[slice(*answer)]}
    )
    if not others:
        return None
    return question[: old.start] + others[draw % len(others)] + question[old.end :]


def _strong(text: str, language: str) -> list[NameSpan]:
    """Names of two words and more, all with capitals: a single noun may be anything."""
    values = find_values(text, language)
    return [
        name
        for name in find_names(text, language)
        if not name.weak
        and len(name.of(text).split()) > 1
        and name.of(text).istitle()
        # "Millionen Euro" is part of an amount.
        and not any(name.start < value.end and value.start < name.end for value in values)
    ]
