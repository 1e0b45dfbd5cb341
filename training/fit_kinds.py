"""Fit ``qa/question/kinds.json``: what kind of answer a question asks for, from its vector.

The questions are those that the reader is trained on, in all their languages. The kind of an answer
is that of the value which fills it; where none does it is a text. What kind of text, the questions
say that were written with it. Figures are cross-validated by paragraph.

    python -m training.fit_kinds [--data PATH ...]      # prints figures, writes the file
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zlib import crc32

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from corpora.clusters import Cluster, clusters, own_clusters
from corpora.folder import data_file
from index.encoder.embedder import open_embedder
from qa.answer_types import Kind
from qa.question.analyse import without_names
from qa.values.find import find_values
from training.reader_sources import read_rows

FILE = Path(__file__).resolve().parents[1] / "qa" / "question" / "kinds.json"
AT_MOST = 5_000
"""Questions of one file; more of one language teach nothing new."""
BESIDE = 80
"""Characters around an answer that are looked at, so that its unit is seen."""
STRENGTH = {"values": 3.0, "texts": 30.0}
"""Inverse of the penalty of each layer. For values, in languages that were not fitted on (French,
Swedish, Norwegian, Japanese, Chinese, after German and English) the mean log loss is .423 at .3,
.389 at 1, .390 at 3, .436 at 10 and .552 at 30; in those that were, 3 is better than 1. Of the
texts, which only clusters tell apart, .776 are right at 30 and .725 at 3."""

WRITTEN = {
    "person": Kind.PERSON,
    "organisation": Kind.ORGANISATION,
    "place": Kind.PLACE,
    "name": Kind.NAME,
    "reason": Kind.REASON,
    "definition": Kind.DEFINITION,
}
"""The kinds of text that clusters' questions are written with."""
WRITTEN_VALUES = {
    **{str(kind): kind for kind in (Kind.AMOUNT, Kind.COUNT, Kind.PERCENT, Kind.MEASURE)},
    **{str(kind): kind for kind in (Kind.DURATION, Kind.DATE, Kind.YEAR)},
    "age": Kind.DURATION,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the kind of its answer: ``value`` is None for a text, of kind ``text``."""

    question: str
    group: str
    source: str
    language: str
    value: Kind | None
    text: Kind | None = None


def labelled(paths: Sequence[Path]) -> Iterator[Labelled]:
    """The questions of the reader's files, and those of clusters."""
    for source, rows in read_rows(paths):
        found = [
            Labelled(text, row.group, source, row.lang, kind_at(row.context, place, row.lang))
            for row in rows
            for text, answer, tempting in row.asked
            if (place := answer or tempting) is not None
        ]
        yield from sorted(found, key=lambda entry: crc32(entry.question.encode()))[:AT_MOST]
    for cluster in [*clusters("clusters-train"), *own_clusters()]:
        yield from _of_cluster(cluster)


def _of_cluster(cluster: Cluster) -> Iterator[Labelled]:
    for asked in cluster.questions:
        if asked.kind in WRITTEN:
            yield Labelled(
                asked.question, cluster.name, "clusters", "de", None, WRITTEN[asked.kind]
            )
        elif asked.kind in WRITTEN_VALUES:
            yield Labelled(
                asked.question, cluster.name, "clusters", "de", WRITTEN_VALUES[asked.kind]
            )


def kind_at(context: str, place: tuple[int, int], language: str) -> Kind | None:
    """The kind of the value that fills at least half of a place, or begins it; None for a text."""
    start, end = place
    first = max(0, start - BESIDE)
    shared: Counter[Kind] = Counter()
    for value in find_values(context[first : end + BESIDE], language):
        low, high = value.start + first, value.end + first
        overlap = min(high, end) - max(low, start)
        # "3.900 Räder": the thing counted is part of the answer, not of the value.
        counted = low == start and len(context[high:end].split()) <= 1
        if overlap > 0 and (counted or 2 * overlap >= end - start):
            shared[value.kind] += overlap
    return shared.most_common(1)[0][0] if shared else None


def fit(
    layer: str, x: NDArray[np.float64], labels: Sequence[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """The names of the classes and their weights (classes, d + 1), the intercept last."""
    model = LogisticRegression(C=STRENGTH[layer], max_iter=1000).fit(x, labels)
    return list(model.classes_), np.column_stack([model.coef_, model.intercept_])


def figures(
    layer: str, x: NDArray[np.float64], labels: Sequence[str], groups: Sequence[str]
) -> Table:
    """Cross-validated: how often each class is right, or among the two likeliest."""
    model = LogisticRegression(C=STRENGTH[layer], max_iter=1000)
    chances = cross_val_predict(
        model, x, labels, groups=groups, cv=GroupKFold(4), method="predict_proba"
    )
    classes, given = np.unique(labels), np.array(labels)
    ranks = (-chances).argsort(1)
    said = classes[ranks[:, 0]]
    loss = -np.log(chances[np.arange(len(given)), np.searchsorted(classes, given)] + 1e-9).mean()
    table = Table(
        layer, "questions", "recall", "precision", "of the two likeliest",
        title=f"{(said == given).mean():.3f} right, log loss {loss:.3f}",
    )  # fmt: skip
    for kind in classes:
        own = given == kind
        precision = float((given[said == kind] == kind).mean()) if (said == kind).any() else 0.0
        table.add_row(
            kind,
            str(own.sum()),
            f"{(said[own] == kind).mean():.3f}",
            f"{precision:.3f}",
            f"{(classes[ranks[own, :2]] == kind).any(1).mean():.3f}",
        )
    return table


def main(
    data: Annotated[
        list[Path] | None, typer.Option(help="Files or folders of the reader's.")
    ] = None,
) -> None:
    """Fit both layers and write them."""
    own = Path(__file__).resolve().parent / "data"
    entries = list(labelled(data or [data_file("reader"), own]))
    embedder = open_embedder()
    asked = [without_names(entry.question, entry.language) for entry in entries]
    vectors = _vectors(embedder, asked)
    groups = [entry.group for entry in entries]
    values = [str(entry.value or "text") for entry in entries]
    texts = [i for i, entry in enumerate(entries) if entry.text is not None]
    console = Console(width=100)
    console.print(f"{len(entries)} questions, {dict(Counter(e.language for e in entries))}")
    console.print(figures("values", vectors, values, groups))
    of_texts = [str(entries[i].text) for i in texts]
    console.print(figures("texts", vectors[texts], of_texts, [groups[i] for i in texts]))
    stored: dict[str, Any] = {"encoder": embedder.fingerprint}
    for name, x, labels in (("values", vectors, values), ("texts", vectors[texts], of_texts)):
        classes, weights = fit(name, x, labels)
        stored[name] = {
            kind: [round(float(weight), 3) for weight in row]
            for kind, row in zip(classes, weights, strict=True)
        }
    FILE.write_text(json.dumps(stored) + "\n", "utf-8")


def _vectors(embedder: Any, questions: Sequence[str]) -> NDArray[np.float64]:
    """Vectors (n, d), made in the order of length, so that little is padded."""
    order = sorted(range(len(questions)), key=lambda i: len(questions[i]))
    found = np.zeros((len(questions), embedder.dimension))
    for at in track(range(0, len(order), 256), "Embedding", console=Console(stderr=True)):
        part = order[at : at + 256]
        found[part] = embedder.embed_queries([questions[i] for i in part])
    return found


if __name__ == "__main__":
    typer.run(main)
