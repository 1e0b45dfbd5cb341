"""A stored graph, ready to run. Loading it takes a tenth of a second, where torch takes several.

What somebody waits for goes through one stream that all cores work on: of few texts one core would
soon have none left. Where there are many, each core has a stream of its own, so that none waits for
another within a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encoder.kept import compiled
from index.encoder.precedence import Precedence
from index.encoder.processor import cores
from index.encoder.runtime import openvino
from index.encoder.tensors import mapped
from index.errors import ModelError
from index.translation import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_STREAMS = 16

MOST_THREADS = 8
"""On one text; more of them mostly wait for each other."""

STEP, SHORT, SHORT_STEP = 16, 64, 8
"""Texts are filled up to a multiple of ``STEP`` tokens, those of at most ``SHORT`` to one of
``SHORT_STEP``: each length that a graph meets for the first time costs it some milliseconds, and
each token that stands for nothing costs as much as another."""

UNSEEN = -1e9
"""Added to a place's attention where no token stands."""

_QUESTIONS = Precedence()
"""Between the encoders of this process: what is waited for, and what is done at once."""

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


class CompiledEncoder:
    """The encoder whose graph is ``graph``, with the embeddings in ``weights``.

    ``precision`` is "float32" or "bfloat16"; ``at_once`` is for many texts, several at once. Safe
    to use from several threads; they take turns.
    """

    def __init__(
        self, graph: Path, weights: Path, precision: str, *, at_once: bool = False
    ) -> None:
        tensors = mapped(weights)
        self._words: NDArray[np.float32] = tensors["embeddings.word_embeddings.weight"]
        self._places: NDArray[np.float32] = (
            tensors["embeddings.position_embeddings.weight"]
            + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        streams = min(cores(), MOST_STREAMS) if at_once else 1
        settings: dict[str, str | int] = {
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams if at_once else min(cores(), MOST_THREADS),
        }
        try:
            model = compiled(graph, settings)
        except RuntimeError as error:
            raise ModelError(
                text(
                    "{graph} cannot be loaded ({reason}). Delete the folder {folder}; it is made "
                    "anew then.",
                    graph=graph,
                    reason=str(error).splitlines()[-1].strip(),
                    folder=graph.parent,
                )
            ) from error
        self._queue: Any = openvino().AsyncInferQueue(model, streams)
        self._at_once = at_once
        self._lock = Lock()

    @property
    def hidden(self) -> int:
        """Numbers in a state."""
        return int(self._words.shape[1])

    def run(
        self,
        batches: Sequence[Sequence[Sequence[int]]],
        done: Callable[[int, NDArray[np.float32]], None],
    ) -> None:
        """The last states of each batch of texts, given as token ids.

        ``done`` is called with a batch's number and its states (texts, tokens, hidden), which are
        only there for the time of the call; from several threads, one at a time. Of a text that is
        shorter than others of its batch the last of them stand for nothing.
        """
        told = Lock()

        def finished(request: Any, number: int) -> None:
            with told:
                done(number, request.get_output_tensor(0).data)

        with self._lock, nullcontext() if self._at_once else _QUESTIONS.first():
            self._queue.set_callback(finished)
            for number, batch in enumerate(batches):
                inputs = self._inputs(batch)
                if self._at_once:
                    _QUESTIONS.give_way()
                self._queue.start_async(inputs, number)
            self._queue.wait_all()

    def states(self, texts: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """The last states of each text, (tokens, hidden), in their order."""
        found: list[NDArray[np.float32]] = [np.empty((0, self.hidden), np.float32)] * len(texts)
        # The longest first, so that the streams end at about the same time.
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))

        def keep(number: int, states: NDArray[np.float32]) -> None:
            found[order[number]] = states[0, : len(texts[order[number]])].copy()

        self.run([[texts[number]] for number in order], keep)
        return found

    def _inputs(self, texts: Sequence[Sequence[int]]) -> dict[int, NDArray[np.float32]]:
        """Sums of embeddings (texts, tokens, hidden), and which places are seen."""
        tokens = filled(max(map(len, texts)))
        embedded = np.zeros((len(texts), tokens, self.hidden), np.float32)
        seen = np.full((len(texts), 1, 1, tokens), UNSEEN, np.float32)
        for number, ids in enumerate(texts):
            embedded[number, : len(ids)] = self._words[list(ids)] + self._places[: len(ids)]
            seen[number, ..., : len(ids)] = 0.0
        return {0: embedded, 1: seen}


def filled(tokens: int) -> int:
    """The length that a text of so many tokens is filled up to."""
    step = SHORT_STEP if tokens <= SHORT else STEP
    return -(-tokens // step) * step
