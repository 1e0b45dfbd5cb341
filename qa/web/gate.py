"""Which requests get through: a list of routes, of sizes and of times.

Gradio brings many routes: to read files, to fetch addresses, to edit its page. Our page and the
clients of its API need a few of them; nothing else is let in.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders

from index.translation import text
from qa.web import bodies
from qa.web.refusal import RETRY_AFTER, RefusedError, broken, busy, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qa.web.bodies import Endpoints

MAX_REQUESTS = 400
"""At once. A page that is open holds one for as long, so these are that many people."""

SEND_SECONDS = 60.0
"""For a reader to take what fits between us: slower ones are let go."""

MAX_PARAMETERS = 200
"""In an address: a permalink names each publisher that it asks for."""

_LOG = logging.getLogger("uvicorn.error")
_ID = r"[\w-]{1,64}"
_FILES = r"(?:/[A-Za-z0-9_@~-][A-Za-z0-9_@~.+-]*)+"  # no part begins with a dot


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    methods: tuple[str, ...]
    query: tuple[str, ...] = ()  # what is kept of it
    is_text: bool = False  # its values may be any text; others are names and numbers
    is_json: bool = False


def _route(
    pattern: str, *methods: str, query: str = "", is_text: bool = False, is_json: bool = False
) -> _Route:
    compiled = re.compile(pattern, re.ASCII)
    return _Route(compiled, methods or ("GET",), tuple(query.split()), is_text, is_json)


_LISTING = "query sort descending page size publisher language since until"
_ROUTES = (
    _route(r"/", "GET", "HEAD"),
    _route(rf"/static/page{_FILES}", "GET", "HEAD"),
    _route(r"/artikel/[^/]{1,200}", query="von bis"),
    _route(r"/api/(?:holdings|failures|insight)"),
    _route(r"/api/articles", query=_LISTING, is_text=True),
    _route(r"/api/ids", query=_LISTING, is_text=True),
    _route(rf"/api/articles/{_ID}", "GET", "POST", is_json=True),
    _route(r"/api/(?:remove|restore|forget|export|feedback|stop)", "POST", is_json=True),
    _route(r"/(?:config|robots\.txt)"),
    _route(r"/gradio_api/info"),
    _route(r"/gradio_api/queue/data", query="session_hash"),
    _route(rf"/gradio_api/call/{_ID}/{_ID}"),
    _route(rf"/gradio_api/call/{_ID}", "POST", is_json=True),
    _route(r"/gradio_api/(?:queue/join|cancel|reset)", "POST", is_json=True),
    _route(r"/gradio_api/upload", "POST"),
)


class Gate:
    """Lets the listed requests in, once their bodies were judged."""

    def __init__(self, app: ASGIApp, endpoints: Endpoints) -> None:
        self.app = app
        self.endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self.app(scope, receive, send)
        else:
            try:
                scope, receive = await self._checked(scope, receive)
            except RefusedError as error:
                await refusal(scope["path"], error)(scope, receive, send)
            else:
                await self.app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        route = _found(scope["path"], scope["method"])
        headers = Headers(scope=scope)
        scope = {**scope, "query_string": _kept_query(scope["query_string"], route)}
        if not route.is_json or scope["method"] == "GET":
            return scope, receive
        if scope["path"].startswith("/api/"):
            bodies.check_kind(headers.get("content-type"))
        raw = await bodies.read(receive, headers.get("content-length"))
        body = bodies.judged(scope["path"], raw, self.endpoints)
        return _with_length(scope, len(body)), _replayed(body, receive)


class Limits:
    """Refuses requests over the number for which there is room; lets go of too slow readers.

    What breaks behind it, and what is refused for want of room, is told as a readable text.
    """

    def __init__(self, app: ASGIApp, most: int = MAX_REQUESTS) -> None:
        self.app = app
        self.most = most
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self.running >= self.most:
            await _told(503)(scope, receive, send)
        else:
            self.running += 1
            try:
                await self._run(scope, receive, send)
            finally:
                self.running -= 1

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = replaced = streams = False

        async def send_in_time(message: Message) -> None:
            nonlocal begun, replaced, streams
            if message["type"] == "http.response.start":
                # Our own say when to come again.
                headers = Headers(raw=list(message.get("headers", [])))
                streams = headers.get("content-type", "").startswith("text/event-stream")
                ours = "retry-after" in headers
                replaced = not begun and not ours and message["status"] >= 500
                begun = True
                if replaced:
                    return await _told(message["status"])(scope, receive, send)
            if not replaced:
                async with asyncio.timeout(SEND_SECONDS):
                    await send(message)

        try:
            await self.app(scope, receive, send_in_time)
        except Exception as error:
            # A reader was too slow, or a stream of events is of a session that is gone.
            _LOG.error("%s: %r", scope["path"], error, exc_info=not begun)
            if not begun:
                await _told(500)(scope, receive, send)
            elif streams:
                with suppress(Exception):  # it has told the error; its reader may be gone
                    await send({"type": "http.response.body"})


def _found(path: str, method: str) -> _Route:
    for route in _ROUTES:
        if route.pattern.fullmatch(path):
            if method in route.methods:
                return route
            allowed = {"Allow": ", ".join(route.methods)}
            raise RefusedError(
                405, text("This address does not take this kind of request."), allowed
            )
    raise RefusedError(404, text("There is no such address here."))


def _kept_query(query: bytes, route: _Route) -> bytes:
    """What a route knows of the query; of names and numbers the last value of each."""
    try:
        given = parse_qsl(query.decode("ascii"), max_num_fields=MAX_PARAMETERS, errors="strict")
    except ValueError:
        raise RefusedError(400, text("The address has unreadable parameters.")) from None
    kept = [(name, value) for name, value in given if name in route.query]
    if route.is_text:
        return urlencode(kept).encode("ascii")
    if not all(bodies.is_id(value) for _, value in kept):
        raise RefusedError(400, text("The address has invalid parameters."))
    return urlencode(dict(kept)).encode("ascii")


def _with_length(scope: Scope, length: int) -> Scope:
    """The scope of a request whose body was replaced by JSON of this length."""
    scope = {**scope, "headers": list(scope["headers"])}
    headers = MutableHeaders(scope=scope)
    for name in ("content-type", "content-encoding", "transfer-encoding"):
        del headers[name]
    headers["content-type"] = "application/json"
    headers["content-length"] = str(length)
    return scope


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body, and then whatever comes: that the client went, for example."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _told(status: int) -> ASGIApp:
    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Retry-After": RETRY_AFTER} if status == 503 else None
        error = RefusedError(status, busy() if status == 503 else broken(), headers)
        await refusal(scope["path"], error)(scope, receive, send)

    return respond
