"""Indexes that are not what they should be: replaced, cut off, written wrongly, made by others.

Each is opened, read, searched, checked, written to and repaired. Every step ends within seconds in
a right answer or a clear error, and nothing outside the index is touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index import Article, FundstelleError, Index, make_article
from index.maintenance import backup as packing
from index.maintenance.repair import repair
from index.storage.layout import LAYOUT
from index.storage.store import Store
from tests.durability.check import scratch
from tests.fakes import WordEmbedder
from tests.hostile.case import Case

Spoil: TypeAlias = "Callable[[Path], object]"
"""Makes of a sound index in a folder one that is not."""

SECONDS = 5
RECORD = "articles.db"
QUESTION = "Wie hoch ist der Turm am Hafen?"
TEXTS = (
    "Der Turm am Hafen ist 61 Meter hoch. Er wurde 1913 gebaut und trägt ein grünes Licht.",
    "Die Fähre fährt jede Stunde. Am Abend wartet sie auf den letzten Zug, auch bei Nebel.",
    "Die Brücke über den Kanal ist gesperrt. Der Markt findet auf der Insel statt.",
    "The ferry is painted red. It carries forty cars and, in summer, a small café.",
)
ARTICLES = tuple(
    make_article(text, source=f"mem:{i}", title=f"Bericht {i}", language="de")
    for i, text in enumerate(TEXTS)
)
NEW = make_article("Der Garten ist im Winter geschlossen.", source="mem:new", language="de")


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Each index is a copy of a sound one, spoilt in one way; every fourth where ``quick``."""
    with scratch() as place:  # in memory where there is room: forcing to the disk takes its time
        outside = place / "outside"
        outside.mkdir()
        (outside / "letter.txt").write_text("Dear reader", "utf-8")
        (outside / "folder").mkdir()
        (outside / "folder/note.txt").write_text("keep", "utf-8")
        with closing(sqlite3.connect(outside / "other.db")) as other:
            other.execute("CREATE TABLE letters (text)")
        _make(place / "sound", ARTICLES)
        _make(place / "another", (ARTICLES[3], NEW))
        spoilt = [
            *_records(place),
            *_beside(outside),
            *_segments(outside),
            *_arrays(outside),
            *_wrong_arrays(),
            *_settings(outside),
            *_rows(outside),
        ]
        for number, (name, spoil) in enumerate(spoilt):
            if not quick or number % 4 == 0:
                yield Case(name, partial(_try, place, number, spoil))


def _make(folder: Path, articles: tuple[Article, ...]) -> None:
    with Index.open(folder, embedder=WordEmbedder()) as index:
        index.add_articles(articles[:2])
        index.add_articles(articles[2:])
        index.remove(articles[1].id)


# ---- what must hold ------------------------------------------------------------------------------


def _try(folder: Path, number: int, spoil: Spoil) -> None:
    path = folder / f"index-{number}"
    shutil.copytree(folder / "sound", path)
    spoil(path)
    before = _content(folder / "outside")
    with _no_network():
        for step in (_read, _verify, _back_up, _write, _repair, _read, _write):
            with _in_time():
                _right_or_refused(step, path)
    assert _content(folder / "outside") == before, "a file outside the index was touched"
    shutil.rmtree(path, ignore_errors=True)


def _right_or_refused(step: Callable[[Path], None], path: Path) -> None:
    try:
        step(path)
    except FundstelleError as error:
        told = str(error)
        assert len(told) > 40, f"{step.__name__}: an error that tells nothing: {told}"
        assert "." in told.rstrip("."), f"{step.__name__}: no remedy: {told}"


def _read(path: Path) -> None:
    known = {article.id: article for article in (*ARTICLES, NEW)}
    # Without a model first: a listing needs none.
    with Index.open(path, read_only=True) as index:
        index.status()
        for summary in index.articles():
            found = index.article(summary.article_id)
            assert found.text == known[summary.article_id].text, "another text than was stored"
    with Index.open(path, read_only=True, embedder=WordEmbedder()) as index:
        for hit in index.search(QUESTION):
            assert hit.passage.text in hit.passage.article.text
            assert np.isfinite(hit.score)
    with Index.open(path, read_only=True) as index:
        try:
            index.search(QUESTION)
        except FundstelleError:
            return
        raise AssertionError("searched with another model than the index was built with")


def _verify(path: Path) -> None:
    with Index.open(path, read_only=True, embedder=WordEmbedder()) as index:
        index.verify()


def _back_up(path: Path) -> None:
    file = path.with_suffix(".tar")
    packing.backup(path, file)
    packing.restore(file, path.with_suffix(".restored"))
    shutil.rmtree(path.with_suffix(".restored"))


def _write(path: Path) -> None:
    with Index.open(path, embedder=WordEmbedder()) as index:
        report = index.add_articles([NEW])
        assert {*report.added, *report.unchanged, *report.updated} == {NEW.id}
        assert index.article(NEW.id).text == NEW.text


def _repair(path: Path) -> None:
    repair(path, WordEmbedder())
    with Index.open(path, read_only=True, embedder=WordEmbedder()) as index:
        assert not index.verify().damage, "still damaged after a repair"
    assert not list(path.glob(f"{RECORD}.new*")), "left-overs of a repair"


class _LateError(BaseException):
    """No error that the product could take for one of its own."""


@contextmanager
def _in_time() -> Iterator[None]:
    def late(number: int, frame: object) -> None:
        raise _LateError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    except _LateError as error:
        raise AssertionError(f"took more than {SECONDS} s") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _no_network() -> Iterator[None]:
    """Whoever reaches for the network fails, with an error that is none of ours."""

    def connect(self: socket.socket, address: Any) -> None:
        raise AssertionError(f"a connection to {address}")

    real = socket.socket.connect
    try:
        vars(socket)["socket"].connect = connect
        yield
    finally:
        vars(socket)["socket"].connect = real


def _content(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


# ---- the record, and what lies beside it ---------------------------------------------------------


def _records(folder: Path) -> Iterator[tuple[str, Spoil]]:
    size = (folder / "sound" / RECORD).stat().st_size
    outside = folder / "outside"
    for end in (0, 1, 99, 100, 4096, 8192, size // 2, size - 12_512, size - 4096, size - 1):
        yield f"record cut off at {end}", partial(_cut, end=end)
    for what, content in {
        "zeros": bytes(size),
        "a letter": b"Dear diary, " * 400,
        "random bytes": bytes(np.random.default_rng(1).integers(0, 256, size, np.uint8)),
        "a header alone": b"SQLite format 3\0" + bytes(84),
    }.items():
        yield f"record of {what}", partial(_put, RECORD, content)
    yield "record missing", lambda path: _remove(path / RECORD)
    yield "record of another index", lambda path: shutil.copy(folder / "another" / RECORD, path)
    yield "record of another program", lambda path: shutil.copy(outside / "other.db", path / RECORD)
    for place in ("letter.txt", "other.db", "none"):
        yield (f"record a link to {place}", partial(_link, RECORD, outside / place))
    yield "record a link to a device", partial(_link, RECORD, Path("/dev/zero"))
    yield "record a pipe", partial(_pipe, RECORD)
    yield "record a folder", partial(_folder, RECORD)
    for version in (0, 2, 99, -1, 2**31 - 1):
        yield f"format {version}", partial(_execute, f"PRAGMA user_version = {version}")
    for statement in (
        "DROP TABLE texts",
        "DROP TABLE settings",
        "DROP TABLE segments",
        "DROP TABLE checks",
        "ALTER TABLE articles RENAME COLUMN title TO name",
        "CREATE TABLE news (x)",
        "CREATE TRIGGER t AFTER INSERT ON articles BEGIN DELETE FROM texts; END",
        "CREATE VIEW v AS SELECT * FROM articles",
    ):
        yield statement, partial(_execute, statement)


def _beside(outside: Path) -> Iterator[tuple[str, Spoil]]:
    for name in (f"{RECORD}-wal", f"{RECORD}-shm", f"{RECORD}-journal"):
        yield f"{name} of random bytes", partial(_put, name, os.urandom(9000))
        yield f"{name} a link", partial(_link, name, outside / "letter.txt")
        yield f"{name} a pipe", partial(_pipe, name)
        yield f"{name} a folder", partial(_folder, name)
    for name in ("writer.lock", "held-by.lock", "held-by.tmp"):
        yield f"{name} a link", partial(_link, name, outside / "letter.txt")
        yield f"{name} a pipe", partial(_pipe, name)
        yield f"{name} a folder", partial(_folder, name)
    for content in (b"\xff\xfe", b"[" * 100_000, b'{"pid": -1}', b'{"pid": 1e400, "host": 3}'):
        yield f"held-by.lock {content[:12]!r}", partial(_put, "held-by.lock", content)


def _segments(outside: Path) -> Iterator[tuple[str, Spoil]]:
    yield "segments missing", lambda path: shutil.rmtree(path / "segments")
    yield "segments a file", partial(_put, "segments", b"in the way")
    yield "segments a pipe", partial(_pipe, "segments")
    yield "segments a link", partial(_link, "segments", outside)
    yield (
        "a link among segments",
        lambda path: (path / "segments/0000000099-ab").symlink_to(outside / "folder"),
    )
    yield "a file among segments", lambda path: (path / "segments/x").write_text("x", "utf-8")
    yield "a segment missing", lambda path: shutil.rmtree(_first(path))
    yield "a segment is a file", lambda path: _put(str(_first(path).relative_to(path)), b"", path)
    yield (
        "a segment is a link",
        lambda path: _link(str(_first(path).relative_to(path)), outside / "folder", path),
    )


def _arrays(outside: Path) -> Iterator[tuple[str, Spoil]]:
    names = LAYOUT
    kinds: tuple[tuple[str, Callable[[str, Path], object]], ...] = (
        ("missing", lambda name, path: _remove(path / name)),
        ("cut off", lambda name, path: os.truncate(path / name, 130)),
        ("of a letter", lambda name, path: _put(name, b"Dear diary, " * 9, path)),
        ("a pipe", lambda name, path: _pipe(name, path)),
        ("a folder", lambda name, path: _folder(name, path)),
        ("a link to a device", lambda name, path: _link(name, Path("/dev/zero"), path)),
        ("a link to a file", lambda name, path: _link(name, outside / "letter.txt", path)),
    )
    for number, name in enumerate(names):
        for kind, spoil in (kinds[0], kinds[number % 2 + 1], kinds[number % 4 + 3]):
            yield f"{name} {kind}", partial(_in_segment, f"{name}.npy", spoil)


def _in_segment(name: str, spoil: Callable[[str, Path], object], path: Path) -> None:
    spoil(name, _first(path))


# ---- written wrongly, with checksums that fit ----------------------------------------------------


def _wrong_arrays() -> Iterator[tuple[str, Spoil]]:
    def of(name: str, what: str, change: Callable[[NDArray[Any]], Any]) -> tuple[str, Spoil]:
        return f"{name} {what}", partial(_rewrite, name=name, change=change)

    for name in LAYOUT:
        yield of(name, "of another type", lambda array: _as_other(array))
        yield of(name, "flat" if name == "vectors" else "too short", _shorter)
    for name in ("ids", "vectors", "lexical_blob"):
        yield of(name, "that claims 10^12 rows", lambda array: _claiming(array, 10**12))
        yield of(name, "that claims -1 rows", lambda array: _claiming(array, -1))
        yield of(name, "with pickled objects", lambda array: array.astype(object))
        yield of(name, "that is a pickle", lambda array: pickle.dumps(array))
        yield of(name, "big-endian", lambda array: array.astype(array.dtype.newbyteorder(">")))
    yield of("vectors", "of NaN", lambda array: np.full_like(array, np.nan))
    yield of("vectors", "of infinity", lambda array: np.full_like(array, np.inf))
    yield of("vectors", "of zeros", lambda array: np.zeros_like(array))
    yield of("vectors", "doubled", lambda array: array * 2)
    yield of("sentences", "of zeros", lambda array: np.zeros_like(array))
    yield of("sentence_scales", "of NaN", lambda array: np.full_like(array, np.nan))
    yield of("sentence_scales", "doubled", lambda array: array * 2)
    for name in ("sentence_ends", "lexical_term_ends", "lexical_list_ends", "ids"):
        yield of(name, "backwards", lambda array: array[::-1].copy())
        yield of(name, "far too large", lambda array: array + 2**60)
        yield of(name, "negative", lambda array: -array)
    for name in ("lexical_rows", "lexical_by_ending", "language_rows", "lexical_lengths"):
        yield of(name, "out of range", lambda array: np.full_like(array, 30_000))
        yield of(name, "negative", lambda array: np.full_like(array, -5))
    yield of("lexical_counts", "negative", lambda array: -array)
    yield of("lexical_keys", "of zeros", lambda array: np.zeros_like(array))
    yield of("lexical_blob", "of no UTF-8", lambda array: np.full_like(array, 255))
    yield of("language_sums", "of NaN", lambda array: np.full_like(array, np.nan))
    yield of("language_sizes", "of zeros", lambda array: np.zeros_like(array))
    yield of("language_sizes", "negative", lambda array: -array - 9)


def _settings(outside: Path) -> Iterator[tuple[str, Spoil]]:
    def config(**changes: object) -> str:
        return json.dumps({"model": "default", "passage_tokens": 200} | changes)

    for value in (
        *("", "{", "[]", "null", "3", '"x"', "[" * 100_000, "{}", '{"model": "default"}'),
        *(config(future=1), config(bm25_k1="x"), config(passage_tokens="x")),
        *(config(passage_tokens=n) for n in (0, -1, 10**30, 1.5, True, None, float("nan"))),
        *(config(model=m) for m in ("", "/", ".", "..", "/dev/zero", "\0", "a" * 5000)),
        *(config(model=None), config(model=3), config(model=[])),
        *(config(model=m) for m in ("someone/some-model", "https://example.org/m", "file:///etc")),
        *(config(model=str(outside)), config(model="~"), config(model="//host/share")),
    ):
        yield f"setting config {value[:60]}", partial(_set, "config", value)
    for name, values in {
        "dimension": ("", "x", "0", "-3", "47", "1000000000000", "٣", "1" * 5000),
        "segments": ("", "x", "2", "5", "999", "4.0"),
        "model": ("", "0" * 64),
        "model_name": ("", "\0", "a" * 5000),
        "analysis": ("", "0"),
        "splitter": ("", "0"),
        "identity": ("", "another"),
        "something": ("else",),
    }.items():
        for value in values:
            yield f"setting {name} {value[:20]!r}", partial(_set, name, value)
        yield (
            f"setting {name} missing",
            partial(_execute, f"DELETE FROM settings WHERE name = '{name}'"),
        )


def _rows(outside: Path) -> Iterator[tuple[str, Spoil]]:
    files = '{{"{}": {{"bytes": 3, "sha256": "x", "header": ""}}}}'
    for statement in (
        *(
            f"UPDATE segments SET files = '{value}' WHERE rowid = 1"
            for value in ("", "{", "[]", "null", "{}", '{"ids.npy": 3}', '{"ids.npy": {}}')
        ),
        f"UPDATE segments SET files = '{files.format('../../letter.txt')}' WHERE rowid = 1",
        f"UPDATE segments SET files = '{files.format(outside / 'letter.txt')}' WHERE rowid = 1",
        "UPDATE segments SET name = '../../outside/folder' WHERE rowid = 1",
        f"UPDATE segments SET name = '{outside / 'folder'}' WHERE rowid = 1",
        "UPDATE segments SET name = '' WHERE rowid = 1",
        "UPDATE segments SET name = '.' WHERE rowid = 1",
        "UPDATE segments SET passages = -1",
        "UPDATE segments SET passages = 1000000000000",
        "UPDATE passages SET sentences = '['",
        "UPDATE passages SET sentences = '[]'",
        "UPDATE passages SET sentences = '[[0, \"x\"]]'",
        "UPDATE passages SET sentences = '[[0, 1000000]]'",
        "UPDATE passages SET start = -5",
        'UPDATE passages SET "end" = 1000000000',
        "UPDATE articles SET authors = '{'",
        "UPDATE articles SET authors = '3'",
        "UPDATE articles SET published = 'yesterday'",
        "UPDATE articles SET fetched = 'never'",
        "UPDATE articles SET language = ''",
        "UPDATE texts SET sha256 = 'x' || id",
        "UPDATE texts SET language = 'xx'",
        "INSERT INTO removed VALUES (1000), (-3)",
        "INSERT OR IGNORE INTO removed SELECT id FROM passages",
        "INSERT INTO files VALUES ('file:///x', 'y', 'z', '[3]')",
        "INSERT INTO failures VALUES (char(27) || '[2J', 'why', 'when')",
        "DELETE FROM segments",
        "DELETE FROM passages",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = -1",
        "DELETE FROM sqlite_sequence",
        "UPDATE checks SET rows = 0, total = 0",
    ):
        yield statement[:100], partial(_execute, statement)


# ---- spoiling ------------------------------------------------------------------------------------


def _first(path: Path) -> Path:
    """The folder of the first segment."""
    return min((path / "segments").iterdir())


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def _cut(path: Path, end: int) -> None:
    os.truncate(path / RECORD, end)


def _put(name: str, content: bytes, path: Path) -> None:
    _remove(path / name)
    (path / name).write_bytes(content)


def _link(name: str, target: Path, path: Path) -> None:
    _remove(path / name)
    (path / name).symlink_to(target)


def _pipe(name: str, path: Path) -> None:
    _remove(path / name)
    os.mkfifo(path / name)


def _folder(name: str, path: Path) -> None:
    _remove(path / name)
    (path / name).mkdir()


def _execute(statement: str, path: Path) -> None:
    """Change the record as a program would that keeps its checksums."""
    with closing(Store(path / RECORD, read_only=False)) as store:
        store._connection.execute("PRAGMA foreign_keys = OFF")
        store._connection.execute(statement)


def _set(name: str, value: str, path: Path) -> None:
    with closing(Store(path / RECORD, read_only=False)) as store, store.atomic():
        store.put_settings({name: value})


def _rewrite(path: Path, name: str, change: Callable[[NDArray[Any]], Any]) -> None:
    """Write another array into a segment, and its true checksums into the record."""
    file = _first(path) / f"{name}.npy"
    changed = change(np.load(file))
    if isinstance(changed, bytes):
        file.write_bytes(changed)
    else:
        np.save(file, changed, allow_pickle=True)
    content = file.read_bytes()
    with closing(Store(path / RECORD, read_only=False)) as store:
        [files] = store._connection.execute(
            "SELECT files FROM segments WHERE name = ?", (file.parent.name,)
        ).fetchone()
        entries = json.loads(files)
        entries[file.name] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "header": hashlib.sha256(content[:128]).hexdigest(),
        }
        store._connection.execute(
            "UPDATE segments SET files = ? WHERE name = ?",
            (json.dumps(entries), file.parent.name),
        )


def _as_other(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype("S3" if array.dtype.kind == "S" else np.float64)


def _shorter(array: NDArray[Any]) -> NDArray[Any]:
    return array.ravel() if array.dtype == np.float16 else array[:-1]


def _claiming(array: NDArray[Any], rows: int) -> bytes:
    """A file whose header says that it has so many rows."""
    shape = (rows, *array.shape[1:])
    text = str({"descr": array.dtype.str, "fortran_order": False, "shape": shape})
    header = text.encode("ascii").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + array.tobytes()
