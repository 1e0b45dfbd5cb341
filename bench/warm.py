"""What a question costs once everything is loaded: the parts of ``ask`` on the development corpus.

XQuAD-R's German paragraphs beside a thousand news passages; questions in an order drawn once, one
after another, of which the first are not counted.

    python -m bench.warm --questions 112
"""

from __future__ import annotations

import os
import random
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from corpora.data import xquad
from corpora.indexes import open_corpus
from index.encoder.processor import preferred_dtype
from qa import ask

NOT_COUNTED = 12


def main(
    questions: Annotated[int, typer.Option(min=1, help="Questions that count.")] = 112,
    language: Annotated[str, typer.Option(help="Of questions and paragraphs: de, en.")] = "de",
    reader: Annotated[bool, typer.Option(help="With the reader.")] = True,
) -> None:
    """Print the milliseconds of each part: median, 95th percentile and mean."""
    asked = [question.text for paragraph in xquad(language) for question in paragraph.questions]
    random.Random(1).shuffle(asked)
    with open_corpus(language) as index:
        answers = [
            ask(question, index, reader="default" if reader else None)
            for question in asked[: NOT_COUNTED + questions]
        ][NOT_COUNTED:]
    table = Table(f"milliseconds of {len(answers)} questions", "p50", "p95", "mean")
    for part in answers[0].timings_ms:
        spent = np.array([answer.timings_ms[part] for answer in answers])
        figures = (np.median(spent), np.percentile(spent, 95), spent.mean())
        table.add_row(part, *(f"{figure:.0f}" for figure in figures))
    Console().print(table)
    Console().print(f"{os.cpu_count()} processors, {preferred_dtype()}")


if __name__ == "__main__":
    typer.run(main)
