"""Our library beside its peers, on the same passages, model and questions, on this machine.

    python -m bench.peers            # `make bench`; 6 GB of environments at first
    python -m bench.peers --small    # 200 passages, 50 questions: does every side work?
    python -m bench.peers --write    # the figures into docs/performance.md

Nothing else should run meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.peers import report
from bench.peers.environments import PEERS
from bench.peers.figures import Figures, figures
from bench.peers.measure import Corpus, Measured, measure
from bench.peers.protocol import Asked, Passage
from corpora.data import Paragraph, distractors, paragraph_articles, xquad
from index.encoder.embedder import open_embedder
from index.encoder.models import resolve

DOCS = Path(__file__).resolve().parents[2] / "docs"
DISTRACTORS = 1000
SMALL_PASSAGES, SMALL_QUESTIONS = 200, 50


def main(
    small: Annotated[bool, typer.Option(help="200 passages and 50 questions.")] = False,
    write: Annotated[bool, typer.Option(help="Write the figures into docs/.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="A side; may be repeated.")] = None,
    folder: Annotated[Path, typer.Option(help="Environments and stores.")] = Path(
        ".fundstelle/bench-peers"
    ),
) -> None:
    """Print one row of figures for each side."""
    if write and (small or only):
        raise typer.BadParameter("docs/performance.md takes the figures of a whole run alone")
    if unknown := set(only or ()) - {peer.key for peer in PEERS}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: the sides are {_names()}")
    console, errors = Console(width=140), Console(stderr=True, style="dim", markup=False)
    corpus = read_corpus(small)
    peers = [peer for peer in PEERS if not only or peer.key in only]
    sides = measure(peers, corpus, folder.absolute(), errors.print)
    rows = [figures(side, len(corpus.passages), corpus.questions) for side in sides]
    told = report.story(
        len(corpus.passages), len(corpus.questions), _versions(sides), datetime.now(UTC).date()
    )
    console.print(report.table(rows))
    console.print(told)
    for row in rows:
        if row.failure:
            console.print(f"{row.title} failed: {row.failure}", markup=False)
    if write:
        _write(rows, told)


def read_corpus(small: bool) -> Corpus:
    """XQuAD-R's German paragraphs and their questions, among German news."""
    paragraphs = xquad("de")
    count = SMALL_PASSAGES - len(paragraphs) if small else DISTRACTORS
    articles = [*paragraph_articles(paragraphs, "de"), *distractors(open_embedder(), count)]
    return Corpus(
        passages=tuple(Passage(article.source, article.text) for article in articles),
        questions=_questions(paragraphs, SMALL_QUESTIONS if small else None),
        model=str(resolve().path),
    )


def _questions(paragraphs: Sequence[Paragraph], count: int | None) -> tuple[Asked, ...]:
    """All, or ``count`` of them, evenly spread."""
    asked = [Asked(q.text, (f"xquad:de:{p.name}",)) for p in paragraphs for q in p.questions]
    if count is None:
        return tuple(asked)
    return tuple(asked[number * len(asked) // count] for number in range(count))


def _versions(sides: Sequence[Measured]) -> dict[str, str]:
    return {name: number for side in sides for name, number in side.added.versions.items()}


def _names() -> str:
    return ", ".join(peer.key for peer in PEERS)


def _write(rows: Sequence[Figures], told: str) -> None:
    page = DOCS / "performance.md"
    text = report.between(page.read_text("utf-8"), report.markdown(rows, told))
    report.draw(rows, DOCS / report.PLOT)
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    typer.run(main)
