"""Folders to files, and files to bytes, without being led astray by links, pipes or devices."""

from __future__ import annotations

import mimetypes
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from index.beside import BESIDE
from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.options import Kind
from index.ingest.refusal import why_unreadable
from index.records import Failure
from index.translation import numeral, text

STDIN = Path("-")

_KIND_OF_SUFFIX: dict[str, Kind] = {
    "": "text",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
}

# The tables of the standard library alone, so that machines agree; suffixes it lacks stand below.
_MIME_TYPES = mimetypes.MimeTypes()
_NEVER_ARTICLES = frozenset(
    f".{suffix}"
    for group in (
        ("avif", "webp", "heic", "woff", "woff2", "ttf", "otf", "eot"),
        ("css", "js", "mjs", "map", "py", "pyc", "so", "dll", "exe", "lock", "log", "tmp", "bak"),
        ("sqlite", "db", "npy", "npz", "safetensors", "bin"),
        ("zip", "tar", "gz", "bz2", "xz", "zst", "7z", "rar"),
    )
    for suffix in group
)


def kind_of(path: Path) -> Kind | None:
    """The kind a file's name says it is, or None. A name without a suffix is text."""
    return _KIND_OF_SUFFIX.get(path.suffix.lower())


def walk(sources: Sequence[str | Path]) -> Iterator[Path | Failure]:
    """The files to read, each once, folders in sorted order; what is refused as a Failure.

    ``STDIN`` stands for standard input. Files named directly come through whatever their
    kind, so that the one who reads them can say why not.
    """
    return distinct(item for source in sources for item in expand(source))


def distinct(items: Iterable[Path | Failure]) -> Iterator[Path | Failure]:
    """Each file once, whatever it is called."""
    seen: set[Path] = set()
    for item in items:
        if isinstance(item, Path):
            real = item if item == STDIN else _resolve(item)
            if real in seen:
                continue
            seen.add(real)
        yield item


def uri_of(path: Path) -> str:
    """The absolute file URI of ``path``, links resolved; bytes that are no UTF-8 as %XX."""
    return _resolve(path).as_uri()


def read_file(path: Path, max_bytes: int) -> Document:
    """The bytes of a regular file, of one moment. Raises ``SourceError``."""
    uri = uri_of(path)
    for _ in range(2):  # once more when somebody was writing
        before, data, after = _read_once(path, uri, max_bytes)
        if before == after:
            return Document(uri, data)
    raise SourceError(
        uri, text("the file changes while it is read; add it again when it is finished")
    )


def expand(source: str | Path) -> Iterator[Path | Failure]:
    """The files of one source; what is refused as a Failure."""
    name = str(source)
    if name == "-":
        yield STDIN
        return
    if re.match("https?://", name, re.IGNORECASE):
        yield Failure(
            name, text("web addresses are not read; save the page as .html and add that file")
        )
        return
    if isinstance(source, str) and re.match("file:", name, re.IGNORECASE):
        address = _path_of_address(name)
        if isinstance(address, Failure):
            yield address
            return
        source, name = address, str(address)
    if not _may_be_a_name(name):
        yield Failure(ascii(name), text("not a file name"))
        return
    path = Path(source)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
        root = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        yield Failure(_name(path), why_unreadable(error))
        return
    if not is_folder:
        yield path
        return
    empty = True
    for item in _walk_folder(root):
        empty = False
        yield item
    if empty:
        yield Failure(root.as_uri(), text("the folder holds no file of a kind that can be read"))


def _may_be_a_name(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return name != "" and "\0" not in name


def _path_of_address(address: str) -> Path | Failure:
    """The file that a file: URI names, in the forms that this program prints.

    A row is printed as its file with a line's number or an id behind it: its file is meant.
    """
    host, slash, rest = re.sub("^file:(//)?", "", address, flags=re.IGNORECASE).partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        return Failure(
            address, text("not the address of a file of this computer; use file:///FOLDER/FILE")
        )
    name = slash + re.split("[?#]", rest, maxsplit=1)[0]
    path = Path(os.fsdecode(unquote_to_bytes(name)))
    row = re.fullmatch(r"(.+):\d+", name)
    if row and not os.path.lexists(path):
        return Path(os.fsdecode(unquote_to_bytes(row[1])))
    return path


def _walk_folder(root: Path) -> Iterator[Path | Failure]:
    """Depth first, names in the order of their bytes; ``root`` is resolved."""
    visited = {root}
    waiting = _entries(root)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Failure):
            yield item
            continue
        try:
            is_link = item.is_symlink()
            real = item.resolve(strict=True) if is_link else item  # its folder is resolved
            mode = real.stat().st_mode
        except (OSError, RuntimeError) as error:
            yield Failure(_name(item), why_unreadable(error))
            continue
        if is_link and not real.is_relative_to(root):
            yield Failure(
                _name(item), text("the link leaves the folder; add what it points to by name")
            )
        elif is_link and item.parent.is_relative_to(real):
            yield Failure(_name(item), text("the link points to a folder that holds it: a loop"))
        elif stat.S_ISDIR(mode):
            if real not in visited:  # a link's target and the folder itself are one
                visited.add(real)
                waiting += _entries(real)
        elif not stat.S_ISREG(mode):
            yield Failure(_name(item), _not_regular(mode))
        elif kind_of(item) is not None or not _is_never_an_article(item):
            yield item


def _entries(folder: Path) -> list[Path | Failure]:
    """What is in ``folder`` and neither hidden nor kept by an index, the first one last."""
    try:
        names = sorted(os.listdir(folder), key=os.fsencode, reverse=True)
    except OSError as error:
        return [Failure(_name(folder), why_unreadable(error))]
    own = BESIDE if "articles.db" in names else ()  # an index among its articles
    return [folder / name for name in names if not name.startswith(".") and name not in own]


def _is_never_an_article(path: Path) -> bool:
    if path.suffix.lower() in _NEVER_ARTICLES:
        return True
    guess, compression = _MIME_TYPES.guess_type(f"x{path.suffix.lower()}")
    media = guess is not None and guess.split("/")[0] in ("image", "audio", "video", "font")
    return media or compression is not None


def _read_once(
    path: Path, uri: str, max_bytes: int
) -> tuple[tuple[int, ...], bytes, tuple[int, ...]]:
    try:
        # O_NONBLOCK: opening a pipe without a writer would wait for ever.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(uri, _not_regular(status.st_mode))
            data = file.read(max_bytes + 1)
            if data is None:  # a file of the system that has nothing to give just now
                raise BlockingIOError
        after = os.stat(path)
    except OSError as error:
        raise SourceError(uri, _why_not_opened(path, error)) from None
    if len(data) > max_bytes:
        raise SourceError(
            uri,
            text(
                "larger than {max_bytes} bytes; split it or raise the limit",
                max_bytes=numeral(max_bytes),
            ),
        )
    return _state(status), data, _state(after)


def _why_not_opened(path: Path, error: OSError) -> str:
    """What the path is where that says more: a socket is "no such device" to the system."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return why_unreadable(error)
    return why_unreadable(error) if stat.S_ISREG(mode) else _not_regular(mode)


def _state(status: os.stat_result) -> tuple[int, ...]:
    """What changes when a file is written to or replaced by another."""
    # The time of change, because that of modification can be set back.
    times = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_size, *times


def _resolve(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _name(path: Path) -> str:
    """The URI of the name itself: a link that is refused is named, not its target."""
    return path.absolute().as_uri()


def _not_regular(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe, not a file"
    if stat.S_ISSOCK(mode):
        return "a socket, not a file"
    if stat.S_ISDIR(mode):
        return "a folder, not a file"
    return "a device, not a file"
