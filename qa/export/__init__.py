"""An answer as a file for other programs: Markdown, CSV, JSON, BibTeX and CSL-JSON.

No path of this machine is in any of them: an article is named by its address on the web, or by the
bare name of its file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from index import UsageError
from index.translation import text
from qa.export import bibtex, csl, markdown, plain_json, table
from qa.export.slug import slug

if TYPE_CHECKING:
    from index import Article
    from qa.records import Answer

__all__ = ["FORMATS", "Exported", "check_format", "export"]

LONGEST_NAME = 60
"""Letters of the question in a file's name."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its name, which every system takes, its media type and its text."""

    name: str
    type: str
    content: str


@dataclass(frozen=True, slots=True)
class _Format:
    ending: str
    type: str
    write: Callable[[Answer, Mapping[str, Article], date], str]


FORMATS: Mapping[str, _Format] = {
    "markdown": _Format(".md", "text/markdown; charset=utf-8", markdown.write),
    "csv": _Format(".csv", "text/csv; charset=utf-8; header=present", table.write),
    "json": _Format(".json", "application/json", plain_json.write),
    "bibtex": _Format(".bib", "application/x-bibtex; charset=utf-8", bibtex.write),
    "csl": _Format(".csl.json", "application/vnd.citationstyles.csl+json", csl.write),
}


def export(
    answer: Answer,
    format: str,
    *,
    asked: date | None = None,
    articles: Mapping[str, Article] | None = None,
) -> Exported:
    """The answer as a file of ``format``, one of ``FORMATS``.

    ``asked`` is the day of the asking, today where it is not given. ``articles``, by their ids,
    tell authors, language and the day of fetching, which citations do not; those of the answer's
    passages are known. Raises UsageError for another format.
    """
    check_format(format)
    chosen = FORMATS[format]
    known = {hit.passage.article.id: hit.passage.article for hit in answer.passages}
    content = chosen.write(answer, {**known, **(articles or {})}, asked or date.today())
    # No word of a question alone can then be a name that a system keeps for itself, as "con".
    name = "-".join(filter(None, ("fundstelle", slug(answer.question, LONGEST_NAME))))
    return Exported(f"{name}{chosen.ending}", chosen.type, content)


def check_format(name: str) -> None:
    """Raise UsageError where there is no such format."""
    if name not in FORMATS:
        raise UsageError(
            text(
                "{name!r} is no format of a file; there are: {formats}",
                name=name,
                formats=", ".join(FORMATS),
            )
        )
