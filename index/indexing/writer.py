"""The one writer of an index: articles in, and out, each batch of them one commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from index.compatibility import Model, settings_of
from index.config import IndexConfig
from index.errors import writing_to
from index.indexing.fresh import batches, split_article, write_segments
from index.indexing.progress import Tally
from index.indexing.sync import FilesRead, Gone, Roots
from index.indexing.upkeep import merge_what_is_due, remove_leftovers
from index.ingest.refusal import admitted
from index.records import Article, Chunk, Failure
from index.storage import segment
from index.storage.articles import StoredArticle
from index.storage.identity import IDENTITY, new_identity
from index.storage.lock import writer_lock
from index.storage.store import Store

ARTICLES_PER_COMMIT = 64
"""Small enough that an interruption loses a minute's work, large enough to batch by length."""


@contextmanager
def writing(folder: Path, store: Store, config: IndexConfig, model: Model) -> Iterator[Writer]:
    """Hold the one writer's lock; it ends with the process that holds it.

    Raises IndexBusyError where another has it, IndexMismatchError, IndexFolderError.
    """
    with writer_lock(folder) as lock, store.held(lock.check):
        settings = store.settings()
        model.check(settings)
        _force_names(folder, is_new=not settings)
        store.force_log()
        remove_leftovers(folder / "segments", store)
        yield Writer(folder, store, config, model)


@dataclass(frozen=True)
class Writer:
    """Changes an index; from ``writing`` alone, whose lock it needs."""

    folder: Path
    store: Store
    config: IndexConfig
    model: Model

    def add(
        self,
        articles: Iterable[Article | Failure],
        tally: Tally,
        read: FilesRead | None = None,
    ) -> None:
        """Store articles, a batch at a time, and what ``read`` tells of the files they are from."""
        for batch in batches(map(admitted, articles), ARTICLES_PER_COMMIT):
            self._add_batch(batch, tally, read)
            self.merge_what_is_due()
        if read is not None and read.walked:
            tally.finished.extend(read.walked)
            with self.store.atomic():
                read.put()
                self._forget_failures(tally)

    def remove(self, article_ids: Iterable[str]) -> None:
        """Remove articles, all of them in one commit."""
        with self.store.atomic():
            self._put_settings()
            for article_id in article_ids:
                self.store.texts.delete_unused(self.store.articles.delete(article_id))
        self.merge_what_is_due()

    def drop(self, gone: Gone, roots: Roots, tally: Tally) -> None:
        """Remove what folders no longer have, and forget what could not be read there before."""
        still = {failure.source for failure in tally.failed}
        with self.store.atomic():
            for article_id in gone.articles:
                self.store.texts.delete_unused(self.store.articles.delete(article_id))
            for uri in gone.files:
                self.store.files.forget(uri)
            known = [failure.source for failure in self.store.failures.all()]
            self.store.failures.forget(
                source for source in known if roots.holds(source) and source not in still
            )
        self.merge_what_is_due()

    def forget(self, sources: Iterable[str]) -> None:
        """Forget sources that could not be read."""
        with self.store.atomic():
            self.store.failures.forget(sources)

    def merge_what_is_due(self) -> None:
        """After a commit, which has succeeded whatever becomes of this."""
        merge_what_is_due(self.folder / "segments", self.store)

    def _add_batch(
        self, batch: Sequence[Article | Failure], tally: Tally, read: FilesRead | None
    ) -> None:
        """One batch, one commit: split, embed and write segments, then the transaction."""
        failures = [entry for entry in batch if isinstance(entry, Failure)]
        # Of a source that comes twice in a batch the later one counts.
        articles = {entry.id: entry for entry in batch if isinstance(entry, Article)}
        known = {name: self.store.articles.get(name) for name in articles}
        changed = [a for a in articles.values() if not _is_unchanged(a, known[a.id], tally)]
        fresh = self._new_texts(changed)
        chunks = [split_article(article, self.config, self.model.get()) for article in fresh]
        first = self.store.texts.next_passage_id()
        passages = [(a, chunk) for a, found in zip(fresh, chunks, strict=True) for chunk in found]
        before = [old.text_id for a in fresh if (old := known[a.id])]
        records = self._write_segments(passages, first, before, tally)
        with self.store.atomic():
            self._put_settings()
            for article, pieces in zip(fresh, chunks, strict=True):
                self.store.texts.put(article, first, pieces)
                first += len(pieces)
            replaced = [self._put_article(a, known[a.id], tally) for a in changed]
            self.store.texts.delete_unused(text_id for text_id in replaced if text_id)
            for record in records:
                self.store.segments.put(record)
            self.store.failures.put(failures)
            self.store.failures.forget(article.source for article in articles.values())
            if read is not None:
                read.put()
        tally.failed.extend(failures)
        tally.step(len(batch))

    def _write_segments(
        self,
        passages: Sequence[tuple[Article, Chunk]],
        first: int,
        before: Sequence[int],
        tally: Tally,
    ) -> list[segment.SegmentRecord]:
        """Write passages; vectors of the texts that their articles had ``before`` are kept."""
        from index.indexing.reuse import known_vectors

        if not passages:
            return []
        folder = self.folder / "segments"
        known = known_vectors(self.store, folder, before)
        return write_segments(folder, passages, first, known, self.model.get(), tally.embedded)

    def _new_texts(self, articles: Sequence[Article]) -> list[Article]:
        """The first article of each text that is to be split and embedded."""
        fresh: dict[str, Article] = {}
        for article in articles:
            if article.sha256 not in fresh and self.store.texts.needs_passages(article):
                fresh[article.sha256] = article
        return list(fresh.values())

    def _put_article(
        self, article: Article, known: StoredArticle | None, tally: Tally
    ) -> int | None:
        """Store an article whose text is there; returns the id of the text it had before."""
        text_id = self.store.texts.with_checksum(article.sha256)
        assert text_id is not None
        shared = self.store.articles.count_of(text_id) > 0
        self.store.articles.put(article, text_id)
        if known is not None:
            tally.updated.append(article.id)
        elif shared:
            tally.copies.append(article.id)
        else:
            tally.added.append(article.id)
        return known.text_id if known else None

    def _forget_failures(self, tally: Tally) -> None:
        """Forget what earlier additions could not read of the files that this one has read.

        A failure names a file, a line of it (``file:3``), or a folder it is in.
        """
        read = set(tally.finished)
        read |= {uri[:i] for uri in tally.finished for i, c in enumerate(uri) if c == "/"}
        still = {failure.source for failure in tally.failed}
        known = [failure.source for failure in self.store.failures.all()]
        self.store.failures.forget(
            source
            for source in known
            if source not in still and (source in read or source.rpartition(":")[0] in read)
        )

    def _put_settings(self) -> None:
        known = self.store.settings()
        if not known:
            self.store.put_settings(settings_of(self.config, self.model.get()))
        if IDENTITY not in known:
            self.store.put_settings({IDENTITY: new_identity()})


def rehearse(store: Store, articles: Iterable[Article | Failure], tally: Tally) -> None:
    """Sort articles into those that would be added, updated and so on; nothing is written."""
    last: dict[str, Article] = {}
    for entry in articles:
        if isinstance(entry, Failure):
            tally.failed.append(entry)
        else:
            last[entry.id] = entry
        tally.step(1)
    texts: set[str] = set()
    for article in last.values():
        known = store.articles.get(article.id)
        if not _is_unchanged(article, known, tally):
            copy = article.sha256 in texts or store.texts.with_checksum(article.sha256) is not None
            kind = tally.updated if known else tally.copies if copy else tally.added
            kind.append(article.id)
        texts.add(article.sha256)


def _is_unchanged(article: Article, stored: StoredArticle | None, tally: Tally) -> bool:
    """Whether an article is there as it is; ``tally`` notes it then."""
    if stored is None or _without_fetched(stored.article) != _without_fetched(article):
        return False
    tally.unchanged.append(article.id)
    return True


def _without_fetched(article: Article) -> Article:
    return replace(article, fetched=datetime.min)


def _force_names(folder: Path, *, is_new: bool) -> None:
    """Force the names in the folder to the disk, and a new index's own.

    A writer that was killed may have left them unforced, and SQLite does not look whether its
    own sync of the folder succeeds. Raises IndexFolderError.
    """
    with writing_to(folder):
        segment.sync_folder(folder)
        if is_new:
            segment.sync_folder(folder.absolute().parent)
