"""What the reader learns from: paragraphs and questions of several sources, and how each is used.

Two forms are read: a paragraph a line (``*.jsonl.gz`` or ``*.jsonl``), and clusters of articles on
one event, where each question is asked of each article: some say it, others do not.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MAX_QUESTION = 64
MAX_ANSWER_CHARACTERS = 200

CLUSTERS = "clusters-train"
NEWS = "news-de"
"""The source of all files that have no plan of their own: paragraphs written for this project."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a source is used.

    ``copies``: how often a question is seen in one pass, on average. ``titled``: the share of its
    contexts that stand below their title, as every passage of a titled article does when the
    product reads. ``foreign``: the share of its answered questions that are shown a passage of
    another place without the answer. ``whole``: always the whole context, as far as it fits;
    else windows of several lengths.
    """

    copies: float
    titled: float = 0.0
    foreign: float = 0.27
    whole: bool = False


PLANS: Mapping[str, Plan] = {
    "fundstelle-de": Plan(1.3, titled=0.5, foreign=0.1, whole=True),
    CLUSTERS: Plan(1.3, titled=1.0, foreign=0.1, whole=True),
    NEWS: Plan(1.3, titled=0.8, foreign=0.1, whole=True),
    "squad-part": Plan(1.2, titled=0.5),
    "squadshifts-new-wiki": Plan(0.4),
    "qed-nq": Plan(0.35, titled=0.5),
    "norquad": Plan(0.6),
    "piaf": Plan(0.5, titled=0.5),
    "swequad": Plan(1.0, titled=0.5),
    "squadshifts-reddit": Plan(0.05),
    "squadshifts-amazon": Plan(0.05),
    "jaquad": Plan(0.02),
    "cmrc2018": Plan(0.1),
}
"""German first, two fifths of a pass; then what people asked of encyclopaedias in near languages.

The answers of the German sources are short (2.4 words); the others keep the longer habits of
people. Sources whose questions have unanswerable ones beside them show both kinds alike, with the
whole context in view: else the length of the input would tell them apart.
"""

SILENT = 0.3
"""How often an article that says nothing on its cluster's question is seen, beside ``copies``.

There are more of them than of articles that answer, and they are easier than tempting ones.
"""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A context with its tokens; ``spans`` holds the code-point offsets of each token.

    ``title`` is empty where there is none or the context begins with it; ``head`` its tokens.
    """

    source: str
    lang: str
    group: str
    title: str
    context: str
    head: NDArray[np.int32]  # (t,)
    tokens: NDArray[np.int32]  # (n,)
    spans: NDArray[np.int32]  # (n, 2)


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a paragraph (by its number); places are code points of its context.

    Without an ``answer`` the paragraph does not say it; ``tempting`` is what one might take for it.
    """

    paragraph: int
    tokens: NDArray[np.int32]
    text: str
    answer: tuple[int, int] | None
    tempting: tuple[int, int] | None = None

    @property
    def copies(self) -> float:
        """How often it is seen, beside its source's copies."""
        return SILENT if self.answer is None and self.tempting is None else 1.0


@dataclass(frozen=True, slots=True)
class _Row:
    """A context as it stands in a file; ``asked`` holds text, answer and tempting place."""

    lang: str
    group: str
    title: str
    context: str
    asked: list[tuple[str, tuple[int, int] | None, tuple[int, int] | None]] = field(
        default_factory=list
    )


def source_files(paths: Sequence[Path]) -> list[Path]:
    """The files of ``paths`` (files, or folders of them). Raises ValueError where one is not."""
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
        elif path.is_dir():
            found += sorted([*path.glob("*.jsonl.gz"), *path.glob("*.jsonl")])
        else:
            raise ValueError(f"{path} does not exist; name the training data with --data.")
    return found


def fingerprint(paths: Sequence[Path]) -> str:
    """A checksum of the data and of how it is used: with another one, passes are other passes."""
    digest = hashlib.sha256(repr((sorted(PLANS.items()), SILENT)).encode())
    for file in source_files(paths):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def read_sources(
    paths: Sequence[Path], tokenizer: Tokenizer
) -> tuple[list[Paragraph], list[Question]]:
    """All paragraphs and questions of ``paths``, in the order of the files."""
    paragraphs: list[Paragraph] = []
    questions: list[Question] = []
    for file in source_files(paths):
        stem = file.name.removesuffix(".gz").removesuffix(".jsonl")
        source = stem if stem in PLANS else NEWS
        entries = [json.loads(line) for line in _lines(file)]
        read = _cluster_rows if source == CLUSTERS else _paragraph_rows
        _encode(source, list(read(entries)), tokenizer, paragraphs, questions)
    return paragraphs, questions


def _lines(file: Path) -> Iterator[str]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8") as stream:
        yield from (line for line in stream if line.strip())


def _paragraph_rows(entries: Sequence[Mapping[str, Any]]) -> Iterator[_Row]:
    for entry in entries:
        title = entry.get("title") or _title_of_group(entry["group"])
        row = _Row(entry["lang"], entry["group"], title, entry["context"])
        for asked in entry["questions"]:
            row.asked.append((asked["question"], (asked["start"], asked["end"]), None))
        for asked in entry.get("unanswerable", ()):
            start, end = asked["tempting"]
            row.asked.append((asked["question"], None, (start, end)))
        yield row


def _title_of_group(group: str) -> str:
    """ "squad11:Spectre_(2015_film)" is the article "Spectre (2015 film)"."""
    return group.partition(":")[2].replace("_", " ") if ":" in group else group


def _cluster_rows(entries: Sequence[Mapping[str, Any]]) -> Iterator[_Row]:
    """Each article of each cluster with all questions of the cluster."""
    for entry in entries:
        for article in entry["articles"]:
            row = _Row("de", entry["id"], article["title"], article["text"])
            for asked in entry["questions"]:
                row.asked.extend(_asked_of_article(article, asked))
            yield row


def _asked_of_article(
    article: Mapping[str, str], asked: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[int, int] | None, tuple[int, int] | None]]:
    """The question with its place in the article, or without; nothing where that is unsure."""
    text, question = article["text"], asked["question"]
    known = [*asked["views"], *asked.get("also", ())]
    here = [view for view in known if view["article"] == article["id"]]
    if here:
        quote, value = here[0]["quote"], here[0]["value"]
        start = text.index(quote) + quote.index(value)
        yield question, (start, start + len(value)), None
    elif not any(view["value"].casefold() in text.casefold() for view in known):
        at = text.find(asked["tempting"]) if "tempting" in asked else -1
        yield question, None, (at, at + len(asked["tempting"])) if at >= 0 else None


def _encode(
    source: str,
    rows: Sequence[_Row],
    tokenizer: Tokenizer,
    paragraphs: list[Paragraph],
    questions: list[Question],
) -> None:
    """Append ``rows`` to ``paragraphs`` and ``questions`` as tokens."""

    def encode(texts: list[str]) -> list[Any]:
        encoded: list[Any] = tokenizer.encode_batch(texts, add_special_tokens=False)
        return encoded

    contexts = encode([row.context for row in rows])
    heads = encode([row.title for row in rows])
    asked = iter(encode([text for row in rows for text, _, _ in row.asked]))
    titled = PLANS[source].titled > 0
    for row, context, head in zip(rows, contexts, heads, strict=True):
        title = row.title if titled and not row.context.startswith(row.title) else ""
        for text, answer, tempting in row.asked:
            tokens = np.array(next(asked).ids[:MAX_QUESTION], np.int32)
            if answer is None or answer[1] - answer[0] <= MAX_ANSWER_CHARACTERS:
                questions.append(Question(len(paragraphs), tokens, text, answer, tempting))
        paragraphs.append(
            Paragraph(
                source,
                row.lang,
                row.group,
                title,
                row.context,
                np.array(head.ids if title else [], np.int32),
                np.array(context.ids, np.int32),
                np.array(context.offsets, np.int32).reshape(-1, 2),
            )
        )
