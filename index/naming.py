"""What a user means by the name of an article or of a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from index.errors import ArticleNotFoundError
from index.storage.store import Store
from index.translation import text


def article_id_of(name: str, store: Store) -> str:
    """The id of the article that is named by it, by a unique beginning of it, or by its source.

    Raises ArticleNotFoundError.
    """
    found = next(filter(None, map(store.articles.find, _forms_of(name))), [])
    if len(found) == 1:
        return found[0]
    if not found:
        raise ArticleNotFoundError(
            text("No article {name!r}. qa list shows what is there.", name=name)
        )
    raise ArticleNotFoundError(
        text(
            "{name!r} fits {articles} articles: {ids}. Give more of the id.",
            name=name,
            articles=len(found),
            ids=", ".join(found[:5]),
        )
    )


def failed_source(name: str, known: Sequence[str]) -> str:
    """The one of ``known`` sources that a user means by it or by its path.

    Raises ArticleNotFoundError.
    """
    for form in _forms_of(name):
        if form in known:
            return form
    raise ArticleNotFoundError(
        text(
            "{name!r} is not among the sources that could not be read. qa status lists them.",
            name=name,
        )
    )


def _forms_of(name: str) -> Iterator[str]:
    """What may be stored for a name that a user gives: itself, or the address of that path."""
    if not name:
        return
    from index.ingest.files import uri_of  # with all that reads files, which few commands need

    with suppress(UnicodeEncodeError):  # of bytes that are no UTF-8 the path alone is a text
        name.encode("utf-8")
        yield name
    with suppress(ValueError):  # a NUL, or half of a surrogate pair: no path has one
        yield uri_of(Path(name))
