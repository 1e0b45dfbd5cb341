"""Answers on XQuAD-R: the right sentence, the right value, true citations, and when to say no.

The corpus is that of ``bench.retrieval``. For the refusals it holds every second article only, and
the questions on the others must be refused.

    python -m bench.answers --language de [--no-reader]
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from corpora.data import Question, xquad
from corpora.indexes import open_corpus
from index import Index
from qa import Answer, ask
from qa.evaluation import metrics

REFUSED_AT_MOST = 0.10


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer beside its gold answer."""

    first: bool
    three: bool
    f1: float
    exact: bool
    holds_value: bool | None
    citations: int
    true_citations: int
    confidence: float
    found: bool
    milliseconds: float


def judge(question: Question, answer: Answer, index: Index, language: str) -> Judged:
    """Compare an answer with the gold answer at its place."""
    right = f"xquad:{language}:{question.paragraph}"
    held = [
        citation.source == right
        and citation.start <= question.start
        and question.end <= citation.end
        for citation in answer.citations
    ]
    true = [index.article(c.article_id).text[c.start : c.end] == c.quote for c in answer.citations]
    value = answer.views[0].value if answer.views else ""
    number = bool(re.search(r"\d", question.answer)) and len(question.answer) <= 30
    return Judged(
        first=held[:1] == [True],
        three=any(held[:3]),
        f1=metrics.overlap_f1(metrics.words(value), metrics.words(question.answer)),
        exact=metrics.words(value) == metrics.words(question.answer),
        holds_value=_plain(question.answer) in _plain(value) if number else None,
        citations=len(true),
        true_citations=sum(true),
        confidence=answer.confidence,
        found=answer.found,
        milliseconds=answer.timings_ms["total"],
    )


def _plain(text: str) -> str:
    return " ".join(metrics.words(text))


def figures(judged: Sequence[Judged]) -> dict[str, float]:
    """Shares of the questions, of those for a number, and of the citations."""
    values = [j.holds_value for j in judged if j.holds_value is not None]
    return {
        "first citation holds the answer": statistics.fmean(j.first for j in judged),
        "one of the first three does": statistics.fmean(j.three for j in judged),
        "first view's value, F1": statistics.fmean(j.f1 for j in judged),
        "first view's value, exact": statistics.fmean(j.exact for j in judged),
        "numbers, dates, amounts: value holds it": statistics.fmean(values),
        "answered": statistics.fmean(j.found for j in judged),
        "citations that are true": sum(j.true_citations for j in judged)
        / sum(j.citations for j in judged),
    }


def main(
    language: Annotated[str, typer.Option(help="Language of the paragraphs.")] = "de",
    questions: Annotated[str, typer.Option(help="Language of the questions.")] = "",
    file: Annotated[str, typer.Option(help="Part of the data: dev, or another.")] = "dev",
    reader: Annotated[bool, typer.Option(help="With the reader, or without.")] = True,
    every: Annotated[int, typer.Option(help="Ask every n-th question.")] = 1,
) -> None:
    """Print the figures of answers and of refusals."""
    asked = questions or language
    name = "default" if reader else None
    paragraphs = xquad(asked, file)
    gold = {q.id: q for p in xquad(language, file) for q in p.questions}
    everything = [q for p in paragraphs for q in p.questions][::every]
    table = Table("figure", f"{asked} → {language}")
    with open_corpus(language, file) as index:
        ask("Aufwärmen?", index, reader=name)
        judged = [
            judge(gold[q.id], ask(q.text, index, reader=name), index, language) for q in everything
        ]
    for figure, share in figures(judged).items():
        table.add_row(figure, f"{share:.3f}")
    table.add_row("p50 of an answer", f"{statistics.median(j.milliseconds for j in judged):.0f} ms")

    articles = list(dict.fromkeys(p.article for p in paragraphs))
    kept = set(articles[::2])
    with open_corpus(language, file, keep=frozenset(kept)) as index:
        confidences: dict[bool, list[float]] = {True: [], False: []}
        refused: dict[bool, list[bool]] = {True: [], False: []}
        for question in everything:
            answer = ask(question.text, index, reader=name)
            answerable = question.paragraph.rpartition("/")[0] in kept
            confidences[answerable].append(answer.confidence)
            refused[answerable].append(not answer.found)
    yes, no = confidences[True], confidences[False]
    at_ten = metrics.refused_when_losing(REFUSED_AT_MOST, yes, no)
    table.add_row("refusals: AUROC", f"{metrics.auroc(yes, no):.3f}")
    table.add_row("unanswerable refused at 10 % of the answerable", f"{at_ten:.3f}")
    table.add_row("as shipped: answerable refused", f"{statistics.fmean(refused[True]):.3f}")
    table.add_row("as shipped: unanswerable refused", f"{statistics.fmean(refused[False]):.3f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
