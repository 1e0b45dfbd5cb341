"""A table in CSV (RFC 4180) for spreadsheets: a row for each citation of a view."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from index import to_json
from qa.export.origins import origin_of
from qa.show.sanitize import visible

if TYPE_CHECKING:
    from index import Article
    from qa.records import Answer, Citation, View

COLUMNS = (
    *("question", "value", "amount", "upper", "unit", "time", "hedge", "superseded", "probability"),
    *("quote", "title", "publisher", "published", "source", "start", "end"),
)

# A spreadsheet that expects semicolons or tabs begins a cell behind each of them, and behind a line
# break, since the quotation mark that opens ours is not at its cell's beginning.
_BEGINS_FORMULA = re.compile(r"(\A\s*|[;\t\n])(?=[\"']*[=+\-@＝＋－＠])")


def write(answer: Answer, articles: Mapping[str, Article], asked: date) -> str:
    """The head and the rows; a refusal has none."""
    citations = {citation.n: citation for citation in answer.citations}
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for view in answer.views:
        for number in view.citations:
            writer.writerow(_row(answer.question, view, citations[number]))
    return buffer.getvalue()


def _row(question: str, view: View, citation: Citation) -> Iterator[object]:
    told = to_json(view)
    amount = told["normalized"] or {}
    yield _cell(question)
    yield _cell(view.value)
    yield amount.get("amount")
    yield amount.get("upper")
    yield _cell(amount.get("unit"))
    yield _cell(view.time)
    yield _cell(view.hedge)
    yield "yes" if view.former else ""
    yield told["probability"]
    yield _cell(citation.quote)
    yield _cell(citation.title)
    yield _cell(citation.publisher)
    yield citation.published.isoformat() if citation.published else ""
    yield _cell(origin_of(citation.source))
    yield citation.start
    yield citation.end


def _cell(text: str | None) -> str:
    """Text that a spreadsheet takes for text, whatever divides its cells (OWASP, "CSV Injection").

    An apostrophe before what could begin a formula is what spreadsheets read so. Line breaks stay.
    """
    return _BEGINS_FORMULA.sub(r"\1'", visible(text or ""))
