"""What a user means by the name of an article or of a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from index.errors import ArticleNotFoundError
from index.ingest.files import uri_of
from index.storage.store import Store


def article_id_of(name: str, store: Store) -> str:
    """The id of the article that is named by it, by a unique beginning of it, or by its source.

    Raises ArticleNotFoundError.
    """
    found = next(filter(None, map(store.articles.find, _forms_of(name))), [])
    if len(found) == 1:
        return found[0]
    if not found:
        raise ArticleNotFoundError(f"No article {name!r}. qa list shows what is there.")
    raise ArticleNotFoundError(
        f"{name!r} fits {len(found)} articles: {', '.join(found[:5])}. Give more of the id."
    )


def failed_source(name: str, known: Sequence[str]) -> str:
    """The one of ``known`` sources that a user means by it or by its path.

    Raises ArticleNotFoundError.
    """
    for form in _forms_of(name):
        if form in known:
            return form
    raise ArticleNotFoundError(
        f"{name!r} is not among the sources that could not be read. qa status lists them."
    )


def _forms_of(name: str) -> Iterator[str]:
    """What may be stored for a name that a user gives: itself, or the address of that path."""
    if not name:
        return
    with suppress(UnicodeEncodeError):  # of bytes that are no UTF-8 the path alone is a text
        name.encode("utf-8")
        yield name
    with suppress(ValueError):  # a NUL, or half of a surrogate pair: no path has one
        yield uri_of(Path(name))
