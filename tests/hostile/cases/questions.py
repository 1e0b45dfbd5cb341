"""Questions: syntax of other search engines is plain text; nothing to ask for is said to be so."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from index import Index, UsageError, make_article
from qa import ask
from tests.hostile.case import Case

TEXT = "Das Werk in Neustadt kostet 48 Millionen Euro. C++ und (a+)+$ stehen im Handbuch."

PLAIN = (
    '"', '"Werk', "AND", "Werk AND", "NEAR(Werk)", "NEAR/3", "C++", "' OR 1=1--", "(a+)+$",
    "Werk; DROP TABLE articles", "Werk*", "title:Werk", "-Werk", "Werk^4", "Werk~2", "[Werk TO x]",
    "{{7*7}}", "${7*7}", "%s%n%d", "<script>alert(1)</script>", "../../etc/passwd", "Werk\x00Neustadt",
    "Werk\u202eNeustadt", "Wer\u00adk", "We\u200brk", "Ｗｅｒｋ", "a" * 2_000, "Werk " * 400,
    "(" * 500 + "Werk", "\\" * 100 + "Werk", "Was kostet\tdas\nWerk\r\nin Neustadt?", "٣ Werke", "価格はいくらですか",
)  # fmt: skip
REFUSED = ("", " ", "\n\t", "a" * 2_001, "Werk " * 10_000)


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Each question is asked of an index of one article."""
    with Index.open(folder / "index") as index:
        report = index.add_articles(
            [make_article(TEXT, source="mem:werk", title="Das Werk", language="de")]
        )
        assert not report.failed
        for text in PLAIN:
            yield Case(f"plain {text[:30]!r}", partial(_is_answered, text, index))
        for text in REFUSED:
            yield Case(f"refused {text[:30]!r}", partial(_is_refused, text, index))


def _is_answered(text: str, index: Index) -> None:
    for citation in ask(text, index).citations:
        assert citation.quote in TEXT


def _is_refused(text: str, index: Index) -> None:
    with pytest.raises(UsageError, match=r".{20}"):
        ask(text, index)
