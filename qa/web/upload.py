"""Uploads as the page and Gradio's clients send them: ``POST /gradio_api/upload``."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, BinaryIO

import anyio.to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from index.translation import text
from qa.web.refusal import RefusedError, busy, refusal
from qa.web.uploads import LEAST_SIZE, MAX_AGE, Uploads

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE = 100_000_000
MAX_FILES = 1_000
MAX_HEADERS = 16_384
MAX_AT_ONCE = 16
WHOLE_SECONDS = MAX_AGE / 2
SILENT_SECONDS = 30.0
PORTION = 262_144
"""Bytes that are written together: a thread for every piece of a slow sender would be too many."""


class UploadRoutes:
    """Takes files in."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._running = 0
        self._limiter = anyio.CapacityLimiter(4)

    def routes(self) -> list[BaseRoute]:
        """To be asked before Gradio's own."""
        return [Route("/gradio_api/upload", self.upload, methods=["POST"])]

    async def upload(self, request: Request) -> Response:
        """The paths under which the files lie now."""
        receiver: _Receiver | None = None
        self._running += 1
        try:
            if self._running > MAX_AT_ONCE:
                raise RefusedError(503, busy(), {"Retry-After": "30"})
            receiver = _receiver(request, self.uploads)
            await self._in_thread(self.uploads.sweep)
            async with asyncio.timeout(WHOLE_SECONDS):
                await self._take_in(request, receiver)
            return JSONResponse([str(path) for path in receiver.finished()])
        except Exception as error:
            if receiver:
                await self._in_thread(receiver.discard)
            return refusal("/gradio_api/upload", _as_refusal(error))
        finally:
            self._running -= 1

    async def _take_in(self, request: Request, receiver: _Receiver) -> None:
        portion = bytearray()
        stream = request.stream()
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                chunk = await anext(stream, None)
            if chunk is not None and not self.uploads.take(len(chunk)):
                raise RefusedError(
                    503, text("There are too many files just now."), {"Retry-After": "600"}
                )
            portion += chunk or b""
            if portion and (chunk is None or len(portion) >= PORTION):
                await self._in_thread(receiver.write, bytes(portion))
                portion.clear()
            if chunk is None:
                return

    async def _in_thread(self, call: object, *arguments: object) -> None:
        await anyio.to_thread.run_sync(call, *arguments, limiter=self._limiter)  # type: ignore[arg-type]


class _Receiver:
    """Writes the files of one body as it comes; one is open at a time."""

    def __init__(self, boundary: bytes, uploads: Uploads) -> None:
        self._uploads = uploads
        self._paths: list[Path] = []
        self._file: BinaryIO | None = None
        self._size = 0
        self._ended = False
        self._field = self._value = self._disposition = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_to_field,
                "on_header_value": self._add_to_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_file,
                "on_part_data": self._add_data,
                "on_part_end": self._end_file,
                "on_end": self._end,
            },
        )

    def write(self, data: bytes) -> None:
        self._parser.write(data)

    def finished(self) -> list[Path]:
        if not self._ended:
            raise RefusedError(400, text("The upload is incomplete."))
        return self._paths

    def discard(self) -> None:
        """Remove what came, so that a broken upload takes no room."""
        self._end_file()
        for path in self._paths:
            self._uploads.remove(path)

    def _begin_part(self) -> None:
        self._disposition = b""

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > MAX_HEADERS:
            raise RefusedError(400, text("The upload is invalid."))

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _begin_file(self) -> None:
        _, told = parse_options_header(self._disposition)
        if told.get(b"name") != b"files" or b"filename" not in told:
            raise RefusedError(400, text("An upload consists of files alone."))
        if len(self._paths) >= MAX_FILES:
            raise RefusedError(413, text("More than {files} files at once.", files=MAX_FILES))
        if not self._uploads.take(LEAST_SIZE):
            raise RefusedError(
                503, text("There are too many files just now."), {"Retry-After": "600"}
            )
        name = file_name(told[b"filename"].decode("utf-8", "replace"))
        folder = self._uploads.folder / secrets.token_hex(32)
        folder.mkdir(mode=0o700)
        self._paths.append(folder / name)
        self._file = self._paths[-1].open("xb")
        self._size = 0

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > MAX_FILE:
            raise RefusedError(
                413, text("{name} is larger than 100 MB.", name=self._paths[-1].name)
            )
        if self._file:
            self._file.write(data[start:end])

    def _end_file(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _end(self) -> None:
        self._ended = True


def file_name(given: str) -> str:
    """A name that can be a file's, with the ending that ``given`` has."""
    name = given.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c.isprintable()).strip()
    stem, dot, ending = name.rpartition(".")
    if not stem.strip("."):
        stem, dot, ending = (ending or "Datei"), "", ""
    ending = ending.encode()[:32].decode("utf-8", "ignore")
    return stem.encode()[:200].decode("utf-8", "ignore") + dot + ending


def _receiver(request: Request, uploads: Uploads) -> _Receiver:
    kind, told = parse_options_header(request.headers.get("content-type", ""))
    boundary = told.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise RefusedError(400, text("An upload comes as multipart/form-data."))
    return _Receiver(boundary, uploads)


def _as_refusal(error: Exception) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, TimeoutError):
        return RefusedError(408, text("The upload came too slowly."))
    if isinstance(error, (FormParserError, ClientDisconnect)):
        return RefusedError(400, text("The upload is invalid or broke off."))
    if isinstance(error, OSError):
        told = text("The file cannot be stored: {reason}.", reason=error.strerror)
        return RefusedError(503, told, {"Retry-After": "60"})
    raise error
