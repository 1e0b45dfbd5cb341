"""Paths: links, pipes, devices, names of any bytes, addresses, and files that change."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote

from index.records import Article, Failure
from tests.hostile.case import Case
from tests.hostile.reading import GOOD, Folder, read, some

SPECIAL = (
    "/dev/zero", "/dev/null", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/stdin",
    "/dev/fd/0", "/dev/mem", "/dev/kmsg", "/dev/ptmx", "/dev", "/proc/kmsg", "/proc/self/mem",
    "/proc/self/environ", "/proc/self/maps", "/proc/self/pagemap", "/proc/self/exe", "/proc/kcore",
    "/proc/version", "/proc/self/fd/0", "/proc/self/clear_refs",
    "/proc/self/task/../mem", "/proc/sysrq-trigger", "/sys/kernel/notes", "/sys/power/wakeup_count",
    "/proc/self/attr/current", "/proc/1/mem", "/proc/sys/kernel/random/uuid", "/proc/self/auxv",
)  # fmt: skip
NAMES: tuple[bytes, ...] = (
    "Müller.txt".encode(), "Mu\u0308ller.txt".encode(), "東京.txt".encode(), "👩‍👩‍👧.txt".encode(), b"M\xfcller.txt",
    b"\xff\xfe.txt", b"\xed\xa0\x80.txt", b"a b.txt", b" .txt", b"a\nb.txt", b"a\tb.txt", b"a\rb.txt", b"\x1b[31m.txt",
    "\u202etxt.a.txt".encode(), b"-.txt", b"--help.txt", b"-rf", b"%.txt", b"%41.txt", b"%%%FF.txt", b"a#1.txt", b"a?b.txt",
    b"a:7", b"a:7.txt", b"'.txt", b'".txt', b"\\.txt", b"$HOME.txt", b"`id`.txt", b"$(id).txt", b"a;b.txt", b"a&b.txt",
    b"a|b.txt", b"*.txt", b"[a].txt", b"{a,b}.txt", b"~.txt", b"~root", b"a" * 250 + b".txt", b"file:a.txt", b"http:a.txt",
    b"CON.txt", b"a.TXT", b"a..txt", b"a.b.c.txt", b"README", b"\xc3.txt", b"<script>.txt", b"con\x7f.txt", b"a=b+c,d@e.txt",
)  # fmt: skip
NOWHERE = {
    "": "not a file name", "\0": "not a file name", "a\0b.txt": "not a file name", "\ud800": "not a file name", "a\udcff": "not found",
    "no-such-file.txt": "not found", "no-such-folder/": "not found", "x" * 5_000: "cannot be read", "a/" * 3_000: "cannot be read",
    "~/no-such-file": "not found", "$HOME": "not found", "*.txt": "not found", "http://example.org/": "web addresses",
    "HTTPS://example.org/a": "web addresses", "ftp://example.org/a": "not found", "file:": "of this computer", "file://": "of this computer",
    "file:a.txt": "of this computer", "file:///": "", "file://host/a.txt": "of this computer", "file://[/a.txt": "of this computer",
    "file:///no-such": "not found", "file:///no-such:7": "not found", "file:///no-such#7": "not found", "file:///%00": "not a file name",
    "file:///%ZZ": "not found", "file:///a%2": "not found", "FILE:///no-such?x": "not found", "data:text/plain,x": "not found",
    "/etc/passwd/x": "cannot be read", "file:///%FF%FE": "not found", "..": "", "javascript:alert(1)": "not found",
}  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Each in a folder of its own."""
    files = Folder(folder)
    yield from some(_links(files), quick, every=3)
    yield from some(_no_files(files), quick, every=2)
    for path in some(filter(os.path.exists, SPECIAL), quick, every=4):
        yield Case(f"{path} by name", partial(_ends, path))
    for name in some(NAMES, quick, every=6):
        yield Case(f"a file called {name[:20]!r}", partial(_is_read_by_any_name, files, name))
    for source, reason in some(NOWHERE.items(), quick, every=4):
        if reason:
            yield Case(f"the source {source[:20]!r}", partial(_is_refused, source, reason))
    for change in CHANGES:
        for times in (1, 2):
            yield Case(f"{change} {times} times", partial(_is_of_one_moment, files, change, times))
    yield Case("a file that goes meanwhile", partial(_goes_meanwhile, files))


def _links(files: Folder) -> Iterator[Case]:
    """What is made, and the words of the refusal of the link that is called "bad"."""
    made: dict[str, tuple[Callable[[Path], None], str]] = {
        "itself": (lambda bad: bad.symlink_to(bad.name), "loop"),
        "itself as a file": (lambda bad: bad.symlink_to(bad), "loop"),
        "nothing": (lambda bad: bad.symlink_to("nothing"), "not found"),
        "its folder": (lambda bad: bad.symlink_to("."), "loop"),
        "the folder above": (lambda bad: bad.symlink_to(".."), "leaves the folder"),
        "the root": (lambda bad: bad.symlink_to("/"), "leaves the folder"),
        "/etc/passwd": (lambda bad: bad.symlink_to("/etc/passwd"), "leaves the folder"),
        "/etc": (lambda bad: bad.symlink_to("/etc"), "leaves the folder"),
        "/dev/zero": (lambda bad: bad.symlink_to("/dev/zero"), "leaves the folder"),
        "/proc/self": (lambda bad: bad.symlink_to("/proc/self"), "leaves the folder"),
        "a file through ..": (lambda bad: bad.symlink_to("../" * 40 + "etc/hostname"), "leaves"),
    }
    for name, (make, reason) in made.items():
        yield Case(f"a link to {name}", partial(_link_is_refused, files, make, reason))
    for length in (2, 3, 10, 39, 41, 60):
        yield Case(f"{length} links in a ring", partial(_ring, files, length))
    for length in (1, 5, 30):
        yield Case(f"{length} links to a file", partial(_chain, files, length))
    yield Case("two folders that hold each other", partial(_entangled, files))
    yield Case("links to the same folder", partial(_many_ways, files))


def _link_is_refused(files: Folder, make: Callable[[Path], None], reason: str) -> None:
    root = _with_good_files(files)
    make(root / "bad")
    articles, failures = read(root)
    assert [article.text for article in articles] == [GOOD, GOOD]
    (failure,) = failures
    assert failure.source == (root / "bad").as_uri()
    assert reason in failure.reason, failure.reason


def _with_good_files(files: Folder) -> Path:
    root = files.fresh()
    for name in ("a.txt", "z.txt"):
        (root / name).write_text(GOOD, "utf-8")
    return root


def _ring(files: Folder, length: int) -> None:
    root = _with_good_files(files)
    for number in range(length):
        (root / f"m{number}").symlink_to(f"m{(number + 1) % length}")
    articles, failures = read(root)
    assert len(articles) == 2
    assert len(failures) == length
    assert all("loop" in failure.reason for failure in failures), failures


def _chain(files: Folder, length: int) -> None:
    root = _with_good_files(files)
    for number in range(length):
        (root / f"m{number}").symlink_to("a.txt" if number == 0 else f"m{number - 1}")
    articles, failures = read(root, root / f"m{length - 1}")
    assert len(articles) == 2  # the file once, however it is reached
    assert not failures


def _entangled(files: Folder) -> None:
    root = _with_good_files(files)
    for one, other in (("b", "c"), ("c", "b")):
        (root / one).mkdir()
        (root / one / "in").symlink_to(root / other)
    articles, failures = read(root)
    assert len(articles) == 2
    assert len(failures) <= 2


def _many_ways(files: Folder) -> None:
    root = _with_good_files(files)
    (root / "m").mkdir()
    (root / "m" / "m.txt").write_text(GOOD, "utf-8")
    for number in range(50):
        (root / f"n{number}").symlink_to("m")
    articles, failures = read(root)
    assert len(articles) == 3
    assert not failures


def _no_files(files: Folder) -> Iterator[Case]:
    for name in ("m", "m.txt", "m.html", "m.csv"):
        yield Case(f"a pipe called {name}", partial(_is_no_file, files, name, os.mkfifo, "a pipe"))
        yield Case(
            f"a socket called {name}", partial(_is_no_file, files, name, _socket, "a socket")
        )
        yield Case(f"an unreadable {name}", partial(_is_unreadable, files, name))
    yield Case("an unreadable folder", partial(_is_unreadable, files, "m/"))


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _is_no_file(files: Folder, name: str, make: Callable[[Path], None], what: str) -> None:
    root = _with_good_files(files)
    make(root / name)
    began = time.monotonic()
    for source in (root, root / name):
        articles, failures = read(source)
        assert len(articles) == (2 if source == root else 0)
        assert failures == [Failure((root / name).as_uri(), f"{what}, not a file")]
    assert time.monotonic() - began < 5


def _is_unreadable(files: Folder, name: str) -> None:
    root = _with_good_files(files)
    path = root / name
    if name.endswith("/"):
        path.mkdir()
    else:
        path.write_text("text\nGeheim.", "utf-8")
    path.chmod(0)
    try:
        if os.access(path, os.R_OK):
            return  # the superuser reads everything
        articles, failures = read(root)
        assert len(articles) == 2
        assert "permissions" in failures[0].reason
    finally:
        path.chmod(0o700)


def _ends(path: str) -> None:
    began = time.monotonic()
    articles, failures = read(path, max_bytes=300_000)
    assert time.monotonic() - began < 5
    if not os.path.isdir(path):
        assert len(articles) + len(failures) == 1


def _is_read_by_any_name(files: Folder, name: bytes) -> None:
    root = files.fresh()
    path = Path(os.fsdecode(os.path.join(os.fsencode(root), name)))
    try:
        path.write_text(GOOD, "utf-8")
    except OSError:
        assert sys.platform != "linux"  # other systems refuse some names
        return
    uri = f"{root.as_uri()}/{quote(name, safe='')}"
    for source in (root, path, str(path), path.as_uri(), uri, f"{uri}#7", f"{uri}:3"):
        articles, failures = read(source)
        assert not failures, failures
        assert [article.text for article in articles] == [GOOD], source
        assert articles[0].source == path.as_uri()


def _is_refused(source: str, reason: str) -> None:
    articles, failures = read(source)
    assert not articles
    (failure,) = failures
    assert reason in failure.reason, failure.reason


def _append(path: Path, number: int) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("+" * number)


def _rewrite(path: Path, number: int) -> None:
    path.write_text(f"Fassung {number}", "utf-8")


def _rewrite_and_set_back(path: Path, number: int) -> None:
    path.write_text(f"Fassung {number} von diesem Text", "utf-8")  # as long as before
    os.utime(path, (1, 1))


def _cut(path: Path, number: int) -> None:
    os.truncate(path, 20 - number)


def _replace(path: Path, number: int) -> None:
    other = path.with_suffix(".new")
    _rewrite(other, number)
    other.replace(path)


CHANGES: dict[str, Callable[[Path, int], None]] = {
    "appended to": _append,
    "rewritten": _rewrite,
    "rewritten and set back": _rewrite_and_set_back,
    "cut short": _cut,
    "replaced": _replace,
}


def _is_of_one_moment(files: Folder, change: str, times: int) -> None:
    path = files.fresh() / "m.txt"
    path.write_text("Fassung 0 von diesem Text", "utf-8")
    os.utime(path, (1, 1))
    fstat, done = os.fstat, 0

    def change_after(descriptor: int) -> os.stat_result:
        nonlocal done
        status = fstat(descriptor)
        if done < times:
            done += 1
            CHANGES[change](path, done)
        return status

    with patch.object(os, "fstat", change_after):
        articles, failures = read(path)
    if times == 1:
        assert [article.text for article in articles] == [path.read_text("utf-8")]
    else:
        assert not articles
        assert "changes while it is read" in failures[0].reason


def _goes_meanwhile(files: Folder) -> None:
    from index.ingest import read_sources

    root = _with_good_files(files)
    (root / "m.txt").write_text(GOOD, "utf-8")
    items = []
    for item in read_sources([root]):
        items.append(item)
        (root / "m.txt").unlink(missing_ok=True)
    assert [type(item) for item in items] == [Article, Failure, Article]
    assert isinstance(items[1], Failure)
    assert items[1].reason == "not found"
