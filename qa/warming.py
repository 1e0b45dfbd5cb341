"""What the first question would wait for, loaded before it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from index import FundstelleError, Index
from qa.answer import DEFAULT_READER, ask, loading


@contextmanager
def warming(index: Index) -> Iterator[None]:
    """Load it in a thread. What is amiss is told to whoever asks."""
    thread = threading.Thread(target=_warm, args=(index,), name="warming up")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _warm(index: Index) -> None:
    with suppress(FundstelleError):
        loading(DEFAULT_READER).begin()
        index.embed_queries(["?"])
        reader = loading(DEFAULT_READER).get()
        if reader is not None:
            reader.read("?", ["."])
        # What a question else needs: the rules of its values, and the index mapped into memory.
        ask("Was?", index)
