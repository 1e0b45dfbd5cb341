"""What goes between a process and the one that reads documents for it.

A message is a line of JSON, which says how many bytes follow, and those bytes. No pickles: what
comes back was made beside a stranger's document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, BinaryIO

from index.ingest.options import Columns, ReadOptions
from index.records import Article, Failure

Message = tuple[dict[str, Any], bytes]


def message(header: dict[str, Any], data: bytes) -> bytes:
    """One message as it is sent."""
    return json.dumps(header | {"bytes": len(data)}).encode() + b"\n" + data


def receive(stream: BinaryIO) -> Message | None:
    """The next message, or None at the end."""
    incoming = Incoming()
    while (line := stream.readline()) and incoming.add(line) is None:
        if incoming.missing and (found := incoming.add(stream.read(incoming.missing))):
            return found
    return incoming.whole


class Incoming:
    """A message of which the bytes come piece by piece."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._header: dict[str, Any] | None = None

    def add(self, piece: bytes) -> Message | None:
        """The message, when ``piece`` is its last one."""
        self._data += piece
        if self._header is None and b"\n" in piece:
            line, _, rest = self._data.partition(b"\n")
            self._header, self._data = json.loads(line), rest
        return self.whole

    @property
    def whole(self) -> Message | None:
        if self._header is None or self.missing:
            return None
        return self._header, bytes(self._data)

    @property
    def missing(self) -> int:
        """The bytes that are still to come, once that is known."""
        return self._header["bytes"] - len(self._data) if self._header else 0


def encoded(items: Sequence[Article | Failure]) -> bytes:
    """``items`` as JSON; ``decoded`` gives them back."""
    plain = [{"kind": type(item).__name__, "fields": asdict(item)} for item in items]
    return json.dumps(plain, ensure_ascii=False, default=_iso).encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> Iterator[Article | Failure]:
    """What ``encoded`` made ``data`` of."""
    for item in json.loads(data.decode("utf-8", "surrogatepass")):
        fields = item["fields"]
        if item["kind"] == Failure.__name__:
            yield Failure(**fields)
            continue
        published = fields["published"]
        fields |= {
            "authors": tuple(fields["authors"]),
            "fetched": datetime.fromisoformat(fields["fetched"]),
            "published": date.fromisoformat(published) if published else None,
        }
        yield Article(**fields)


def options_of(plain: dict[str, Any]) -> ReadOptions:
    """The options that ``asdict`` made ``plain`` of."""
    return ReadOptions(**plain | {"columns": Columns(**plain["columns"])})


def _iso(value: date) -> str:
    return value.isoformat()
