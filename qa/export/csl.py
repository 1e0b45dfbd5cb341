"""CSL-JSON, which Zotero, pandoc and citeproc read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from qa.export.works import Work, cited_works
from qa.show.sanitize import json_text

if TYPE_CHECKING:
    from index import Article
    from qa.export.names import Name
    from qa.records import Answer


def write(answer: Answer, articles: Mapping[str, Article], asked: date) -> str:
    """A list with an item for each cited article."""
    return json_text([_item(work) for work in cited_works(answer, articles, asked)]) + "\n"


def _item(work: Work) -> dict[str, Any]:
    item: dict[str, Any] = {"id": work.key, "type": _kind(work), "title": work.title}
    if work.authors:
        item["author"] = [_author(name) for name in work.authors]
    if work.publisher:
        item["container-title"] = work.publisher
    if work.published:
        item["issued"] = _date(work.published)
    if work.language:
        item["language"] = work.language
    if work.address:
        item |= {"URL": work.address, "accessed": _date(work.seen)}
    else:
        item["source"] = work.file
    return item


def _kind(work: Work) -> str:
    if work.publisher:
        return "article-newspaper"
    return "webpage" if work.address else "document"


def _author(name: Name) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    return {"family": name.family, "given": name.given}


def _date(day: date) -> dict[str, list[list[int]]]:
    return {"date-parts": [[day.year, day.month, day.day]]}
