"""After a commit: neighbouring segments are merged, and what no commit names is deleted."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import IndexDamagedError, IndexFolderError
from index.storage import segment
from index.storage.store import Store
from index.translation import text

if TYPE_CHECKING:
    from index.indexing.merge import Sized

logger = logging.getLogger(__name__)


def merge_what_is_due(folder: Path, store: Store) -> None:
    """Merge neighbouring segments below ``folder`` while there are too many of a size.

    Each merge is a commit of its own, and what the caller has written is committed before: so a
    disk that is full or errs is a warning, and the next writer tries again. Raises
    IndexDamagedError.
    """
    try:
        if _merge(folder, store):
            remove_leftovers(folder, store)
            if store.settings()["segments"] != segment.LAYOUT:
                with store.atomic():
                    store.put_settings({"segments": segment.LAYOUT})
    except IndexDamagedError:
        raise
    except IndexFolderError as error:
        logger.warning(
            text(
                "What was asked for is done, but segments could not be merged: {error} The next "
                "change tries again.",
                error=error,
            )
        )


def remove_leftovers(folder: Path, store: Store) -> None:
    """Delete the segments that no row names; who has them open reads on.

    Raises IndexFolderError where the record has been replaced: another one may name them.
    """
    known = {record.name for record in store.segments.all()}
    segment.remove_leftovers(folder, known, store.check_place)


def sized_segments(store: Store) -> list[Sized]:
    """The segments as the plan of merging sees them."""
    from index.indexing.merge import Sized, first_id

    records = store.segments.all()
    firsts = [first_id(record) for record in records]
    ends = [*firsts[1:], store.texts.next_passage_id()]
    return [
        Sized(record, first, store.segments.removed_between(first, end))
        for record, first, end in zip(records, firsts, ends, strict=False)
    ]


def _merge(folder: Path, store: Store) -> bool:
    """Whether there was something to merge."""
    from index.indexing import merge
    from index.indexing.reuse import stored_pieces

    merged = False
    while due := merge.due(sized := sized_segments(store)):
        chosen = sized[due]
        end = sized[due.stop].first if due.stop < len(sized) else store.texts.next_passage_id()
        # Of what is removed whole nothing is read, so damage to it does not matter.
        records = [entry.record for entry in chosen if entry.live]
        new = None
        if records:
            removed = store.segments.removed()
            new = merge.merge(folder, records, removed, partial(stored_pieces, store))
        with store.atomic():
            store.segments.replace([e.record.name for e in chosen], new, (chosen[0].first, end))
        merged = True
    return merged
