"""Which articles came from which file, so that an index can be made equal to a folder.

A file is recognised by the SHA-256 of its bytes, never by size and time alone: those stay the same
when a file is restored, unpacked or edited twice within a tick of the clock. So every file is read,
which is cheap; what has not changed is not extracted, split or embedded again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from index.errors import SourceError, UsageError
from index.ingest import ReadOptions, SourceFile
from index.ingest.files import STDIN, distinct, expand, uri_of
from index.ingest.refusal import admitted
from index.records import Article, Failure
from index.storage.files import ReadFile
from index.storage.store import Store
from index.translation import text


@dataclass
class FilesRead:
    """Reads files, and notes what each gave, for the record.

    With ``skip`` a file is left out whose articles are all there as it would give them; their ids
    are then in ``unchanged``. ``stop`` is asked before each file and each article: once it says yes
    nothing more is read, and the file at hand does not count as read.
    """

    store: Store
    options: ReadOptions
    skip: bool = False
    stop: Callable[[], bool] | None = None
    unchanged: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Ids of the articles that the files read and left out have."""
    walked: list[str] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    """Files of which not everything could be read."""

    def __post_init__(self) -> None:
        self._read_as = _read_as(self.options)
        self._known = self.store.files.all()
        self._checks = self.store.articles.checks() if self.skip else {}
        self._hashes: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._paths: dict[str, Path] = {}
        self._places: dict[str, int] = {}
        self._given: dict[str, dict[str, None]] = {}
        self._finished: list[str] = []
        self._origin: dict[str, str] = {}
        self._owners: dict[str, list[str]] = {}

    def read(self, found: Iterable[Path | Failure]) -> Iterator[Article | Failure]:
        """What the files ``found`` hold, without those that are left out."""
        found = list(found)
        if self.skip:
            self._find_owners(found)
        for item in found:
            if self._is_stopped():
                return
            if isinstance(item, Failure):
                yield admitted(item)
            elif item == STDIN:
                yield from SourceFile(item, self.options).items(self._texts)
            else:
                yield from self._read(SourceFile(item, self.options))

    def put(self) -> None:
        """Record the files finished since the last time; in the transaction of their articles."""
        for uri in self._finished:
            articles = {name: self._origin.get(name) == uri for name in self._given.pop(uri)}
            whole = uri not in self.incomplete
            if not whole and uri in self._known:
                # Which of its articles could not be read cannot be told: none counts as gone.
                articles = dict.fromkeys(self._known[uri].articles, False) | articles
            self.store.files.put(uri, self._hashes[uri] if whole else "", self._read_as, articles)
        self._finished.clear()

    def known_before(self) -> dict[str, ReadFile]:
        """What files had given before this reading, by their addresses."""
        return self._known

    def _find_owners(self, found: Iterable[Path | Failure]) -> None:
        """Which of the files gave each article when they were last read."""
        self._paths = {uri_of(path): path for path in found if isinstance(path, Path)}
        self._places = {uri: place for place, uri in enumerate(self._paths)}
        for uri, known in self._known.items():
            for article_id in known.articles if uri in self._places else ():
                self._owners.setdefault(article_id, []).append(uri)

    def _read(self, file: SourceFile) -> Iterator[Article | Failure]:
        """What one file holds; nothing of one that is left out."""
        uri = file.uri
        self.walked.append(uri)
        if self.skip and self._is_current(file):
            ids = self._known[uri].articles
            self.seen.update(ids)
            self.unchanged.extend(ids)
            return
        self._given[uri] = {}
        for item in file.items(self._texts):
            if self._is_stopped():
                self.walked.pop()
                del self._given[uri]
                return
            if isinstance(item, Failure):
                self.incomplete.add(uri)
                yield item
            else:
                self.seen.add(item.id)
                self._given[uri][item.id] = None
                if not self._is_overruled(item.id, uri):
                    self._origin[item.id] = uri
                    yield item
        # That of the bytes its articles were made from.
        self._hashes[uri] = file.sha256
        self._finished.append(uri)

    def _is_stopped(self) -> bool:
        return self.stop is not None and self.stop()

    def _is_current(self, file: SourceFile) -> bool:
        """Whether a file is as it was, and its articles in the index are as it gave them."""
        known = self._known.get(file.uri)
        return (
            known is not None
            and known.read_as == self._read_as
            and bool(known.sha256)
            and known.sha256 == self._hash(file)
            and all(
                check is not None and self._checks.get(article_id) == check
                for article_id, check in known.articles.items()
            )
        )

    def _is_overruled(self, article_id: str, uri: str) -> bool:
        """Whether a later file that is left out gives the version of this article that counts."""
        return any(
            self._places[other] > self._places[uri]
            and self._is_current(SourceFile(self._paths[other], self.options))
            for other in self._owners.get(article_id, ())
            if other != uri
        )

    def _hash(self, file: SourceFile) -> str:
        if file.uri not in self._hashes:
            self._hashes[file.uri] = file.sha256
        return self._hashes[file.uri]


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders that an index is made equal to, and the files in them."""

    uris: tuple[str, ...]
    files: tuple[Path | Failure, ...]

    @classmethod
    def of(cls, folders: Sequence[str | Path], *, allow_empty: bool) -> Roots:
        """Walks the folders. Raises SourceError for a missing or empty one, unless allowed."""
        if not folders:
            raise UsageError(text("No folder to make the index equal to. Name one: qa sync FOLDER"))
        paths = [Path(folder) for folder in folders]
        files: list[Path | Failure] = []
        for path in paths:
            found, reason = _files_in(path)
            if reason and not allow_empty:
                raise SourceError(
                    str(path),
                    text(
                        "{reason}. Nothing was removed. --allow-empty removes all that came "
                        "from it",
                        reason=reason,
                    ),
                )
            files += [] if reason else found
        return cls(tuple(uri_of(path) for path in paths), tuple(distinct(files)))

    def holds(self, uri: str) -> bool:
        """Whether a file's address, or what begins with it, lies below one of the folders."""
        return any(uri == root or uri.startswith(f"{root.rstrip('/')}/") for root in self.uris)


@dataclass(frozen=True, slots=True)
class Gone:
    """What the folders no longer have: ids of articles, and files."""

    articles: tuple[str, ...]
    files: tuple[str, ...]


def find_gone(store: Store, roots: Roots, read: FilesRead, failed: Iterable[Failure]) -> Gone:
    """What is in the index and no longer in the folders.

    An article that another file has too is not gone, nor what is in a file or folder that could
    not be read this time.
    """
    unread = {failure.source for failure in failed} | read.incomplete
    before, walked = read.known_before(), set(read.walked)

    def is_kept(uri: str) -> bool:
        return any(name in unread for name in _and_folders_of(uri))

    files = [u for u in before if roots.holds(u) and u not in walked and not is_kept(u)]
    candidates = {name for uri in files for name in before[uri].articles}
    candidates.update(
        name
        for uri in walked & before.keys()
        if uri not in read.incomplete
        for name in before[uri].articles
    )
    # What was added in another way has an address in the folder at least.
    candidates.update(
        name
        for source, name in store.articles.sources().items()
        if roots.holds(source) and not is_kept(source.partition("#")[0])
    )
    elsewhere = {
        name for uri in before.keys() - walked - set(files) for name in before[uri].articles
    }
    known = store.articles.checks()
    candidates -= read.seen | elsewhere
    gone = [name for name in known if name in candidates]
    return Gone(tuple(gone), tuple(files))


def _and_folders_of(uri: str) -> Iterator[str]:
    yield uri
    yield from (uri[:i] for i, c in enumerate(uri) if c == "/")


def _files_in(path: Path) -> tuple[list[Path | Failure], str | None]:
    """What is in a folder, and why it has nothing to read where it has nothing.

    Raises UsageError.
    """
    if str(path) == "-" or path.is_file():
        raise UsageError(text("{path} is not a folder. qa add {path} adds it", path=path))
    if not path.is_dir():
        return [], text("there is no such folder")
    found = list(expand(path))
    if any(isinstance(item, Path) for item in found):
        return found, None
    return found, text("the folder holds no file that can be read")


def _read_as(options: ReadOptions) -> str:
    """What else than a file's bytes decides on the articles it gives."""
    chosen = asdict(options)
    del chosen["stdin_format"], chosen["max_bytes"], chosen["seconds"]
    return json.dumps(chosen | {name: _version(name) for name in ("fundstelle", "trafilatura")})


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""
