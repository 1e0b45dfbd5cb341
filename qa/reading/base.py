"""What a reader is, and which one is taken: the one of our own, or a model that is named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

from index.encoder.models import DEFAULT, resolve
from index.loaded import Loaded

if TYPE_CHECKING:
    from qa.reading.spans import Reading

DEFAULT_READER = DEFAULT


class Reader(Protocol):
    """Something that reads passages."""

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """One reading for each passage, in their order."""
        ...


@cache
def loading(name: str | None) -> Loaded[Reader | None]:
    """The reader of that name, which is loaded while the passages are looked for."""
    return Loaded(lambda: None if name is None else load_reader(name))


def load_reader(name: str = DEFAULT_READER) -> Reader:
    """The reader "default", or an extractive question-answering model: a folder or a hub name.

    Raises ModelError.
    """
    if name == DEFAULT_READER:
        from qa.reading.encoder import DEFAULT_WEIGHTS, EncoderReader

        return EncoderReader(resolve(), DEFAULT_WEIGHTS)
    from qa.reading.hub import HubReader

    return HubReader(resolve(name).path)
