"""How much an index holds, what runs its model, and who writes to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from index.compatibility import Model, dimension_of
from index.config import IndexConfig
from index.encoder.models import DEFAULT, DEFAULT_NAME
from index.encoder.processor import runtime
from index.records import Status
from index.storage.lock import current_writer
from index.storage.store import Store


def status_of(folder: Path, store: Store, config: IndexConfig, model: Model) -> Status:
    """How much the index in ``folder`` holds, and which sources could not be read."""
    counts, settings = store.counts(), store.settings()
    return Status(
        path=str(folder),
        articles=counts.articles,
        texts=counts.texts,
        passages=counts.passages,
        segments=counts.segments,
        bytes=_size_of(folder),
        model=settings.get("model_name") or _model_name(config, model),
        dimension=dimension_of(settings, folder) if settings else 0,
        runtime=runtime(config.model),
        languages=store.articles.languages(),
        failures=store.failures.all(),
        writer=writer_of(folder),
    )


def writer_of(folder: Path) -> str | None:
    """Who is writing to the index in ``folder`` just now, if anyone."""
    writer = current_writer(folder)
    return None if writer is None else str(writer)


def _model_name(config: IndexConfig, model: Model) -> str:
    """The name of the model that an empty index will be built with."""
    if model.opened is not None:
        return model.opened.name
    return DEFAULT_NAME if config.model == DEFAULT else config.model


def _size_of(folder: Path) -> int:
    """Bytes of the files below a folder; what a merge takes away meanwhile does not count."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(parent, name)).st_size
    return size
