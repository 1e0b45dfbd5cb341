"""The vectors of questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from index.encoder.embedder import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REMEMBERED = 64
"""Questions whose vectors are kept: each is compared with passages, then with sentences."""


class QueryVectors:
    """Makes vectors of questions, and keeps the latest."""

    def __init__(self, embedder: Callable[[], Embedder]) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}
        self._lock = Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (len(texts), d), rows of length 1. Raises ModelError."""
        import numpy as np

        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        known |= zip(missing, self._embedder().embed_queries(missing), strict=True)
        with self._lock:
            self._known |= known
            while len(self._known) > REMEMBERED:
                self._known.pop(next(iter(self._known)))
        return np.array([known[text] for text in texts], np.float32).reshape(len(texts), -1)
