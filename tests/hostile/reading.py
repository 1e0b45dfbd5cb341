"""What must hold of anything that is read, and how a group asks for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from index.ingest import ReadOptions, read_sources
from index.records import Article, Failure
from index.text.passages import split
from tests.fakes import WordEmbedder
from tests.hostile.case import Case

T = TypeVar("T")

GOOD = "Ein guter Text.\n\nEr steht daneben und bleibt."


def some(items: Iterable[T], quick: bool, every: int = 5) -> Iterator[T]:
    """All of ``items``, or each fifth where ``quick``."""
    return itertools.islice(items, 0, None, every if quick else 1)


def read(*sources: str | Path, **options: object) -> tuple[list[Article], list[Failure]]:
    """What is read, each of it storable, and each refusal of use."""
    items = list(read_sources(sources, ReadOptions(**options)))  # type: ignore[arg-type]
    for item in items:
        check(item)
    return (
        [item for item in items if isinstance(item, Article)],
        [item for item in items if isinstance(item, Failure)],
    )


def check(item: Article | Failure) -> None:
    """It can be stored and shown; an article has text, a refusal a reason in plain words."""
    if isinstance(item, Failure):
        f"{item.source}{item.reason}".encode()
        assert 8 <= len(item.reason) <= 500, item.reason
        assert "\n" not in item.reason, item.reason
        assert not any(
            word in item.reason for word in ("Traceback", "set_int_max", "unexpected")
        ), item.reason
        return
    f"{item.text}{item.title}{item.source}{item.publisher}{item.language}{item.authors}".encode()
    assert item.text.strip()
    assert "\0" not in item.text


def passages(text: str) -> list[str]:
    """The passages of ``text``: none of them longer than its tokens can be, no letter lost."""
    chunks = split(text, title="", language="de", count_tokens=WordEmbedder().count_tokens)
    found = [text[chunk.start : chunk.end] for chunk in chunks]
    assert all(len(passage) <= 40 * 480 + 1_000 for passage in found)
    return found


class Folder:
    """A folder for one case after the other: the file to be tried, and good ones around it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._numbers = itertools.count()

    def fresh(self) -> Path:
        path = self._root / f"{next(self._numbers):04}"
        path.mkdir()
        return path

    def right(self, name: str, file: str, data: bytes, holds: Callable[[str], bool]) -> Case:
        """``data`` is read as one article, and its text is right."""
        return Case(name, partial(self._is_right, file, data, holds))

    def refused(self, name: str, file: str, data: bytes, reason: str) -> Case:
        """``data`` is refused for a reason with these words in it."""
        return Case(name, partial(self._is_refused, file, data, reason))

    def either(self, name: str, file: str, data: bytes) -> Case:
        """``data`` gives storable articles or is refused; which of them does not matter."""
        return Case(name, partial(self.try_out, file, data))

    def try_out(self, file: str, data: bytes) -> tuple[list[Article], list[Failure]]:
        """What ``data`` gives, between two good files that must come through."""
        folder = self.fresh()
        for name in ("a.txt", "z.txt"):
            (folder / name).write_text(GOOD, "utf-8")
        (folder / file).write_bytes(data)
        articles, failures = read(folder)
        good = [article for article in articles if article.source.endswith(("/a.txt", "/z.txt"))]
        assert [article.text for article in good] == [GOOD, GOOD], "the rest did not go on"
        assert all(f"/{file}" in failure.source for failure in failures), failures
        return [article for article in articles if article not in good], failures

    def _is_right(self, file: str, data: bytes, holds: Callable[[str], bool]) -> None:
        articles, failures = self.try_out(file, data)
        assert not failures, failures
        assert len(articles) == 1, len(articles)
        assert holds(articles[0].text), repr(articles[0].text[:200])

    def _is_refused(self, file: str, data: bytes, reason: str) -> None:
        articles, failures = self.try_out(file, data)
        assert not articles, repr(articles[0].text[:200])
        assert len(failures) == 1, failures
        assert reason in failures[0].reason, failures[0].reason
