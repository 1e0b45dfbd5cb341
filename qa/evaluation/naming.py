"""Articles of an index by the names that people use for them in a file of questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from index import Article, ArticleNotFoundError, Filters, Index, read_sources


class Names:
    """Articles by id, beginning of an id or source, by the end of a source, or by a file in
    ``folder``."""

    def __init__(self, index: Index, folder: Path) -> None:
        self._index = index
        self._folder = folder
        self.resolve = cache(self._resolve)

    def _resolve(self, name: str) -> Sequence[Article]:
        """The articles that ``name`` stands for; of a file with rows all that are indexed."""
        for way in (self._by_id_or_source, self._by_end_of_source, self._by_file):
            found = list(way(name))
            if found:
                return found
        return ()

    def _by_id_or_source(self, name: str) -> Iterator[Article]:
        try:
            yield self._index.article(name)
        except ArticleNotFoundError:
            return  # another kind of name, or none: the next way tells

    def _by_end_of_source(self, name: str) -> Iterator[Article]:
        for item in self._index.articles(Filters(sources=(name,))):
            if item.source.rstrip("/").endswith("/" + name.strip("/")):
                yield self._index.article(item.article_id)

    def _by_file(self, name: str) -> Iterator[Article]:
        """Articles read from a file here or one folder below; "#" and a row's id may follow."""
        file = Path(name.partition("#")[0])
        if not file.name or file.is_absolute() or ".." in file.parts:
            return
        for place in (self._folder / file, *sorted(self._folder.glob(f"*/{_literal(file)}"))):
            if place.is_file():
                for read in read_sources([place]):
                    if isinstance(read, Article):
                        yield from self._by_id_or_source(read.id)


def _literal(path: Path) -> str:
    """A pattern that matches nothing but ``path``."""
    return re.sub(r"([*?\[])", r"[\1]", path.as_posix())
