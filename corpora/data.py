"""The evaluation data, read from the folder beside the project; nothing of it is copied."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass

from corpora.folder import data_file
from index import Article, make_article
from index.encoder.embedder import Embedder
from index.text.passages import split


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the paragraph that answers it, and the answer's place there."""

    id: str
    text: str
    paragraph: str
    answer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of XQuAD-R, with its questions; ``name`` is "article/number"."""

    name: str
    article: str
    text: str
    questions: tuple[Question, ...]


def xquad(language: str, file: str = "dev") -> list[Paragraph]:
    """The paragraphs of ``xquad-r/<language>.<file>.json``."""
    loaded = json.loads(data_file(f"xquad-r/{language}.{file}.json").read_text("utf-8"))
    return [
        _paragraph(article["title"], number, entry)
        for article in loaded["data"]
        for number, entry in enumerate(article["paragraphs"])
    ]


def _paragraph(title: str, number: int, entry: dict[str, object]) -> Paragraph:
    name = f"{title}/{number}"
    text = str(entry["context"])
    questions = tuple(
        Question(
            id=qa["id"],
            text=qa["question"],
            paragraph=name,
            answer=qa["answers"][0]["text"],
            start=qa["answers"][0]["answer_start"],
            end=qa["answers"][0]["answer_start"] + len(qa["answers"][0]["text"]),
        )
        for qa in entry["qas"]  # type: ignore[attr-defined]
    )
    return Paragraph(name, title, text, questions)


def paragraph_articles(paragraphs: list[Paragraph], language: str) -> list[Article]:
    """Each paragraph as an article of its own, without a title."""
    return [
        make_article(p.text, source=f"xquad:{language}:{p.name}", language=language)
        for p in paragraphs
    ]


def news_articles(file: str = "articles.dev.csv") -> Iterator[Article]:
    """The newspaper articles of ``gnad``."""
    with data_file(f"gnad/{file}").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield make_article(row["text"], source=f"gnad:{row['id']}", language="de")


def distractors(embedder: Embedder, count: int, limit: int = 200) -> list[Article]:
    """The first ``count`` passages of the newspaper articles, each as an article."""
    found: list[Article] = []
    for article in news_articles():
        for number, chunk in enumerate(
            split(
                article.text,
                title="",
                language="de",
                count_tokens=embedder.count_tokens,
                limit=limit,
            )
        ):
            if len(found) == count:
                return found
            found.append(
                make_article(
                    article.text[chunk.start : chunk.end],
                    source=f"{article.source}/{number}",
                    language="de",
                )
            )
    return found
