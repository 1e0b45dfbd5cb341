"""The index: articles in, ranked passages out. The only module that joins storage and search."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from index import segment
from index.config import IndexConfig
from index.copies import distinct
from index.embed import Embedder, open_embedder
from index.errors import (
    ArticleNotFoundError,
    IndexBusyError,
    IndexFolderError,
    IndexMismatchError,
    UsageError,
)
from index.ingest import ReadOptions, count_sources, read_sources
from index.ingest.files import uri_of
from index.language import analysis_version, terms
from index.order import HALF_LIFE, prefer_recent, renumbered, spread
from index.records import (
    AddReport,
    Article,
    ArticleSummary,
    Chunk,
    Failure,
    Filters,
    Hit,
    Passage,
    Progress,
    Status,
)
from index.split import split, splitter_version
from index.store import Store, StoredPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.searcher import Ranked, Searcher

QUERY_CACHE = 64
"""Questions whose vectors are remembered: each is compared with passages, then with sentences."""

ARTICLES_PER_COMMIT = 64
"""Small enough that an interruption loses a minute's work, large enough to batch by length."""

OnProgress: TypeAlias = "Callable[[Progress], None]"


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
        self, path: Path, store: Store, config: IndexConfig, embedder: Embedder, read_only: bool
    ) -> None:
        self.path = path
        self.config = config
        self.embedder = embedder
        self._store = store
        self._read_only = read_only
        self._searcher: Searcher | None = None
        self._searcher_version: tuple[int, int] | None = None
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
        the model that the configuration names, for a caller who has one open already. Raises
        IndexFolderError where there is no index and ``create`` is False, or the folder cannot be
        used.
        """
        folder = Path(path) if path is not None else default_path()
        database = folder / "articles.db"
        if not database.is_file():
            if read_only or not create:
                raise IndexFolderError(
                    f"There is no index in {folder}. Add articles first: "
                    f"qa --index {folder} add PATH"
                )
            _make_folder(folder)
        store = Store(database, read_only=read_only)
        try:
            settings = store.settings()
            chosen = _config_of(settings, config, folder)
            embedder = embedder or open_embedder(chosen.model)
            if settings:
                _check_settings(settings, chosen, embedder, folder)
        except BaseException:
            store.close()
            raise
        return cls(folder, store, chosen, embedder, read_only)

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
        tally = _Tally(len(count_sources(sources)) if progress else None, progress)

        def finished(path: Path) -> None:
            tally.finished.append(uri_of(path))

        return self._add(read_sources(sources, options, finished=finished), tally)

    def add_articles(
        self,
        articles: Iterable[Article | Failure],
        *,
        total: int | None = None,
        progress: OnProgress | None = None,
    ) -> AddReport:
        """Store articles. The same source again is an update; the same text again is a copy."""
        return self._add(articles, _Tally(total, progress))

    def _add(self, articles: Iterable[Article | Failure], tally: _Tally) -> AddReport:
        with self._writing():
            stream = iter(articles)
            while batch := list(islice(stream, ARTICLES_PER_COMMIT)):
                self._add_batch(batch, tally)
            if tally.finished:
                with self._store.atomic():
                    self._forget_failures(tally)
        return tally.report()

    def _add_batch(self, batch: Sequence[Article | Failure], tally: _Tally) -> None:
        """One batch, one commit: split, embed and write the segment, then the transaction."""
        failures = [entry for entry in batch if isinstance(entry, Failure)]
        # Of a source that comes twice in a batch the later one counts.
        articles = {entry.id: entry for entry in batch if isinstance(entry, Article)}
        changed = [a for a in articles.values() if not self._is_unchanged(a, tally)]
        fresh = self._new_texts(changed)
        chunks = self._split(list(fresh.values()))
        first = self._store.next_passage_id()
        record = None
        if any(chunks):
            record = self._write_segment(list(fresh.values()), chunks, first, tally)
        with self._store.atomic():
            self._put_settings()
            for article, pieces in zip(fresh.values(), chunks, strict=True):
                self._store.put_text(article, first, pieces)
                first += len(pieces)
            for article in changed:
                self._put_article(article, tally)
            self._store.delete_unused_texts()
            if record:
                self._store.put_segment(record)
            self._store.put_failures(failures)
            self._store.forget_failures(article.source for article in articles.values())
        tally.failed.extend(failures)
        tally.step(len(batch))

    def _is_unchanged(self, article: Article, tally: _Tally) -> bool:
        stored = self._store.stored_article(article.id)
        if stored is None or _without_fetched(stored.article) != _without_fetched(article):
            return False
        tally.unchanged.append(article.id)
        return True

    def _new_texts(self, articles: Sequence[Article]) -> dict[str, Article]:
        """By checksum, the first article of each text that is to be split and embedded."""
        fresh: dict[str, Article] = {}
        for article in articles:
            if article.sha256 not in fresh and self._store.needs_passages(article):
                fresh[article.sha256] = article
        return fresh

    def _split(self, articles: Sequence[Article]) -> list[tuple[Chunk, ...]]:
        return [
            split(
                article.text,
                title=article.title,
                language=article.language,
                count_tokens=self.embedder.count_tokens,
                limit=self.config.passage_tokens,
                maximum=self.embedder.max_tokens - 32,
            )
            for article in articles
        ]

    def _write_segment(
        self,
        articles: Sequence[Article],
        chunks: Sequence[Sequence[Chunk]],
        first: int,
        tally: _Tally,
    ) -> segment.SegmentRecord:
        import numpy as np

        from index.centres import language_arrays
        from index.lexical import compile_postings

        pairs = [
            (article, chunk)
            for article, pieces in zip(articles, chunks, strict=True)
            for chunk in pieces
        ]
        passages = [_embedded_text(article, chunk) for article, chunk in pairs]
        vectors = self.embedder.embed_passages(passages, tally.embedded)
        sentences = self.embedder.embed_passages(
            [span.of(article.text) for article, chunk in pairs for span in chunk.sentences]
        )
        sentence_ends = np.cumsum([len(chunk.sentences) for _, chunk in pairs], dtype=np.int64)
        languages = [article.language for article, _ in pairs]
        postings = compile_postings(
            [terms(text, language) for text, language in zip(passages, languages, strict=True)]
        )
        return segment.write(
            self.path / "segments",
            {
                "ids": np.arange(first, first + len(pairs), dtype=np.int64),
                "vectors": vectors.astype(np.float16),
                "sentences": sentences.astype(np.float16),
                "sentence_ends": sentence_ends,
                **language_arrays(languages, vectors, sentences, sentence_ends),
                **postings.arrays(),
            },
        )

    def _put_article(self, article: Article, tally: _Tally) -> None:
        known = self._store.stored_article(article.id)
        text_id = self._store.text_with(article.sha256)
        assert text_id is not None
        shared = self._store.articles_of_text(text_id) > 0
        self._store.put_article(article, text_id)
        if known is not None:
            tally.updated.append(article.id)
        elif shared:
            tally.copies.append(article.id)
        else:
            tally.added.append(article.id)

    def _forget_failures(self, tally: _Tally) -> None:
        """Forget what earlier additions could not read of the files that this one has read.

        A failure names a file, a line of it (``file:3``), or a folder it is in.
        """
        read = set(tally.finished)
        read |= {uri[:i] for uri in tally.finished for i, c in enumerate(uri) if c == "/"}
        still = {failure.source for failure in tally.failed}
        known = [failure.source for failure in self._store.failures()]
        self._store.forget_failures(
            source
            for source in known
            if source not in still and (source in read or source.rpartition(":")[0] in read)
        )

    def _put_settings(self) -> None:
        if not self._store.settings():
            self._store.put_settings(_settings_of(self.config, self.embedder))

    def remove(self, names: str | Sequence[str]) -> tuple[str, ...]:
        """Remove articles by id, by a unique beginning of it, or by source; returns their ids.

        Raises ArticleNotFoundError, and then removes none.
        """
        names = [names] if isinstance(names, str) else names
        ids = tuple(dict.fromkeys(self._resolve(name) for name in names))
        with self._writing(), self._store.atomic():
            for article_id in ids:
                self._store.delete_article(article_id)
            self._store.delete_unused_texts()
        return ids

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the one writer's lock; it ends with the process that holds it."""
        import filelock

        if self._read_only:
            raise UsageError(f"{self.path} was opened to read only. Open it without read_only.")
        lock = filelock.FileLock(self.path / "writer.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise IndexBusyError(
                f"Another process is writing to {self.path}. Wait until it has ended, then try "
                "again."
            ) from error
        try:
            self._check_built_with()
            known = {record.name for record in self._store.segments()}
            segment.remove_leftovers(self.path / "segments", known)
            yield
        finally:
            lock.release()

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
        ``per_article`` passages an article's further ones give way to others nearly as good
        (``index.order.spread``). ``recent`` prefers newer articles: True, or the days in which
        newness loses half its worth (``index.order.prefer_recent``). Raises UsageError for a ``k``
        below 1, IndexDamagedError.
        """
        if k < 1:
            raise UsageError(f"k is {k}. Ask for at least one passage.")
        filters = filters or Filters()
        with self._store.snapshot():
            ranked = self._current_searcher().search(
                query,
                self.embed_queries([query])[0],
                # So deep the legs go in any case; copies and the recent come from further down.
                k=max(k, self.config.candidates),
                language=language,
                passage_ids=self._store.passage_ids(filters) if filters else None,
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
            passages = self._store.passages([entry.passage_id for entry in batch])
            owners = self._store.articles_with(
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

    def _current_searcher(self) -> Searcher:
        """What searches the newest commit; made again when a commit has changed it."""
        from index.searcher import Searcher

        version = self._store.data_version()
        if self._searcher is None or version != self._searcher_version:
            self._check_built_with()
            self._searcher = Searcher.open(
                self.path / "segments", self._store, self.embedder, self.config
            )
            self._searcher_version = version
        return self._searcher

    def _check_built_with(self) -> None:
        """An index that was empty when it was opened may have been begun by another since."""
        settings = self._store.settings()
        if settings:
            _config_of(settings, self.config, self.path)
            _check_settings(settings, self.config, self.embedder, self.path)

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
        with self._store.snapshot():
            searcher = self._current_searcher()
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
        with self._store.snapshot():
            searcher = self._current_searcher()
        return {term: searcher.rarity(term) for term in terms}

    def expand(self, terms: Iterable[str], language: str) -> dict[str, dict[str, float]]:
        """For each term of a query in ``language`` what else in the articles it stands in or for.

        Terms of the live passages, each with the part below 1 of an occurrence that it counts for:
        "bewert" gives {"milliardenbewert": .5}, a compound gives its parts.
        """
        with self._store.snapshot():
            searcher = self._current_searcher()
        return searcher.expand(terms, language)

    # --- what is there -------------------------------------------------------------------------

    def article(self, name: str) -> Article:
        """An article by its id, a unique beginning of it, or its source."""
        stored = self._store.stored_article(self._resolve(name))
        if stored is None:
            raise ArticleNotFoundError(f"No article {name} any more. qa list shows what is there.")
        return stored.article

    def articles(self, filters: Filters | None = None) -> list[ArticleSummary]:
        """The articles that a filter lets through, in order of arrival."""
        return self._store.summaries(filters or Filters())

    def status(self) -> Status:
        """How much the index holds, and which sources could not be read."""
        with self._store.snapshot():
            counts = self._store.counts()
            return Status(
                path=str(self.path),
                articles=counts.articles,
                texts=counts.texts,
                passages=counts.passages,
                segments=counts.segments,
                bytes=sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file()),
                model=self._store.settings().get("model_name", self.embedder.name),
                dimension=int(self._store.settings().get("dimension", 0)),
                languages=self._store.languages(),
                failures=self._store.failures(),
            )

    def _resolve(self, name: str) -> str:
        found = self._store.find_articles(name) if name else []
        if len(found) == 1:
            return found[0]
        if not found:
            raise ArticleNotFoundError(f"No article {name!r}. qa list shows what is there.")
        raise ArticleNotFoundError(
            f"{name!r} fits {len(found)} articles: {', '.join(found[:5])}. Give more of the id."
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise IndexFolderError(
            f"{folder} cannot be made: {error.strerror}. Name another folder with --index."
        ) from error


def _config_of(settings: dict[str, str], config: IndexConfig | None, folder: Path) -> IndexConfig:
    """The configuration of a new index, or one that agrees with a stored one's."""
    if not settings:
        return config or IndexConfig()
    stored = json.loads(settings["config"])
    if config is None:
        return replace(IndexConfig(), **stored)
    if config.built_with() != stored:
        raise IndexMismatchError(
            f"{folder} was built with {stored}, and {config.built_with()} was asked for. Leave the "
            "settings out, or build another index: qa --index NEW_FOLDER add PATH"
        )
    return config


def _settings_of(config: IndexConfig, embedder: Embedder) -> dict[str, str]:
    """What an index remembers of what it was built with."""
    return {
        "config": json.dumps(config.built_with()),
        "model_name": embedder.name,
        "model": embedder.fingerprint,
        "dimension": str(embedder.dimension),
        "analysis": analysis_version,
        "splitter": splitter_version,
        "segments": segment.LAYOUT,
    }


def _check_settings(
    settings: dict[str, str], config: IndexConfig, embedder: Embedder, folder: Path
) -> None:
    """Refuse an index that was built with another model, analysis or splitter."""
    for name, ours in _settings_of(config, embedder).items():
        if name != "config" and settings.get(name) != ours:
            raise IndexMismatchError(
                f"{folder} was built with {name} {settings.get(name)}, and this is {name} {ours}. "
                f"Build it again in a new folder: qa --index NEW_FOLDER add PATH"
            )


def _embedded_text(article: Article, chunk: Chunk) -> str:
    """What a passage is found by: its title, then its own text."""
    text = article.text[chunk.start : chunk.end]
    if not article.title or text.startswith(article.title):
        return text
    return f"{article.title}\n{text}"


def _without_fetched(article: Article) -> Article:
    return replace(article, fetched=datetime.min)


def _passage(stored: StoredPassage, article: Article) -> Passage:
    return Passage(stored.id, article, stored.start, stored.end, stored.sentences)


@dataclass
class _Tally:
    """What an addition has done so far, told to the caller as it goes."""

    total: int | None
    progress: OnProgress | None
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    """The addresses of the files that were read to their end."""
    articles: int = 0
    passages: int = 0

    def embedded(self, passages: int) -> None:
        self.passages += passages
        self._tell()

    def step(self, articles: int) -> None:
        self.articles += articles
        self._tell()

    def _tell(self) -> None:
        if self.progress:
            self.progress(Progress(self.articles, self.total, self.passages))

    def report(self) -> AddReport:
        return AddReport(
            added=tuple(self.added),
            updated=tuple(self.updated),
            unchanged=tuple(self.unchanged),
            copies=tuple(self.copies),
            failed=tuple(self.failed),
            passages=self.passages,
        )
