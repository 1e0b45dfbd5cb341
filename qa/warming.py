"""What the first question would wait for, loaded before it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index import FundstelleError, Index
from index.encoder.light import begin_loading
from qa.reading.base import DEFAULT_READER, loading


@contextmanager
def warming(path: str | Path | None) -> Iterator[None]:
    """Load it in threads, for the index in ``path``; what is amiss is told to whoever asks.

    It is best begun before something else that takes long: importing Gradio takes seconds.
    """
    loading(DEFAULT_READER).begin()
    begin_loading()
    thread = threading.Thread(target=_ask, args=(path,), name="warming up")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _ask(path: str | Path | None) -> None:
    """What a question else needs: the rules of its values, and the index mapped into memory."""
    from qa.answer import ask

    with suppress(FundstelleError), Index.open(path, read_only=True, create=False) as index:
        ask("Was?", index)
