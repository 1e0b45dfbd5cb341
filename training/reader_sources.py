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

from training.swaps import swapped

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
    swapped: float = 0.0


PLANS: Mapping[str, Plan] = {
    "fundstelle-de": Plan(1.1, titled=0.5, foreign=0.1, whole=True, swapped=0.3),
    CLUSTERS: Plan(1.3, titled=1.0, foreign=0.1, whole=True, swapped=0.3),
    NEWS: Plan(1.1, titled=0.8, foreign=0.1, whole=True, swapped=0.3),
    "squad-part": Plan(1.2, titled=0.5, foreign=0.2, swapped=0.3),
    "squadshifts-new-wiki": Plan(1.0, foreign=0.2, swapped=0.3),
    "qed-nq": Plan(0.4, titled=0.5, swapped=0.3),
    "norquad": Plan(0.7, swapped=0.3),
    "piaf": Plan(0.8, titled=0.5, swapped=0.3),
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

HARD = 1.0
"""How often a question is seen that nothing answers but something tempts, beside ``copies``."""

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
    ``swapped`` is how often one that ``swaps`` made is seen; 0 for those that people wrote.
    """

    paragraph: int
    tokens: NDArray[np.int32]
    text: str
    answer: tuple[int, int] | None
    tempting: tuple[int, int] | None = None
    swapped: float = 0.0

    @property
    def copies(self) -> float:
        """How often it is seen, beside its source's copies."""
        if self.swapped:
            return self.swapped
        if self.answer is not None:
            return 1.0
        return SILENT if self.tempting is None else HARD


@dataclass(frozen=True, slots=True)
class Row:
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
            found += sorted([*path.rglob("*.jsonl.gz"), *path.rglob("*.jsonl")])
        else:
            raise ValueError(f"{path} does not exist; name the training data with --data.")
    return found


def fingerprint(paths: Sequence[Path]) -> str:
    """A checksum of the data and of how it is used: with another one, passes are other passes."""
    digest = hashlib.sha256(repr((sorted(PLANS.items()), HARD, SILENT)).encode())
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
    for source, rows in read_rows(paths):
        _encode(source, rows, tokenizer, paragraphs, questions)
    return paragraphs, questions


def read_rows(paths: Sequence[Path]) -> Iterator[tuple[str, list[Row]]]:
    """Each file's source with its contexts and their questions."""
    for file in source_files(paths):
        source = _source_of(file)
        entries = [json.loads(line) for line in _lines(file)]
        read = _cluster_rows if source == CLUSTERS else _paragraph_rows
        yield source, list(read(entries))


def _source_of(file: Path) -> str:
    """The source by the file's name; files in a folder "clusters" are clusters, others news."""
    stem = file.name.removesuffix(".gz").removesuffix(".jsonl")
    if stem in PLANS:
        return stem
    return CLUSTERS if file.parent.name == "clusters" else NEWS


def _lines(file: Path) -> Iterator[str]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8") as stream:
        yield from (line for line in stream if line.strip())


def _paragraph_rows(entries: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for entry in entries:
        title = entry.get("title") or _title_of_group(entry["group"])
        row = Row(entry["lang"], entry["group"], title, entry["context"])
        for asked in entry["questions"]:
            row.asked.append((asked["question"], (asked["start"], asked["end"]), None))
        for asked in entry.get("unanswerable", ()):
            start, end = asked["tempting"]
            row.asked.append((asked["question"], None, (start, end)))
        yield row


def _title_of_group(group: str) -> str:
    """ "squad11:Spectre_(2015_film)" is the article "Spectre (2015 film)"."""
    return group.partition(":")[2].replace("_", " ") if ":" in group else group


def _cluster_rows(entries: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Each article of each cluster with all questions of the cluster."""
    for entry in entries:
        for article in entry["articles"]:
            row = Row("de", entry["id"], article["title"], article["text"])
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


def _swapped(row: Row) -> Iterator[tuple[str, None, tuple[int, int]]]:
    """Unanswerable questions made of the row's answered ones."""
    for text, answer, _ in row.asked:
        if answer is not None:
            other = swapped(text, row.context, answer, row.lang)
            if other is not None:
                yield other, None, answer


def _encode(
    source: str,
    rows: Sequence[Row],
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
    share = PLANS[source].swapped
    all_asked = [[*row.asked, *(_swapped(row) if share else ())] for row in rows]
    texts = iter(encode([text for asked in all_asked for text, _, _ in asked]))
    titled = PLANS[source].titled > 0
    for row, asked, context, head in zip(rows, all_asked, contexts, heads, strict=True):
        title = row.title if titled and not row.context.startswith(row.title) else ""
        for number, (text, answer, tempting) in enumerate(asked):
            tokens = np.array(next(texts).ids[:MAX_QUESTION], np.int32)
            made = share if number >= len(row.asked) else 0.0
            if answer is None or answer[1] - answer[0] <= MAX_ANSWER_CHARACTERS:
                questions.append(Question(len(paragraphs), tokens, text, answer, tempting, made))
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
