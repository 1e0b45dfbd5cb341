"""Clusters of invented news: some articles on one event, and questions with one view, several or
none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from corpora.folder import data_file
from index import Article, make_article

OWN = Path(__file__).resolve().parents[1] / "training" / "clusters"
"""Clusters of our own, which no reader was trained on: what is shown is fitted on them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one article gives an answer: ``text[start:end]`` of the article with that source."""

    source: str
    start: int
    end: int
    text: str

    def overlaps(self, source: str, start: int, end: int) -> bool:
        return source == self.source and start < self.end and self.start < end


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a cluster. ``views`` are the distinct answers, each with all its places.

    Without a view no article answers it, and ``tempting`` is what one might take for an answer.
    """

    question: str
    kind: str
    views: tuple[tuple[Place, ...], ...]
    tempting: str | None

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(place for view in self.views for place in view)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Articles on one event, their sources being their names in the file, and questions."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[Asked, ...]


def own_clusters() -> list[Cluster]:
    """The clusters that come with the project."""
    return [cluster for file in sorted(OWN.glob("*.jsonl")) for cluster in read_clusters(file)]


def clusters(name: str) -> list[Cluster]:
    """The clusters of ``news/<name>.jsonl``."""
    return list(read_clusters(data_file(f"news/{name}.jsonl")))


def read_clusters(file: Path) -> Iterator[Cluster]:
    """The clusters of a file of JSON lines."""
    for line in file.read_text("utf-8").splitlines():
        if line.strip():
            yield _cluster(json.loads(line))


def _cluster(entry: Mapping[str, Any]) -> Cluster:
    texts = {article["id"]: article["text"] for article in entry["articles"]}
    return Cluster(
        entry["id"],
        tuple(_article(article) for article in entry["articles"]),
        tuple(_asked(asked, texts) for asked in entry["questions"]),
    )


def _article(entry: Mapping[str, str]) -> Article:
    return make_article(
        entry["text"],
        source=entry["id"],
        language="de",
        title=entry["title"],
        publisher=entry["publisher"],
        published=date.fromisoformat(entry["published"]),
    )


def _asked(entry: Mapping[str, Any], texts: Mapping[str, str]) -> Asked:
    views: dict[str, list[Place]] = {}
    for view in entry["views"]:
        views.setdefault(view["value"].casefold(), []).append(_place(view, texts))
    first = next(iter(views.values()), [])
    for view in entry.get("also", ()):
        # The same answer in another form; which of several it is only its words can tell.
        views.get(view["value"].casefold(), first).append(_place(view, texts))
    return Asked(
        entry["question"],
        entry["kind"],
        tuple(map(tuple, views.values())),
        entry.get("tempting"),
    )


def _place(view: Mapping[str, str], texts: Mapping[str, str]) -> Place:
    text, value = texts[view["article"]], view["value"]
    start = text.index(view["quote"]) + view["quote"].index(value)
    return Place(view["article"], start, start + len(value), value)


def articles_of(found: Iterable[Cluster]) -> list[Article]:
    return [article for cluster in found for article in cluster.articles]
