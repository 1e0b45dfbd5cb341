"""What is damaged, named where it was met: a large file's content is not read at open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import IndexDamagedError
from index.storage import segment
from index.storage.store import Store
from index.translation import text


@contextmanager
def damage_named(folder: Path, store: Store) -> Iterator[None]:
    """Where what is read leads nowhere, say which file is damaged. Raises IndexDamagedError."""
    try:
        yield
    except (ArithmeticError, LookupError, ValueError) as error:
        for found in _damage(folder, store):
            raise IndexDamagedError(
                text("{found}. qa repair builds it again; or restore a backup.", found=found)
            ) from error
        raise


def _damage(folder: Path, store: Store) -> Iterator[str]:
    """What is not as it was written, or was written wrongly, in the segments."""
    for record in store.segments.all():
        yield from map(str, segment.damage(folder / "segments", record))
    from index.maintenance.check import verify

    yield from (f"{entry.where}: {entry.problem}" for entry in verify(folder).damage)
