"""What a user says of an answer, kept as lines that ``qa eval`` reads.

A right answer and a better place are expected from then on, a wrong value must not come again. What
was said last of a question counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from index import UsageError, beside
from index.translation import numeral, text

if TYPE_CHECKING:
    from index import Article, Index
    from qa.records import Answer

LONGEST_PLACE = 1_000
"""Characters. Of more than a few sentences every part would count as right."""

_WORD = re.compile(r"\w+(?:[.,]\d+)*")


class Verdict(StrEnum):
    """What an answer is, or where a better one stands."""

    RIGHT = "right"
    WRONG = "wrong"
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class MarkedPlace:
    """Where the user found a better answer: ``text[start:end]`` of the article."""

    article_id: str
    start: int
    end: int


def store(index: Index, answer: Answer, verdict: str, place: MarkedPlace | None = None) -> None:
    """Keep a verdict on ``answer`` beside ``index``; "better" needs the ``place``.

    Raises UsageError for a verdict or a place that is none, ArticleNotFoundError, IndexFolderError
    where it cannot be written, IndexBusyError.
    """
    expected = _expected(index, answer, _verdict(verdict), place)
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    row = {"question": answer.question, **expected, "verdict": verdict, "when": now}
    asked = _plain(answer.question)

    def is_earlier(other: Mapping[str, Any]) -> bool:
        return _plain(str(other.get("question", ""))) == asked

    beside.put(index.path / beside.FEEDBACK, row, replaces=is_earlier)


def _verdict(name: str) -> Verdict:
    try:
        return Verdict(name)
    except ValueError:
        raise UsageError(
            text(
                "{name!r} is no verdict on an answer; there are: {verdicts}",
                name=name,
                verdicts=", ".join(Verdict),
            )
        ) from None


def _expected(
    index: Index, answer: Answer, verdict: Verdict, place: MarkedPlace | None
) -> dict[str, Any]:
    """The fields of a line of questions (``qa.evaluation.gold``) that say what was meant."""
    if verdict is Verdict.BETTER:
        return _of_place(index, place)
    if not answer.found:  # what is judged is that it was refused
        return {"answerable": verdict is Verdict.WRONG}
    if verdict is Verdict.WRONG:
        # The likeliest value alone: another, or its sentence ("statt 48 nun 71 Millionen"), may
        # hold what is right.
        return {"wrong": [answer.views[0].value]}
    # Where sources differ, all that was shown is right: of each value what it is shown with first.
    cited = [answer.citations[view.citations[0] - 1] for view in answer.views]
    return {
        "sentences": _each_once(citation.quote for citation in cited),
        "values": _each_once(view.value for view in answer.views),
        "articles": _each_once(citation.article_id for citation in cited),
    }


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _of_place(index: Index, place: MarkedPlace | None) -> dict[str, Any]:
    if place is None:
        raise UsageError(text("Mark the better sentence in its article first."))
    article = index.article(place.article_id)
    return {"sentences": [_marked(article, place)], "articles": [article.id]}


def _marked(article: Article, place: MarkedPlace) -> str:
    """What was marked, widened to whole words. Raises UsageError where that is no evidence."""
    if not 0 <= place.start < place.end <= len(article.text):
        raise UsageError(
            text(
                "The article has no place from {start} to {end}. Mark it again.",
                start=numeral(place.start),
                end=numeral(place.end),
            )
        )
    words = [
        match.span()
        for match in _WORD.finditer(article.text)
        if match.start() < place.end and match.end() > place.start
    ]
    if not words:
        raise UsageError(text("No word is marked. Mark the better sentence in its article first."))
    start = min(place.start, words[0][0])
    end = max(place.end, words[-1][1])
    if end - start > LONGEST_PLACE:
        raise UsageError(
            text(
                "{marked} characters are marked; {most} are the most. Mark the sentence alone.",
                marked=numeral(end - start),
                most=numeral(LONGEST_PLACE),
            )
        )
    return article.text[start:end].strip()


def _plain(question: str) -> str:
    """A question without what makes no other one of it: case and white space."""
    return " ".join(unicodedata.normalize("NFKC", question).casefold().split())
