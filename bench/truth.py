"""What is said of what the articles say, on data that no weight is fitted on: views, refusals,
citations, calibration. (Constants of the ranking were once chosen on XQuAD-R.)

Clusters of invented news, questions on newspaper articles, and German encyclopaedia questions on
German and English paragraphs, each asked as a user would and judged by ``qa eval``'s own rules.

    python -m bench.truth [--part clusters --part news ...] [--every N] [--json FILE]
    python -m bench.truth --without kinds      # or claims: one piece taken away
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from unittest.mock import patch

import typer
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from bench import answers
from corpora.data import news_articles, xquad
from corpora.folder import data_file
from corpora.indexes import kept_index, open_corpus
from index import Article, Index
from qa import ask
from qa.evaluation.evaluate import calibrations, evaluate, figures
from qa.evaluation.gold import Gold, carried_articles, read_gold
from qa.evaluation.judge import Judged
from qa.question.kinds import UNTOLD
from qa.scoring.logistic import LogisticModel, load_scorer

TODAY = date(2026, 1, 1)

FIGURES: Mapping[str, str] = {
    "view_first": "first view right, of questions with one",
    "view_precision": "views that are right",
    "view_recall": "different answers that are told",
    "view_false": "answerable questions with a false view",
    "sentence_first": "first citation holds the answer",
    "sentence_three": "one of the first three does",
    "value_f1": "first view, F1",
    "answerable_answered": "answerable questions answered",
    "unanswerable_refused": "unanswerable questions refused",
    "auroc": "AUROC of the confidence",
    "citation_validity": "citations that are true",
}


def clusters(every: int) -> list[Judged]:
    """The clusters for judging, all their articles in one index."""
    file = data_file("news/clusters.jsonl")
    with TemporaryDirectory() as folder, Index.open(Path(folder, "index")) as index:
        index.add_articles(carried_articles(file) or ())
        gold, bad = read_gold(file, index)
        assert not bad, bad
        return _judged(gold[::every], index)


def news(every: int) -> list[Judged]:
    """The questions on newspaper articles, all of these in one index."""
    articles = list(news_articles())
    with kept_index("news", articles) as index:
        return _judged(list(_news_gold(articles))[::every], index)


def _news_gold(articles: Sequence[Article]) -> Iterator[Gold]:
    by_name = {article.source.removeprefix("gnad:"): article for article in articles}
    lines = data_file("news/questions.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        given = tuple(row["answers"])
        yield Gold(
            number,
            row["question"],
            given,
            given,
            (row["sentence"],) if given else (),
            texts=frozenset([by_name[row["article"]].sha256] if given else ()),
        )


def _judged(gold: Sequence[Gold], index: Index) -> list[Judged]:
    with Progress(console=Console(stderr=True)) as shown:
        task = shown.add_task("Asking", total=len(gold))
        return evaluate(
            gold, index, today=TODAY, progress=lambda done: shown.update(task, completed=done)
        )


def _counted(judged: Sequence[Judged]) -> dict[str, float]:
    found = {figure.name: figure.value for figure in figures(judged)}
    told = {label: value for name, label in FIGURES.items() if (value := found[name]) is not None}
    found_calibrations = calibrations(judged)
    if "views" in found_calibrations:
        error = found_calibrations["views"].expected_calibration_error
        told["calibration error per view"] = error
    return told


def xquad_figures(asked: str, language: str) -> Callable[[int], dict[str, float]]:
    """Questions in one language on the paragraphs of another, beside 1,000 passages of news."""

    def measure(every: int) -> dict[str, float]:
        gold = {q.id: q for p in xquad(language) for q in p.questions}
        questions = [q for p in xquad(asked) for q in p.questions][::every]
        with open_corpus(language) as index:
            judged = [
                answers.judge(gold[q.id], ask(q.text, index, today=TODAY), index, language)
                for q in track(questions, "Asking", console=Console(stderr=True))
            ]
        return answers.figures(judged)

    return measure


PARTS: Mapping[str, Callable[[int], dict[str, float]]] = {
    "clusters": lambda every: _counted(clusters(every)),
    "news": lambda every: _counted(news(every)),
    "de": xquad_figures("de", "de"),
    "de-en": xquad_figures("de", "en"),
    "en-de": xquad_figures("en", "de"),
}


@contextmanager
def without(piece: str | None) -> Iterator[None]:
    """One piece taken away: what is asked for is not told, or a claim is its margin alone."""
    if piece is None:
        yield
    elif piece == "kinds":
        with patch("qa.answer.chances", lambda vector, encoder: UNTOLD):
            yield
    elif piece == "claims":
        margin = LogisticModel(0.0, {"margin": 1.0})
        shipped = load_scorer("reader")
        even = replace(shipped, claim=margin, threshold=0.5, elsewhere=0.5, further=0.5)
        with patch("qa.answer.load_scorer", lambda name: even):
            yield
    else:
        raise typer.BadParameter(f"{piece}: kinds or claims can be taken away")


def main(
    part: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}.")] = None,
    every: Annotated[int, typer.Option(help="Ask every n-th question.")] = 1,
    piece: Annotated[
        str | None, typer.Option("--without", help="kinds, or claims: a piece taken away.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Print the figures of each part."""
    with without(piece):
        found = {name: PARTS[name](every) for name in part or PARTS}
    table = Table("figure", *found)
    for label in dict.fromkeys(label for own in found.values() for label in own):
        table.add_row(
            label, *(f"{own[label]:.3f}" if label in own else "–" for own in found.values())
        )
    Console(width=140).print(table)
    if output is not None:
        output.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
