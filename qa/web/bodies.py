"""What the API takes: small JSON of the known form, without what Gradio would take for a file.

A body is judged and then written anew, so Gradio reads the very values that were judged: two
parsers may differ about the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.translation import numeral, text
from qa.web.refusal import RefusedError

if TYPE_CHECKING:
    from starlette.types import Receive

MAX_BODY = 1_000_000
BODY_SECONDS = 15.0
MAX_DEPTH = 32

_FILE_KEYS = frozenset({"path", "url", "meta", "is_stream", "_type"})
"""A record with one of them Gradio takes for a file, or might, and reads or fetches it. Our own
functions take the bare paths of uploads, and judge these themselves."""

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """How many values each of Gradio's functions takes, by its number and by its name."""

    by_number: Mapping[int, int]
    by_name: Mapping[str, int]


async def read(receive: Receive, announced: str | None) -> bytes:
    """The request's body. Raises RefusedError where it is too long or too slow."""
    if announced is not None and int(announced) > MAX_BODY:
        raise _too_long()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise RefusedError(400, text("The request broke off."))
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    raise _too_long()
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise RefusedError(408, text("The request came too slowly.")) from None


def check_kind(kind: str | None) -> None:
    """A form of another site can send text, and a browser lets it; JSON only our own page."""
    if (kind or "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, text("The request must be application/json."))


def judged(path: str, raw: bytes, endpoints: Endpoints) -> bytes:
    """The body to hand on, for a request to ``path``. Raises RefusedError."""
    body = _parsed(raw)
    if path == "/gradio_api/queue/join":
        kept = _numbered(body, endpoints.by_number)
    elif path.startswith("/gradio_api/call/"):
        kept = _call(body, path.removeprefix("/gradio_api/call/"), endpoints)
    elif path.startswith("/api/"):
        return _written(body)  # its route knows the form
    else:
        kept = _plain(body)
    _check_no_files(kept)
    return _written(kept)


def is_id(text: object) -> bool:
    """Whether it can be the name of a session or an event."""
    return isinstance(text, str) and bool(_ID.fullmatch(text))


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RefusedError(400, text("The request is no valid JSON in UTF-8.")) from None
    if not isinstance(body, dict):
        raise RefusedError(400, text("The request is no JSON object."))
    return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _written(body: dict[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):  # UnicodeEncodeError: half a surrogate pair
        raise RefusedError(400, text("The request holds invalid characters.")) from None


def _numbered(body: dict[str, Any], functions: Mapping[int, int]) -> dict[str, Any]:
    number, trigger, session = (body.get(k) for k in ("fn_index", "trigger_id", "session_hash"))
    if type(number) is not int or number not in functions:
        raise RefusedError(404, text("There is no such function here."))
    if not is_id(session):
        raise RefusedError(400, text("session_hash is missing or invalid."))
    if trigger is not None and type(trigger) is not int:
        raise RefusedError(400, text("trigger_id is no number."))
    data = _data(body, functions[number])
    return {"data": data, "fn_index": number, "trigger_id": trigger, "session_hash": session}


def _call(body: dict[str, Any], name: str, endpoints: Endpoints) -> dict[str, Any]:
    if name not in endpoints.by_name:
        raise RefusedError(404, text("There is no such function here."))
    return {"data": _data(body, endpoints.by_name[name])}


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """Of an order to stop or forget: names and numbers."""
    known = ("session_hash", "fn_index", "event_id")
    kept = {key: value for key, value in body.items() if key in known}
    if all(is_id(value) or type(value) is int for value in kept.values()):
        return kept
    raise RefusedError(400, text("session_hash, fn_index or event_id is invalid."))


def _data(body: dict[str, Any], count: int) -> list[Any]:
    data = body.get("data")
    if not isinstance(data, list) or len(data) != count:
        raise RefusedError(400, text("data must be a list of {values} values.", values=count))
    return data


def _check_no_files(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise RefusedError(400, text("The request is nested too deeply."))
    if isinstance(value, dict):
        if depth and _FILE_KEYS & value.keys():
            raise RefusedError(400, text("Files are named by the paths of their uploads here."))
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_no_files(item, depth + 1)


def _too_long() -> RefusedError:
    return RefusedError(
        413, text("The request is larger than {bytes} bytes.", bytes=numeral(MAX_BODY))
    )
