"""Evaluate an exported reader: ``python -m training.evaluate_reader``.

In the right paragraph of XQuAD-R, and on the German questions that training holds back. XQuAD-R is
for final figures only, never for choosing settings; the held-back part is what to choose by. A line
with the figures of each is appended to ``training/evaluations.jsonl`` when a whole set was read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from corpora.folder import data_file
from index.encoder.models import resolve
from qa.evaluation.metrics import auroc
from qa.reading.base import Reader
from qa.reading.encoder import DEFAULT_WEIGHTS, EncoderReader
from qa.reading.spans import Reading
from training.reader_data import ReaderData
from training.reader_scores import Tally, normalised, overlap
from training.reader_sources import CLUSTERS, NEWS, Paragraph

ROOT = Path(__file__).resolve().parent.parent
FILES = ("reader/fundstelle-de.jsonl.gz", "news/clusters-train.jsonl")
HELD_BACK = ("fundstelle-de", CLUSTERS, NEWS)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its passage, another passage of the same article, and the gold answers."""

    question: str
    passage: str
    neighbour: str
    sentences: tuple[tuple[int, int], ...]
    answers: tuple[tuple[int, str], ...]


def main() -> None:
    """Parse the command line, evaluate, print and record the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=("de", "en", *HELD_BACK), action="append")
    parser.add_argument("--questions", type=int, help="of XQuAD-R only so many, spread over it")
    parser.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    folder = resolve()
    tokenizer = Tokenizer.from_file(str(folder.path / "tokenizer.json"))
    reader = EncoderReader(folder, options.weights)
    about = json.loads(options.weights.with_suffix(".json").read_text("utf-8"))
    wanted = options.set or ("de", "en", *HELD_BACK)
    for figures in _figures(reader, tokenizer, wanted, options.questions):
        line = json.dumps({"sha256": about["sha256"], "seen": about["questions"], **figures})
        print(line, flush=True)
        if not options.questions:
            with (ROOT / "training" / "evaluations.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")


def _figures(
    reader: Reader, tokenizer: Tokenizer, wanted: Sequence[str], questions: int | None
) -> Iterator[dict[str, Any]]:
    """The figures of each set that is wanted and is not empty, as soon as they are there."""
    for language in ("de", "en"):
        if language in wanted:
            cases = list(_cases(data_file(f"xquad-r/{language}.dev.json")))
            if questions:
                cases = cases[:: max(1, len(cases) // questions)][:questions]
            yield {"language": language, **evaluate(reader, cases)}
    held_back = [source for source in HELD_BACK if source in wanted]
    if held_back:
        files = [data_file(name) for name in FILES]
        data = ReaderData([*files, ROOT / "training" / "data"], tokenizer, seed=1)
        for source in held_back:
            numbers = [n for n in data.held_back if data.source(n) == source]
            if numbers:
                yield {
                    "set": f"{source}, held back",
                    "language": "de",
                    **evaluate_held_back(reader, data, numbers),
                }


def evaluate(reader: Reader, cases: list[Case]) -> dict[str, Any]:
    """Exact match, F1, right sentence; AUROC and refusal against the neighbouring passage.

    ``refused`` is the share of neighbours below the margin that loses 10 % of the answerable.
    """
    exact, f1, sentence, with_answer, without = [], [], [], [], []
    for case in cases:
        here, there = reader.read(case.question, [case.passage, case.neighbour])
        best = here.spans[0]
        said = case.passage[best.start : best.end]
        exact.append(max(normalised(said) == normalised(gold) for _, gold in case.answers))
        f1.append(max(overlap(said, gold) for _, gold in case.answers))
        sentence.append(_same_sentence(case, best.start))
        with_answer.append(here.margin)
        # A neighbour that happens to hold the answer's words may well be right to answer.
        if not any(gold in case.neighbour for _, gold in case.answers):
            without.append(there.margin)
    answerable, unanswerable = np.array(with_answer), np.array(without)
    return {
        "questions": len(cases),
        "exact": float(np.mean(exact)),
        "f1": float(np.mean(f1)),
        "sentence": float(np.mean(sentence)),
        "auroc": auroc(answerable, unanswerable),
        "refused": float((unanswerable < np.quantile(answerable, 0.1)).mean()),
    }


def evaluate_held_back(reader: Reader, data: ReaderData, numbers: Iterable[int]) -> dict[str, Any]:
    """Exact match and F1 of answered questions; AUROC of easy and of hard refusals.

    Each question is read on its own paragraph, answered ones on a foreign one too. News stand
    below their titles, as when the product reads; paragraphs of encyclopaedias alone.
    """
    rng = np.random.default_rng(1)
    tally = Tally()
    for number in numbers:
        question = data.questions[number]
        own = data.paragraphs[question.paragraph]
        (here,) = reader.read(question.text, [_text(own)])
        if question.answer is None:
            (tally.foreign if question.tempting is None else tally.unsaid).append(here.margin)
            continue
        tally.add(here.margin, _said(own, here), own.context[slice(*question.answer)])
        foreign, limits = data.foreign.draw(number, rng)
        if foreign >= 0 and limits is None:
            (there,) = reader.read(question.text, [_text(data.paragraphs[foreign])])
            tally.foreign.append(there.margin)
    figures = tally.figures()
    return {"questions": figures.pop("held_back"), "unanswerable": len(tally.unsaid), **figures}


def _text(paragraph: Paragraph) -> str:
    titled = paragraph.title and paragraph.source in (CLUSTERS, NEWS)
    return f"{paragraph.title}\n{paragraph.context}" if titled else paragraph.context


def _said(paragraph: Paragraph, reading: Reading) -> str:
    """The best span of the context, be there a title before it or not."""
    text = _text(paragraph)
    best = reading.best_within(len(text) - len(paragraph.context), len(text))
    return text[best.start : best.end] if best else ""


def _same_sentence(case: Case, place: int) -> bool:
    return any(
        start <= place < end and start <= gold < end
        for start, end in case.sentences
        for gold, _ in case.answers
    )


def _cases(file: Path) -> Iterator[Case]:
    for article in json.loads(file.read_text("utf-8"))["data"]:
        paragraphs = article["paragraphs"]
        for number, paragraph in enumerate(paragraphs):
            neighbour = paragraphs[(number + 1) % len(paragraphs)]["context"]
            for entry in paragraph["qas"]:
                yield Case(
                    entry["question"],
                    paragraph["context"],
                    neighbour,
                    tuple((start, end) for start, end in paragraph["sentence_breaks"]),
                    tuple((a["answer_start"], a["text"]) for a in entry["answers"]),
                )


if __name__ == "__main__":
    main()
