"""The index: articles in, ranked passages out. The only module that joins storage and search."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock, RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index.compatibility import check_settings, config_of, dimension_of, embedder_of, settings_of
from index.config import IndexConfig
from index.encoder.embedder import Embedder
from index.encoder.models import DEFAULT, DEFAULT_NAME
from index.errors import (
    ArticleNotFoundError,
    IndexBusyError,
    IndexDamagedError,
    IndexFolderError,
    UsageError,
    writing_to,
)
from index.indexing.fresh import batches, split_article, write_segments
from index.indexing.progress import OnProgress, Tally
from index.indexing.sync import FilesRead, Gone, Roots, find_gone
from index.indexing.upkeep import merge_what_is_due, remove_leftovers
from index.ingest import ReadOptions, count_sources
from index.ingest.files import uri_of
from index.ingest.refusal import admitted
from index.records import (
    AddReport,
    Article,
    ArticleSummary,
    BackupReport,
    CheckReport,
    Failure,
    Filters,
    Hit,
    Passage,
    RepairReport,
    Status,
    SyncReport,
)
from index.search.near_duplicates import distinct
from index.search.reorder import HALF_LIFE, prefer_recent, renumbered, spread
from index.storage import segment
from index.storage.identity import IDENTITY, has_segments, is_there, new_identity
from index.storage.lock import current_writer, writer_lock
from index.storage.rows import StoredPassage
from index.storage.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.search.searcher import Ranked, Searcher

QUERY_CACHE = 64
"""Questions whose vectors are remembered: each is compared with passages, then with sentences."""

_ATTEMPTS = 5
"""Snapshots a reader takes before it believes that a segment's file is missing."""

ARTICLES_PER_COMMIT = 64
"""Small enough that an interruption loses a minute's work, large enough to batch by length."""


def default_path() -> Path:
    """The folder that is used where none is named: ``QA_INDEX``, or the user's data folder."""
    import platformdirs

    named = os.environ.get("QA_INDEX")
    return Path(named) if named else Path(platformdirs.user_data_dir("fundstelle")) / "index"


class Index:
    """A folder of articles that can be searched.

    >>> with Index.open("my-index") as index:           # doctest: +SKIP
    ...     index.add(["articles/"])
    ...     hits = index.search("Wie hoch wurde Scale AI bewertet?", k=5)
    """

    def __init__(
        self,
        path: Path,
        store: Store,
        config: IndexConfig,
        embedder: Embedder | None,
        read_only: bool,
        is_model_named: bool = False,
    ) -> None:
        self.path = path
        self.config = config
        self._embedder = embedder
        self._embedder_lock = RLock()
        self._is_model_named = is_model_named
        self._store = store
        self._read_only = read_only
        self._searcher: Searcher | None = None
        self._searcher_version: tuple[int, int, int] | None = None
        self._query_vectors: dict[str, NDArray[np.float32]] = {}
        self._query_lock = Lock()

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        config: IndexConfig | None = None,
        *,
        read_only: bool = False,
        create: bool = True,
        embedder: Embedder | None = None,
    ) -> Self:
        """Open an index folder, or make one.

        ``config`` counts for a new index; an existing one keeps what it was built with, and a
        ``config`` that differs from it is an IndexMismatchError. ``embedder`` takes the place of
        the model that the configuration names, for a caller who has one open already; otherwise it
        is opened when it is first needed. A model on the hub is fetched only where the caller names
        it, in ``config`` or in the environment, not where a stored configuration does. Raises
        IndexFolderError where there is no index and ``create`` is False, or the folder cannot be
        used.
        """
        folder = Path(path) if path is not None else default_path()
        database = folder / "articles.db"
        if not is_there(database):
            if has_segments(database):
                raise IndexDamagedError(
                    f"{database} is missing, though segments lie beside it, which cannot replace "
                    "it. Restore a backup: qa restore FILE --index NEW_FOLDER"
                )
            if folder.exists() and not folder.is_dir():
                raise IndexFolderError(
                    f"{folder} is a file, and an index is a folder. Name another with --index."
                )
            if read_only or not create:
                raise IndexFolderError(
                    f"There is no index in {folder}. Add articles first: "
                    f"qa --index {folder} add PATH"
                )
            _make_folder(folder)
        store = Store(database, read_only=read_only)
        try:
            settings = store.settings()
            chosen = config_of(settings, config, folder)
            if settings:
                check_settings(settings, chosen, embedder, folder)
        except BaseException:
            store.close()
            raise
        return cls(folder, store, chosen, embedder, read_only, config is not None)

    @property
    def embedder(self) -> Embedder:
        """The model, which is opened when it is first asked for. Raises ModelError."""
        with self._embedder_lock:
            if self._embedder is None:
                opened = embedder_of(self.config, named=self._is_model_named)
                if settings := self._store.settings():
                    check_settings(settings, self.config, opened, self.path)
                self._embedder = opened
            return self._embedder

    def close(self) -> None:
        """Release the files. The index cannot be used afterwards."""
        self._searcher = None
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- articles in ---------------------------------------------------------------------------

    def add(
        self,
        sources: str | Path | Sequence[str | Path],
        options: ReadOptions | None = None,
        *,
        progress: OnProgress | None = None,
    ) -> AddReport:
        """Read files, folders or "-" and store their articles.

        A source that cannot be read is reported in the result; the others go on. Work is committed
        every 64 articles, so what an interruption leaves is whole.
        """
        options = options or ReadOptions()
        sources = [sources] if isinstance(sources, (str, Path)) else sources
        tally = Tally(len(count_sources(sources)) if progress else None, progress)
        with self._writing():
            read = FilesRead(self._store, options)
            self._add(read.read(sources), tally, read)
        return tally.report()

    def add_articles(
        self,
        articles: Iterable[Article | Failure],
        *,
        total: int | None = None,
        progress: OnProgress | None = None,
    ) -> AddReport:
        """Store articles. The same source again is an update; the same text again is a copy."""
        tally = Tally(total, progress)
        with self._writing():
            self._add(articles, tally)
        return tally.report()

    def sync(
        self,
        folders: str | Path | Sequence[str | Path],
        options: ReadOptions | None = None,
        *,
        dry_run: bool = False,
        allow_empty: bool = False,
        progress: OnProgress | None = None,
    ) -> SyncReport:
        """Make the index equal to folders: add, update, and remove what they no longer have.

        Articles from elsewhere stay. Files whose bytes are as they were cost their reading alone. A
        file that cannot be read is reported and tried again the next time; its articles stay.
        Everything new is stored before anything is removed. ``dry_run`` changes nothing. Raises
        SourceError for a folder that is missing or empty, unless ``allow_empty``.
        """
        options = options or ReadOptions()
        folders = [folders] if isinstance(folders, (str, Path)) else folders
        roots = Roots.of(folders, allow_empty=allow_empty)
        tally = Tally(len(count_sources(roots.sources)) if progress else None, progress)
        with nullcontext() if dry_run else self._writing():
            read = FilesRead(self._store, options, skip=True)
            stream = _described(read.read(roots.sources), tally)
            if dry_run:
                self._rehearse(stream, tally)
            else:
                self._add(stream, tally, read)
            tally.unchanged.extend(read.unchanged)
            gone = find_gone(self._store, roots, read, tally.failed)
            tally.describe(self._store.articles.sources())
            if not dry_run:
                self._drop(gone, roots, tally)
        return tally.sync_report(gone.articles, dry_run)

    def _rehearse(self, articles: Iterable[Article | Failure], tally: Tally) -> None:
        """Sort articles into those that would be added, updated and so on."""
        last: dict[str, Article] = {}
        for entry in articles:
            if isinstance(entry, Failure):
                tally.failed.append(entry)
            else:
                last[entry.id] = entry
            tally.step(1)
        texts: set[str] = set()
        for article in last.values():
            if not self._is_unchanged(article, tally):
                known = self._store.articles.get(article.id) is not None
                copy = (
                    article.sha256 in texts
                    or self._store.texts.with_checksum(article.sha256) is not None
                )
                kind = tally.updated if known else tally.copies if copy else tally.added
                kind.append(article.id)
            texts.add(article.sha256)

    def _drop(self, gone: Gone, roots: Roots, tally: Tally) -> None:
        """Remove what a folder no longer has, and forget what could not be read there before."""
        still = {failure.source for failure in tally.failed}
        with self._store.atomic():
            for article_id in gone.articles:
                self._store.texts.delete_unused(self._store.articles.delete(article_id))
            for uri in gone.files:
                self._store.files.forget(uri)
            known = [failure.source for failure in self._store.failures.all()]
            self._store.failures.forget(
                source for source in known if roots.holds(source) and source not in still
            )
        self._merge_what_is_due()

    def _add(
        self,
        articles: Iterable[Article | Failure],
        tally: Tally,
        read: FilesRead | None = None,
    ) -> None:
        for batch in batches(map(admitted, articles), ARTICLES_PER_COMMIT):
            self._add_batch(batch, tally, read)
            self._merge_what_is_due()
        if read is not None and read.walked:
            tally.finished.extend(read.walked)
            with self._store.atomic():
                read.put()
                self._forget_failures(tally)

    def _add_batch(
        self, batch: Sequence[Article | Failure], tally: Tally, read: FilesRead | None = None
    ) -> None:
        """One batch, one commit: split, embed and write segments, then the transaction."""
        failures = [entry for entry in batch if isinstance(entry, Failure)]
        # Of a source that comes twice in a batch the later one counts.
        articles = {entry.id: entry for entry in batch if isinstance(entry, Article)}
        changed = [a for a in articles.values() if not self._is_unchanged(a, tally)]
        fresh = self._new_texts(changed)
        chunks = [
            split_article(a.text, a.title, a.language, self.config, self.embedder)
            for a in fresh.values()
        ]
        first = self._store.texts.next_passage_id()
        records = (
            write_segments(
                self.path / "segments",
                self._store,
                *(list(fresh.values()), chunks),
                *(self.embedder, tally.embedded),
            )
            if any(chunks)
            else []
        )
        with self._store.atomic():
            self._put_settings()
            for article, pieces in zip(fresh.values(), chunks, strict=True):
                self._store.texts.put(article, first, pieces)
                first += len(pieces)
            replaced = [self._put_article(article, tally) for article in changed]
            self._store.texts.delete_unused(text_id for text_id in replaced if text_id)
            for record in records:
                self._store.segments.put(record)
            self._store.failures.put(failures)
            self._store.failures.forget(article.source for article in articles.values())
            if read is not None:
                read.put()
        tally.failed.extend(failures)
        tally.step(len(batch))

    def _is_unchanged(self, article: Article, tally: Tally) -> bool:
        stored = self._store.articles.get(article.id)
        if stored is None or _without_fetched(stored.article) != _without_fetched(article):
            return False
        tally.unchanged.append(article.id)
        return True

    def _new_texts(self, articles: Sequence[Article]) -> dict[str, Article]:
        """By checksum, the first article of each text that is to be split and embedded."""
        fresh: dict[str, Article] = {}
        for article in articles:
            if article.sha256 not in fresh and self._store.texts.needs_passages(article):
                fresh[article.sha256] = article
        return fresh

    def _put_article(self, article: Article, tally: Tally) -> int | None:
        """Store an article whose text is there; returns the id of the text it had before."""
        known = self._store.articles.get(article.id)
        text_id = self._store.texts.with_checksum(article.sha256)
        assert text_id is not None
        shared = self._store.articles.count_of(text_id) > 0
        self._store.articles.put(article, text_id)
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
        known = [failure.source for failure in self._store.failures.all()]
        self._store.failures.forget(
            source
            for source in known
            if source not in still and (source in read or source.rpartition(":")[0] in read)
        )

    def _put_settings(self) -> None:
        known = self._store.settings()
        if not known:
            self._store.put_settings(settings_of(self.config, self.embedder))
        if IDENTITY not in known:
            self._store.put_settings({IDENTITY: new_identity()})

    def remove(self, names: str | Sequence[str]) -> tuple[str, ...]:
        """Remove articles by id, by a unique beginning of it, or by source; returns their ids.

        Raises ArticleNotFoundError, and then removes none.
        """
        names = [names] if isinstance(names, str) else names
        ids = tuple(dict.fromkeys(self._resolve(name) for name in names))
        with self._writing():
            with self._store.atomic():
                self._put_settings()
                for article_id in ids:
                    self._store.texts.delete_unused(self._store.articles.delete(article_id))
            self._merge_what_is_due()
        return ids

    def forget(self, sources: str | Sequence[str] | None = None) -> tuple[str, ...]:
        """Forget sources that could not be read, all of them for None; returns which.

        A source is named as ``status().failures`` names it, or as the path it stands for. Raises
        ArticleNotFoundError for one that no failure names, and then forgets none.
        """
        known = [failure.source for failure in self._store.failures.all()]
        names = [sources] if isinstance(sources, str) else sources
        chosen = known if names is None else [_named(name, known) for name in names]
        with self._writing(), self._store.atomic():
            self._store.failures.forget(chosen)
        return tuple(dict.fromkeys(chosen))

    def _merge_what_is_due(self) -> None:
        """After a commit, which has succeeded whatever becomes of this."""
        merge_what_is_due(self.path / "segments", self._store)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the one writer's lock; it ends with the process that holds it."""
        if self._read_only:
            raise UsageError(f"{self.path} was opened to read only. Open it without read_only.")
        with writer_lock(self.path) as lock, self._store.held(lock.check):
            self._check_built_with()
            self._force_names()
            self._store.force_log()
            remove_leftovers(self.path / "segments", self._store)
            yield

    def _force_names(self) -> None:
        """Force the names in the folder to the disk, and a new index's own.

        A writer that was killed may have left them unforced, and SQLite does not look whether its
        own sync of the folder succeeds. Raises IndexFolderError.
        """
        with writing_to(self.path):
            segment.sync_folder(self.path)
            if not self._store.settings():
                segment.sync_folder(self.path.absolute().parent)

    # --- the whole of it -----------------------------------------------------------------------

    def verify(self) -> CheckReport:
        """Read everything that is stored and compare it with its checksums and with each other."""
        from index.maintenance.check import verify

        return verify(self.path)

    def repair(self) -> RepairReport:
        """Build again what is damaged, from what is sound; what is lost is named in the result."""
        from index.maintenance.repair import repair

        return repair(self.path, self._embedder)

    def backup(self, file: str | Path) -> BackupReport:
        """Write a copy of the newest commit into one file, whoever writes meanwhile."""
        from index.maintenance.backup import backup

        return backup(self.path, Path(file))

    # --- ranked passages out -------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        filters: Filters | None = None,
        language: str | None = None,
        per_article: int | None = None,
        recent: bool | float = False,
    ) -> list[Hit]:
        """The ``k`` best passages for ``query``, best first; copies of one text are one hit.

        ``filters`` apply inside both legs, before their best are taken. ``language`` is the
        query's, an ISO 639-1 code; it is told from the query where it is not given. Beyond
        ``per_article`` passages an article's further ones give way to others nearly as good.
        ``recent`` prefers newer articles: True, or the days in which newness loses half its worth
        (both in ``index.search.reorder``). Raises UsageError for a ``k`` below 1,
        IndexDamagedError.
        """
        if k < 1:
            raise UsageError(f"k is {k}. Ask for at least one passage.")
        filters = filters or Filters()
        with self._snapshot() as searcher:
            ranked = searcher.search(
                query,
                self.embed_queries([query])[0],
                # So deep the legs go in any case; copies and the recent come from further down.
                k=max(k, self.config.candidates),
                language=language,
                within=searcher.rows_within(filters, self._store.texts.passage_ranges)
                if filters
                else None,
            )
            hits = self._hits(ranked, filters, k + 10)
            if recent:
                hits = iter(prefer_recent(list(hits), HALF_LIFE if recent is True else recent))
            if per_article is None:
                return distinct(hits, k)
            return renumbered(spread(distinct(hits, 2 * k), k, per_article))

    def _hits(self, ranked: Sequence[Ranked], filters: Filters, at_once: int) -> Iterator[Hit]:
        """The ranked passages as hits, read from the store ``at_once`` of them at a time."""
        for first in range(0, len(ranked), at_once):
            batch = ranked[first : first + at_once]
            passages = self._store.texts.passages([entry.passage_id for entry in batch])
            owners = self._store.articles.of_texts(
                list({passage.text_id for passage in passages.values()}), filters
            )
            for rank, entry in enumerate(batch, start=first + 1):
                stored = passages[entry.passage_id]
                article, *others = owners[stored.text_id]
                yield Hit(
                    rank=rank,
                    score=entry.score,
                    passage=_passage(stored, article),
                    cosine=entry.cosine,
                    best_sentence=entry.best_sentence,
                    term_share=entry.term_share,
                    dense=entry.dense,
                    lexical=entry.lexical,
                    also_in=tuple(others),
                )

    @contextmanager
    def _snapshot(self) -> Iterator[Searcher]:
        """One commit to read from, and what searches it."""
        missing = set[str]()
        for attempt in range(_ATTEMPTS):
            with self._damage_named(), self._store.snapshot():
                try:
                    searcher = self._current_searcher()
                except segment.FileMissingError as error:
                    # A merge of another process has taken a segment away between reading the rows
                    # and opening the files; the newest commit names others.
                    missing.add(str(error))
                    if attempt < _ATTEMPTS - 1:
                        continue
                    if len(missing) == 1:
                        raise
                    raise IndexBusyError(
                        f"{self.path} is being changed too fast to be read. Try again."
                    ) from error
                yield searcher
                return

    def _current_searcher(self) -> Searcher:
        """What searches the newest commit; made again when a commit has changed it."""
        from index.search.searcher import Searcher

        version = self._store.data_version()
        if self._searcher is None or version != self._searcher_version:
            self._check_built_with()
            self._searcher = Searcher.open(
                self.path / "segments",
                self._store,
                dimension_of(self._store.settings(), self.path),
                self.config,
                self._searcher,
            )
            self._searcher_version = version
        return self._searcher

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        """A large file's content is not read at open; where it leads nowhere, say which it is."""
        try:
            yield
        except (ArithmeticError, LookupError, ValueError) as error:
            for found in self._damage():
                raise IndexDamagedError(
                    f"{found}. qa repair builds it again; or restore a backup."
                ) from error
            raise

    def _damage(self) -> Iterator[str]:
        """What is not as it was written, or was written wrongly, in the segments."""
        for record in self._store.segments.all():
            yield from segment.damage(self.path / "segments", record)
        from index.maintenance.check import verify

        yield from (f"{entry.where}: {entry.problem}" for entry in verify(self.path).damage)

    def _check_built_with(self) -> None:
        """An index that was empty when it was opened may have been begun by another since."""
        settings = self._store.settings()
        if settings:
            config_of(settings, self.config, self.path)
            check_settings(settings, self.config, self._embedder, self.path)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (len(texts), d) of questions, rows of length 1; the latest are remembered."""
        import numpy as np

        with self._query_lock:
            known = {
                text: self._query_vectors[text] for text in texts if text in self._query_vectors
            }
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        known |= zip(missing, self.embedder.embed_queries(missing), strict=True)
        with self._query_lock:
            self._query_vectors |= known
            while len(self._query_vectors) > QUERY_CACHE:
                self._query_vectors.pop(next(iter(self._query_vectors)))
        return np.array([known[text] for text in texts], np.float32).reshape(len(texts), -1)

    def sentence_cosines(
        self, passages: Sequence[Passage], queries: NDArray[np.float32]
    ) -> list[NDArray[np.float32]]:
        """For each passage the cosines (queries, sentences) with ``queries`` (queries, d).

        The stored vectors are compared, and made comparable across languages as in a search.
        """
        with self._snapshot() as searcher:
            pass
        return [self._sentence_cosines(searcher, passage, queries) for passage in passages]

    def _sentence_cosines(
        self, searcher: Searcher, passage: Passage, queries: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        found = searcher.sentence_cosines(passage.id, queries)
        if found is not None:
            return found
        # Another process has removed the passage since it was found.
        texts = [span.of(passage.article.text) for span in passage.sentences]
        return queries @ self.embedder.embed_passages(texts).T

    def rarity(self, terms: Iterable[str]) -> dict[str, float]:
        """The inverse document frequency of each term over all passages; above zero."""
        with self._snapshot() as searcher:
            pass
        return {term: searcher.rarity(term) for term in terms}

    def expand(self, terms: Iterable[str], language: str) -> dict[str, dict[str, float]]:
        """For each term of a query in ``language`` what else in the articles it stands in or for.

        Terms of the live passages, each with the part below 1 of an occurrence that it counts for:
        "bewert" gives {"milliardenbewert": .5}, a compound gives its parts.
        """
        with self._snapshot() as searcher:
            pass
        return searcher.expand(terms, language)

    # --- what is there -------------------------------------------------------------------------

    def article(self, name: str) -> Article:
        """An article by its id, a unique beginning of it, or its source."""
        stored = self._store.articles.get(self._resolve(name))
        if stored is None:
            raise ArticleNotFoundError(f"No article {name} any more. qa list shows what is there.")
        return stored.article

    def articles(self, filters: Filters | None = None) -> list[ArticleSummary]:
        """The articles that a filter lets through, in order of arrival."""
        return self._store.articles.summaries(filters or Filters())

    def status(self) -> Status:
        """How much the index holds, and which sources could not be read."""
        with self._store.snapshot():
            counts, settings = self._store.counts(), self._store.settings()
            return Status(
                path=str(self.path),
                articles=counts.articles,
                texts=counts.texts,
                passages=counts.passages,
                segments=counts.segments,
                bytes=_size_of(self.path),
                model=settings.get("model_name") or self._model_name(),
                dimension=dimension_of(settings, self.path) if settings else 0,
                languages=self._store.articles.languages(),
                failures=self._store.failures.all(),
                writer=str(writer) if (writer := current_writer(self.path)) else None,
            )

    def _model_name(self) -> str:
        """The name of the model that an empty index will be built with."""
        if self._embedder is not None:
            return self._embedder.name
        return DEFAULT_NAME if self.config.model == DEFAULT else self.config.model

    def _resolve(self, name: str) -> str:
        found = next(filter(None, map(self._store.articles.find, _forms_of(name))), [])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ArticleNotFoundError(f"No article {name!r}. qa list shows what is there.")
        raise ArticleNotFoundError(
            f"{name!r} fits {len(found)} articles: {', '.join(found[:5])}. Give more of the id."
        )


def _forms_of(name: str) -> Iterator[str]:
    """What may be stored for a name that a user gives: itself, or the address of that path."""
    if not name:
        return
    with suppress(UnicodeEncodeError):  # of bytes that are no UTF-8 the path alone is a text
        name.encode("utf-8")
        yield name
    with suppress(ValueError):  # a NUL, or half of a surrogate pair: no path has one
        yield uri_of(Path(name))


def _named(name: str, known: Sequence[str]) -> str:
    """The one of ``known`` sources that a user means by it or by its path."""
    for form in _forms_of(name):
        if form in known:
            return form
    raise ArticleNotFoundError(
        f"{name!r} is not among the sources that could not be read. qa status lists them."
    )


def _make_folder(folder: Path) -> None:
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in made:
            segment.sync_folder(path.absolute().parent)
    except OSError as error:
        raise IndexFolderError(
            f"{folder} cannot be made: {error.strerror}. Name another folder with --index."
        ) from error


def _size_of(folder: Path) -> int:
    """Bytes of the files below a folder; what a merge takes away meanwhile does not count."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(parent, name)).st_size
    return size


def _described(articles: Iterable[Article | Failure], tally: Tally) -> Iterator[Article | Failure]:
    for entry in articles:
        if isinstance(entry, Article):
            tally.sources[entry.id] = entry.source
        yield entry


def _without_fetched(article: Article) -> Article:
    return replace(article, fetched=datetime.min)


def _passage(stored: StoredPassage, article: Article) -> Passage:
    return Passage(stored.id, article, stored.start, stored.end, stored.sentences)
