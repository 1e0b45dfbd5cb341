"""A user's own questions with what is expected of the answers: one JSON object a line."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from index import Article, ArticleNotFoundError, Filters, Index, read_sources, read_text_file
from qa.answer import MAXIMUM_QUESTION

MAXIMUM_BYTES = 100_000_000
ALIASES = {
    "answers": ("answers", "answer"),
    "values": ("values", "value"),
    "sentences": ("sentences", "sentence"),
    "articles": ("articles", "article", "sources", "source"),
}
"""Each field, and what it may be called."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A question and what is expected of its answer; with nothing expected it must be refused.

    ``article_ids`` and ``texts`` (their SHA-256) are the named articles; empty means any article.
    """

    line: int
    question: str
    answers: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()

    @property
    def answerable(self) -> bool:
        return bool(self.answers or self.sentences or self.texts)

    @property
    def names_words(self) -> bool:
        """Whether a sentence can be judged: an article alone says nothing of its sentences."""
        return bool(self.answers or self.sentences)

    def is_held_by(self, text: str, sha256: str) -> bool:
        """Whether ``text``, a part of the article with that checksum, holds an answer."""
        if self.texts and sha256 not in self.texts:
            return False
        if not self.names_words:
            return bool(self.texts)
        return any(contains(text, answer) for answer in self.answers) or any(
            contains(text, sentence) or contains(sentence, text) for sentence in self.sentences
        )


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used: why, and what helps."""

    line: int
    reason: str


def read_gold(path: Path, index: Index) -> tuple[list[Gold], list[BadLine]]:
    """The questions of a file of JSON lines, and the lines that cannot be used.

    Articles are named by id, beginning of an id or source in ``index``, by the end of a source, or
    by a file beside the questions. Raises SourceError where the file as a whole cannot be read.
    """
    text = read_text_file(path, MAXIMUM_BYTES)
    names = _Names(index, path.parent)
    found: list[Gold] = []
    bad: list[BadLine] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(_gold(number, _parsed(line), names))
        except _LineError as error:
            bad.append(BadLine(number, str(error)))
    return found, bad


def contains(text: str, part: str) -> bool:
    """Whether ``part`` stands in ``text`` as whole words, case and white space aside.

    "5" does not stand in "2,5" or "15". Scripts without blanks have no words to be whole.
    """
    part = _folded(part)
    if not part:
        return False
    before = r"(?<!\w)(?<!\d[.,])" if _spells_words(part[0]) else ""
    after = r"(?!\w)(?![.,]\d)" if _spells_words(part[-1]) else ""
    return re.search(before + re.escape(part) + after, _folded(text)) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _spells_words(character: str) -> bool:
    """Letters with case and digits; ideographs, kana and Thai letters are category Lo."""
    return character.isalnum() and unicodedata.category(character) != "Lo"


# --- one line ----------------------------------------------------------------------------------


class _LineError(Exception):
    """A line that cannot be used."""


def _gold(number: int, row: Mapping[str, Any], names: _Names) -> Gold:
    question = row.get("question")
    if not isinstance(question, str) or not question.strip():
        raise _LineError('"question" is missing or empty; write {"question": "…", "answers": […]}')
    if len(question) > MAXIMUM_QUESTION:
        raise _LineError(
            f"the question has {len(question):,} characters; {MAXIMUM_QUESTION:,} are the most"
        )
    answers, values = _strings(row, "answers"), _strings(row, "values")
    sentences = _strings(row, "sentences")
    articles = [article for name in _strings(row, "articles") for article in names.resolve(name)]
    gold = Gold(
        line=number,
        question=question,
        answers=answers or values,
        values=values or answers,
        sentences=sentences,
        article_ids=tuple(dict.fromkeys(article.id for article in articles)),
        texts=frozenset(article.sha256 for article in articles),
    )
    if articles and not any(gold.is_held_by(article.text, article.sha256) for article in articles):
        raise _LineError(
            "none of the answers stands in the named articles; "
            "write them as they stand there, or name other articles"
        )
    return gold


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except RecursionError:
        raise _LineError("nested too deeply; write one flat JSON object") from None
    except ValueError as error:  # JSONDecodeError, and integers of over 4,300 digits
        raise _LineError(f"not JSON ({error}); write one JSON object a line") from None
    if not isinstance(row, dict):
        raise _LineError('not a JSON object; write {"question": "…", "answers": […]}')
    return row


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _strings(row: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """The field's strings; one string stands for a list of it, null for an empty list."""
    given = [name for name in ALIASES[field] if row.get(name) is not None]
    if len(given) > 1:
        raise _LineError(f'"{given[0]}" and "{given[1]}" are the same field; keep one')
    value = row[given[0]] if given else []
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise _LineError(f'"{given[0]}" is not a text or a list of texts; put "…" around numbers')
    return tuple(item for item in items if item.strip())


# --- articles by name --------------------------------------------------------------------------


class _Names:
    """Articles of an index by the names that people use for them."""

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
        raise _LineError(
            f"no article {name!r} in the index; name it by its id or source as qa list shows them, "
            "or add it"
        )

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
