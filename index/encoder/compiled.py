"""A stored graph, ready to run. Loading it takes a tenth of a second, where torch takes several.

Batches go to one single-threaded stream per core, so that no core waits for another within a layer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encoder.runtime import openvino
from index.encoder.tensors import mapped
from index.errors import ModelError
from index.translation import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_STREAMS = 16

STEP = 32
"""Texts are filled up to a multiple of so many tokens."""

UNSEEN = -1e9
"""Added to a place's attention where no token stands."""

WAITING = 2
"""Batches for each stream that lie ready beside the one it works on."""

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


class CompiledEncoder:
    """The encoder whose graph is ``graph``, with the embeddings in ``weights``.

    ``precision`` is "float32" or "bfloat16". Safe to use from several threads; they take turns.
    """

    def __init__(self, graph: Path, weights: Path, precision: str) -> None:
        tensors = mapped(weights)
        self._words: NDArray[np.float32] = tensors["embeddings.word_embeddings.weight"]
        self._places: NDArray[np.float32] = (
            tensors["embeddings.position_embeddings.weight"]
            + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        streams = min(cores or 1, MOST_STREAMS)
        settings = {
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams,
        }
        try:
            model = openvino().Core().compile_model(graph, "CPU", settings)
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
        self._queue: Any = openvino().AsyncInferQueue(model, WAITING * streams)
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

        with self._lock:
            self._queue.set_callback(finished)
            for number, batch in enumerate(batches):
                self._queue.start_async(self._inputs(batch), number)
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
    return -(-tokens // STEP) * STEP
