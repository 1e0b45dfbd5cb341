"""The index as a caller sees it: articles in, ranked passages out; it joins storage and search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index.compatibility import Model, check_settings, config_of
from index.config import IndexConfig
from index.encoder.embedder import Embedder
from index.errors import ArticleNotFoundError, UsageError
from index.indexing.progress import OnProgress, Tally
from index.maintenance.named import damage_named
from index.naming import article_id_of, failed_source
from index.opening import default_path, open_record
from index.records import (
    AS_IT_IS,
    AddReport,
    Article,
    ArticlePage,
    ArticleQuery,
    ArticleSummary,
    AsItIs,
    BackupReport,
    CheckReport,
    Failure,
    Filters,
    Hit,
    Holdings,
    RepairReport,
    Status,
    SyncReport,
)
from index.search.commits import Commits
from index.search.query_vectors import QueryVectors
from index.storage.store import Store
from index.translation import text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.indexing.withdrawal import Withdrawn
    from index.indexing.writer import Writer
    from index.ingest import ReadOptions
    from index.search.snapshot import Snapshot


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
        self._store = store
        self._read_only = read_only
        self._model = Model(path, config, store, embedder, is_model_named)
        self._query_vectors = QueryVectors(self._model.get)
        self._commits = Commits(store.path, config, self._model.check)
        self._damage_named = partial(damage_named, path, store)

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
        store = open_record(folder, read_only=read_only, create=create)
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
        return self._model.get()

    def close(self) -> None:
        """Release the files. The index cannot be used afterwards."""
        self._commits.close()
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
        stop: Callable[[], bool] | None = None,
    ) -> AddReport:
        """Read files, folders or "-" and store their articles.

        A source that cannot be read is reported in the result; the others go on. Work is committed
        every 64 articles, so what an interruption leaves is whole. ``stop`` is asked before each
        article is read: when it says yes, those at hand are stored and the others left.
        """
        # Reading and writing are imported where they are needed: a question waits for neither.
        from index.indexing.sync import FilesRead
        from index.ingest import ReadOptions
        from index.ingest.files import walk

        options = options or ReadOptions()
        sources = [sources] if isinstance(sources, (str, Path)) else sources
        found = list(walk(sources))
        tally = Tally.of_files(found, progress)
        with self._writing() as writer:
            read = FilesRead(self._store, options, stop=stop)
            writer.add(read.read(found), tally, read)
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
        with self._writing() as writer:
            writer.add(articles, tally)
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
        from index.indexing.sync import FilesRead, Roots
        from index.indexing.writer import make_equal
        from index.ingest import ReadOptions

        folders = [folders] if isinstance(folders, (str, Path)) else folders
        roots = Roots.of(folders, allow_empty=allow_empty)
        tally = Tally.of_files(roots.files, progress)
        with nullcontext() if dry_run else self._writing() as writer:
            read = FilesRead(self._store, options or ReadOptions(), skip=True)
            gone = make_equal(self._store, roots, read, tally, writer)
        return tally.sync_report(gone, dry_run)

    def remove(self, names: str | Sequence[str]) -> tuple[str, ...]:
        """Remove articles by id, by a unique beginning of it, or by source; returns their ids.

        Raises ArticleNotFoundError, and then removes none.
        """
        names = [names] if isinstance(names, str) else names
        ids = tuple(dict.fromkeys(article_id_of(name, self._store) for name in names))
        with self._writing() as writer:
            writer.remove(ids)
        return ids

    def withdraw(self, ids: Sequence[str]) -> Withdrawn:
        """Remove those of the articles that are there; returns them, to be ``put_back``."""
        with self._writing() as writer:
            return writer.withdraw(ids)

    def put_back(self, taken: Withdrawn) -> tuple[str, ...]:
        """Add withdrawn articles again as they were; returns the ids of those put back.

        What was added from the same source in the meantime stays instead.
        """
        with self._writing() as writer:
            return writer.put_back(taken)

    def edit(
        self,
        name: str,
        *,
        title: str | AsItIs = AS_IT_IS,
        publisher: str | AsItIs | None = AS_IT_IS,
        published: date | AsItIs | None = AS_IT_IS,
    ) -> Article:
        """Change what is said of an article, whose text stays; returns it as it is now.

        Passages are found by the title as well: with another one their vectors are made anew, not
        those of their sentences. ``sync`` keeps what was changed as long as the article's file is
        the same. Raises ArticleNotFoundError, UsageError.
        """
        article_id = article_id_of(name, self._store)
        told = {"title": title, "publisher": publisher, "published": published}
        with self._writing() as writer:
            edited = writer.edit(article_id, {k: v for k, v in told.items() if v is not AS_IT_IS})
        return _there(name, edited)

    def forget(self, sources: str | Sequence[str] | None = None) -> tuple[str, ...]:
        """Forget sources that could not be read, all of them for None; returns which.

        A source is named as ``status().failures`` names it, or as the path it stands for. Raises
        ArticleNotFoundError for one that no failure names, and then forgets none.
        """
        known = [failure.source for failure in self.failures()]
        names = [sources] if isinstance(sources, str) else sources
        chosen = known if names is None else [failed_source(name, known) for name in names]
        with self._writing() as writer:
            writer.forget(chosen)
        return tuple(dict.fromkeys(chosen))

    def _writing(self) -> AbstractContextManager[Writer]:
        if self._read_only:
            raise UsageError(
                text("{path} was opened to read only. Open it without read_only.", path=self.path)
            )
        from index.indexing.writer import writing

        return writing(self.path, self._store, self.config, self._model)

    # --- the whole of it -----------------------------------------------------------------------

    def verify(self) -> CheckReport:
        """Read everything that is stored and compare it with its checksums and with each other."""
        from index.maintenance.check import verify

        return verify(self.path)

    def repair(self) -> RepairReport:
        """Build again what is damaged, from what is sound; what is lost is named in the result."""
        from index.maintenance.repair import repair

        return repair(self.path, self._model.opened)

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
        with self.snapshot() as snapshot:
            return snapshot.search(
                query,
                k=k,
                filters=filters,
                language=language,
                per_article=per_article,
                recent=recent,
            )

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One commit to read from, the newest; what is written meanwhile is not seen.

        >>> with index.snapshot() as snapshot:              # doctest: +SKIP
        ...     hits = snapshot.search("Wie hoch wurde Scale AI bewertet?")
        ...     idf = snapshot.idf(["bewert"])
        """
        from index.search.snapshot import Snapshot

        with ExitStack() as stack:
            with self._damage_named():
                reader, searcher = stack.enter_context(self._commits.newest())
            yield Snapshot(
                *(reader, searcher, self.config),
                *(self._query_vectors, self._model.get, self._damage_named),
            )

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (len(texts), d) of questions, rows of length 1; the latest are remembered."""
        return self._query_vectors.of(texts)

    def begin_loading(self) -> None:
        """Load the model in a thread; whoever embeds a question meanwhile waits for it."""
        self._model.begin_loading()

    # --- what is there -------------------------------------------------------------------------

    def article(self, name: str) -> Article:
        """An article by its id, a unique beginning of it, or its source."""
        stored = self._store.articles.get(article_id_of(name, self._store))
        return _there(name, stored.article if stored else None)

    def copies(self, name: str) -> tuple[Article, ...]:
        """The other articles with the text of this one, the first published first."""
        return self._store.browsing.copies(article_id_of(name, self._store))

    def articles(self, filters: Filters | None = None) -> list[ArticleSummary]:
        """The articles that a filter lets through, in order of arrival."""
        return self._store.articles.summaries(filters or Filters())

    def article_page(self, query: ArticleQuery) -> ArticlePage:
        """One page of a listing, searched and ordered. Raises UsageError for one of no size."""
        return self._store.browsing.page(query)

    def article_ids(self, query: ArticleQuery, most: int) -> list[str]:
        """The ids of the first ``most`` articles of all pages of a listing."""
        return self._store.browsing.ids(query, most)

    def holdings(self) -> Holdings:
        """How much there is, from when to when, of which publishers and languages."""
        from index.maintenance.status import writer_of

        return self._store.browsing.holdings(writer_of(self.path))

    def failures(self) -> tuple[Failure, ...]:
        """The sources that could not be read."""
        return self._store.failures.all()

    def failed_files(self) -> dict[str, str]:
        """Those of the failed sources that are files on this machine, or rows of such: the file."""
        return self._store.failures.of_files()

    def status(self) -> Status:
        """How much the index holds, and which sources could not be read."""
        from index.maintenance.status import status_of

        return status_of(self.path, self._store, self.config, self._model)


def _there(name: str, article: Article | None) -> Article:
    """The article, which may have been removed since its name was looked up."""
    if article is None:
        raise ArticleNotFoundError(
            text("No article {name} any more. qa list shows what is there.", name=name)
        )
    return article
