"""What a reader is, and which one is taken: the one of our own, or a model that is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from index.encoder.models import DEFAULT, resolve
from qa.reading.encoder import DEFAULT_WEIGHTS, EncoderReader
from qa.reading.hub import HubReader
from qa.reading.spans import Reading


class Reader(Protocol):
    """Something that reads passages."""

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """One reading for each passage, in their order."""
        ...


def load_reader(name: str = DEFAULT) -> Reader:
    """The reader "default", or an extractive question-answering model: a folder or a hub name.

    Raises ModelError.
    """
    if name == DEFAULT:
        return EncoderReader(resolve(), DEFAULT_WEIGHTS)
    return HubReader(resolve(name).path)
