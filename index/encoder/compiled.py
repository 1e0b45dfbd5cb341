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
        """The last states of each batch of texts of one length, given as token ids.

        ``done`` is called with a batch's number and its states (texts, tokens, hidden), which are
        only there for the time of the call; from several threads, one at a time.
        """
        told = Lock()

        def finished(request: Any, number: int) -> None:
            with told:
                done(number, request.get_output_tensor(0).data)

        with self._lock:
            self._queue.set_callback(finished)
            for number, batch in enumerate(batches):
                self._queue.start_async({0: self._embedded(batch)}, number)
            self._queue.wait_all()

    def states(self, texts: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """The last states of each text, (tokens, hidden), in their order."""
        found: list[NDArray[np.float32]] = [np.empty((0, self.hidden), np.float32)] * len(texts)
        # The longest first, so that the streams end at about the same time.
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))

        def keep(number: int, states: NDArray[np.float32]) -> None:
            found[order[number]] = states[0].copy()

        self.run([[texts[number]] for number in order], keep)
        return found

    def _embedded(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        ids = np.array(texts, np.int64)  # (texts, tokens)
        embedded: NDArray[np.float32] = self._words[ids] + self._places[: ids.shape[1]]
        return embedded
