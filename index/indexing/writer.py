"""The one writer of an index: articles in, and out, each batch of them one commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.compatibility import Model, settings_of
from index.config import IndexConfig
from index.errors import UsageError, writing_to
from index.indexing.fresh import batches, split_article, write_segments
from index.indexing.progress import Tally
from index.indexing.sync import FilesRead, Gone, Roots, find_gone
from index.indexing.upkeep import merge_what_is_due, remove_leftovers
from index.ingest.refusal import admitted
from index.records import Article, Chunk, Failure
from index.storage import segment
from index.storage.articles import StoredArticle
from index.storage.identity import IDENTITY, new_identity
from index.storage.lock import writer_lock
from index.storage.store import Store

if TYPE_CHECKING:
    from index.indexing.withdrawal import Withdrawn

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

    def withdraw(self, article_ids: Iterable[str]) -> Withdrawn:
        """Remove those of the articles that are there, and keep what puts them back."""
        from index.indexing.withdrawal import withdrawn

        taken = withdrawn(self.store, self.folder / "segments", article_ids)
        if taken.stored:
            self.remove(article.id for article in taken.articles)
        return taken

    def put_back(self, taken: Withdrawn) -> tuple[str, ...]:
        """Add the articles again as they were; one whose source was added since stays out."""
        tally = Tally(None, None)
        for batch in batches(taken.articles, ARTICLES_PER_COMMIT):
            articles = [entry for entry in batch if isinstance(entry, Article)]
            there = self.store.articles.checks([article.id for article in articles])
            missing = [article for article in articles if article.id not in there]
            with self._storing(missing, {}, tally, taken):
                pass
            self.merge_what_is_due()
        return (*tally.added, *tally.copies)

    def edit(self, article_id: str, changes: Mapping[str, Any]) -> Article | None:
        """Change what is said of an article, in one commit; None where there is none (any more).

        Raises UsageError for what cannot be stored.
        """
        known = self.store.articles.get(article_id)
        if known is None:
            return None
        article = replace(known.article, **changes)
        if isinstance(refused := admitted(article), Failure):
            raise UsageError(refused.reason)
        if article == known.article:
            return article
        [before] = self.store.articles.checks([article_id]).values()
        with self._storing([article], {article_id: known}, Tally(None, None)):
            [after] = self.store.articles.checks([article_id]).values()
            self.store.files.follow(article_id, before, after)
        self.merge_what_is_due()
        return article

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
        """One batch, one commit, with what could not be read of it."""
        failures = [entry for entry in batch if isinstance(entry, Failure)]
        # Of a source that comes twice in a batch the later one counts.
        articles = {entry.id: entry for entry in batch if isinstance(entry, Article)}
        known = {name: self.store.articles.get(name) for name in articles}
        changed = [a for a in articles.values() if not _is_unchanged(a, known[a.id], tally)]
        with self._storing(changed, known, tally):
            self.store.failures.put(failures)
            self.store.failures.forget(article.source for article in articles.values())
            if read is not None:
                read.put()
        tally.failed.extend(failures)
        tally.step(len(batch))

    @contextmanager
    def _storing(
        self,
        articles: Sequence[Article],
        known: Mapping[str, StoredArticle | None],
        tally: Tally,
        taken: Withdrawn | None = None,
    ) -> Iterator[None]:
        """One commit: split, embed, write segments, then the transaction with what the caller adds.

        ``known`` has the articles that are there, by their ids. Those ``taken`` out before come
        back with the rows and vectors that they had.
        """
        fresh = self._new_texts(articles)
        chunks = [split_article(article, self.config, self.model.get()) for article in fresh]
        first = self.store.texts.next_passage_id()
        passages = [(a, chunk) for a, found in zip(fresh, chunks, strict=True) for chunk in found]
        records = self._write_segments(passages, first, known, tally, taken)
        rows = {entry.article.id: entry for entry in taken.stored} if taken else {}
        with self.store.atomic():
            self._put_settings()
            for article, pieces in zip(fresh, chunks, strict=True):
                row = rows.get(article.id)
                self.store.texts.put(article, first, pieces, row.text_id if row else None)
                first += len(pieces)
            replaced = [
                self._put_article(a, known.get(a.id), tally, rows.get(a.id)) for a in articles
            ]
            self.store.texts.delete_unused(text_id for text_id in replaced if text_id)
            for record in records:
                self.store.segments.put(record)
            yield

    def _write_segments(
        self,
        passages: Sequence[tuple[Article, Chunk]],
        first: int,
        known: Mapping[str, StoredArticle | None],
        tally: Tally,
        taken: Withdrawn | None,
    ) -> list[segment.SegmentRecord]:
        """Write passages; vectors that their articles had before are kept."""
        from index.indexing.reuse import known_vectors

        if not passages:
            return []
        folder = self.folder / "segments"
        articles = {article.id: article for article, _ in passages}
        if taken is not None:
            vectors = taken.vectors_of(articles.values())
        else:
            before = [old.text_id for name in articles if (old := known.get(name))]
            vectors = known_vectors(self.store, folder, before)
        return write_segments(folder, passages, first, vectors, self.model.get(), tally.embedded)

    def _new_texts(self, articles: Sequence[Article]) -> list[Article]:
        """The first article of each text that is to be split and embedded."""
        fresh: dict[str, Article] = {}
        for article in articles:
            if article.sha256 not in fresh and self.store.texts.needs_passages(article):
                fresh[article.sha256] = article
        return list(fresh.values())

    def _put_article(
        self,
        article: Article,
        known: StoredArticle | None,
        tally: Tally,
        taken: StoredArticle | None,
    ) -> int | None:
        """Store an article whose text is there; returns the id of the text it had before."""
        text_id = self.store.texts.with_checksum(article.sha256)
        assert text_id is not None
        shared = self.store.articles.count_of(text_id) > 0
        self.store.articles.put(article, text_id, taken.number if taken else None)
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


def make_equal(
    store: Store, roots: Roots, read: FilesRead, tally: Tally, writer: Writer | None
) -> tuple[str, ...]:
    """Make the index equal to folders; returns the ids of the articles that they no longer have.

    Without a ``writer`` nothing is changed, and ``tally`` has what would be.
    """
    stream = tally.named(read.read(roots.files))
    if writer is None:
        rehearse(store, stream, tally)
    else:
        writer.add(stream, tally, read)
    tally.unchanged.extend(read.unchanged)
    gone = find_gone(store, roots, read, tally.failed)
    tally.describe(store.articles.sources())
    if writer is not None:
        writer.drop(gone, roots, tally)
    return gone.articles


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
