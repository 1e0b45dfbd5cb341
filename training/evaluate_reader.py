"""Evaluate an exported reader on XQuAD-R: ``python -m training.evaluate_reader --language de``.

The set is for final figures only, never for choosing settings. A line with the figures is appended
to ``training/evaluations.jsonl`` when the whole set was read.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.model import resolve
from qa.metrics import auroc
from qa.reader import DEFAULT_WEIGHTS, EncoderReader, Reader
from training.reader_scores import normalised, overlap

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "xquad-r"


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
    parser.add_argument("--language", choices=("de", "en"), action="append")
    parser.add_argument("--questions", type=int, help="only so many, spread over the articles")
    parser.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    reader = EncoderReader(resolve(), options.weights)
    about = json.loads(options.weights.with_suffix(".json").read_text("utf-8"))
    for language in options.language or ("de", "en"):
        cases = list(_cases(DATA / f"{language}.dev.json"))
        if options.questions:
            cases = cases[:: max(1, len(cases) // options.questions)][: options.questions]
        figures = {
            "sha256": about["sha256"],
            "seen": about["questions"],
            "language": language,
            **evaluate(reader, cases),
        }
        print(json.dumps(figures))
        if not options.questions:
            with (ROOT / "training" / "evaluations.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(figures) + "\n")


def evaluate(reader: Reader, cases: list[Case]) -> dict[str, Any]:
    """Exact match, F1, right sentence; AUROC and refusal against the neighbouring passage.

    ``refused`` is the share of neighbours below the margin that loses 10 % of the answerable.
    """
    exact, f1, sentence, with_answer, without = [], [], [], [], []
    began = time.perf_counter()
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
        "pairs_per_second": 2 * len(cases) / (time.perf_counter() - began),
    }


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
