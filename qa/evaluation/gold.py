"""A user's own questions with what is expected of the answers: one JSON object a line.

A line is a question, or a cluster: articles together with the questions that are asked of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from index import Article, Index, make_article, read_text_file
from qa.answer import MAXIMUM_QUESTION
from qa.evaluation.naming import Names

MAXIMUM_BYTES = 100_000_000
ALIASES = {
    "answers": ("answers", "answer"),
    "values": ("values", "value"),
    "sentences": ("sentences", "sentence"),
    "articles": ("articles", "article", "sources", "source"),
    "wrong": ("wrong",),
}
"""Each field, and what it may be called."""


@dataclass(frozen=True, slots=True)
class Place:
    """``text[start:end]`` of the article whose text has this SHA-256."""

    sha256: str
    start: int
    end: int

    def coincides(self, other: Place) -> bool:
        """Whether two places share at least half of the shorter one.

        People and readers mark an answer with its article or without, with the thing counted or
        without.
        """
        shared = min(self.end, other.end) - max(self.start, other.start)
        return self.sha256 == other.sha256 and 2 * shared >= min(
            self.end - self.start, other.end - other.start
        )


@dataclass(frozen=True, slots=True)
class ExpectedView:
    """One of the answers that must be given: in any of its forms, or at any of its places."""

    values: tuple[str, ...]
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Gold:
    """A question and what is expected of its answer; with nothing told it must be refused.

    ``article_ids`` and ``texts`` (their SHA-256) are the named articles; empty means any article.
    ``views`` are all the different answers; where they are not told, one of ``values`` is enough.
    ``kind`` is a word of the file's for what is asked for; refusals are counted by it.
    ``wrong`` are values that must not be the answer. ``marked_answerable`` is what the file itself
    says of whether the articles answer a question, for one whose answer it does not know.
    """

    line: int
    question: str
    answers: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()
    views: tuple[ExpectedView, ...] = ()
    kind: str = ""
    wrong: tuple[str, ...] = ()
    marked_answerable: bool | None = None

    @property
    def is_expected(self) -> bool:
        """Whether anything is expected that a passage can hold."""
        return bool(self.answers or self.sentences or self.texts)

    @property
    def answerable(self) -> bool | None:
        """Whether the articles answer the question; None where only what is wrong is known."""
        if self.is_expected or self.marked_answerable is not None:
            return self.is_expected or self.marked_answerable
        return None if self.wrong else False

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
    names = Names(index, path.parent)
    found: list[Gold] = []
    bad: list[BadLine] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = _parsed(line)
            found += _of_cluster(number, row) if is_cluster(row) else [_gold(number, row, names)]
        except _LineError as error:
            bad.append(BadLine(number, str(error)))
    return found, bad


def carried_articles(path: Path) -> list[Article] | None:
    """The articles that a file's clusters carry; None where its lines are questions alone.

    Lines that cannot be read are passed over: ``read_gold`` names them.
    """
    found: list[Article] | None = None
    for line in read_text_file(path, MAXIMUM_BYTES).split("\n"):
        try:
            row = _parsed(line) if line.strip() else {}
            if is_cluster(row):
                found = found or []
                found += [_carried(entry) for entry in row["articles"]]
        except _LineError:
            continue
    return found


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


def _gold(number: int, row: Mapping[str, Any], names: Names) -> Gold:
    question = _question(row)
    views = _views(row)
    told = tuple(form for view in views for form in view.values)
    answers = _strings(row, "answers") or told
    values = _strings(row, "values") or told
    sentences = _strings(row, "sentences")
    articles = [a for name in _strings(row, "articles") for a in _articles(name, names)]
    gold = Gold(
        line=number,
        question=question,
        answers=answers or values,
        values=values or answers,
        sentences=sentences,
        article_ids=tuple(dict.fromkeys(article.id for article in articles)),
        texts=frozenset(article.sha256 for article in articles),
        views=views,
        kind=str(row.get("kind") or ""),
        wrong=_strings(row, "wrong"),
        marked_answerable=_answerable(row),
    )
    if gold.is_expected and gold.marked_answerable is False:
        raise _LineError('"answerable" is false, and an answer is expected; keep one of the two')
    if articles and not any(gold.is_held_by(article.text, article.sha256) for article in articles):
        raise _LineError(
            "none of the answers stands in the named articles; "
            "write them as they stand there, or name other articles"
        )
    return gold


def _articles(name: str, names: Names) -> Sequence[Article]:
    found = names.resolve(name)
    if not found:
        raise _LineError(
            f"no article {name!r} in the index; name it by its id or source as qa list shows them, "
            "or add it"
        )
    return found


def _question(row: Mapping[str, Any]) -> str:
    question = row.get("question")
    if not isinstance(question, str) or not any(map(str.isalnum, question)):
        raise _LineError('"question" is missing or empty; write {"question": "…", "answers": […]}')
    if len(question) > MAXIMUM_QUESTION:
        raise _LineError(
            f"the question has {len(question):,} characters; {MAXIMUM_QUESTION:,} are the most"
        )
    return question


def _answerable(row: Mapping[str, Any]) -> bool | None:
    """What the field "answerable" says; needed only where no answer is expected."""
    marked = row.get("answerable")
    if marked is not None and not isinstance(marked, bool):
        raise _LineError('"answerable" is neither true nor false; write one of them without "…"')
    return marked


def _views(row: Mapping[str, Any]) -> tuple[ExpectedView, ...]:
    """The field "views": each a text or a list of texts that say the same."""
    given = row.get("views") or []
    if not isinstance(given, list):
        raise _LineError('"views" is not a list; write one entry for each different answer')
    views = tuple(ExpectedView(_strings({"values": entry}, "values")) for entry in given)
    if any(not view.values for view in views):
        raise _LineError('one of "views" is empty; write a text, or a list of texts')
    return views


def is_cluster(row: Mapping[str, Any]) -> bool:
    """Whether a line holds articles with the questions that are asked of them."""
    return isinstance(row.get("articles"), list) and isinstance(row.get("questions"), list)


def _of_cluster(number: int, row: Mapping[str, Any]) -> list[Gold]:
    articles = {}
    for entry in row["articles"]:
        article = _carried(entry)
        articles[str(entry.get("id"))] = article
    return [_clustered(number, asked, articles) for asked in row["questions"]]


def _clustered(number: int, asked: Mapping[str, Any], articles: Mapping[str, Article]) -> Gold:
    """A question of a cluster; "also" holds other forms and places of one of its views."""
    try:
        views: dict[str, list[tuple[str, Place]]] = {}
        for view in asked["views"]:
            views.setdefault(_folded(view["value"]), []).append(_placed(view, articles))
        for view in asked.get("also") or ():
            key = _folded(view["value"])
            views.get(key, next(iter(views.values()))).append(_placed(view, articles))
        expected = tuple(
            ExpectedView(
                tuple(dict.fromkeys(value for value, _ in forms)),
                tuple(place for _, place in forms),
            )
            for forms in views.values()
        )
        values = tuple(dict.fromkeys(value for view in expected for value in view.values))
        return Gold(
            line=number,
            question=_question(asked),
            answers=values,
            values=values,
            texts=frozenset(place.sha256 for view in expected for place in view.places),
            views=expected,
            kind=str(asked.get("kind") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise _LineError(
            f"the question {asked!r:.80} is not of a cluster's form ({error}); write "
            '{"question": "…", "views": [{"value": "…", "article": "…", "quote": "…"}]}'
        ) from error


def _placed(view: Mapping[str, str], articles: Mapping[str, Article]) -> tuple[str, Place]:
    """A view's value and where it stands. Raises ValueError where it does not."""
    article, value = articles[view["article"]], view["value"]
    if not value:
        raise ValueError("a value is empty")
    start = article.text.index(view["quote"]) + view["quote"].index(value)
    return value, Place(article.sha256, start, start + len(value))


def _carried(entry: Mapping[str, Any]) -> Article:
    from index.text.analysis import detect  # loads its model, which few files need

    try:
        published = entry.get("published")
        return make_article(
            entry["text"],
            source=str(entry["id"]),
            language=detect(entry["text"]),
            title=entry.get("title") or "",
            publisher=entry.get("publisher"),
            published=date.fromisoformat(published) if published else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _LineError(
            f"an article cannot be read ({error}); write "
            '{"id": "…", "title": "…", "published": "2024-05-31", "text": "…"}'
        ) from error


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
