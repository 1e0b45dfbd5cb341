"""Who may come in, and what every response says to the browser."""

from __future__ import annotations

import asyncio
import base64
import hmac
import math
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from index.translation import plural, text
from qa.web.refusal import RefusedError, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qa.web.attempts import Attempts

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The page loads its own files and asks its own server. No script or style stands in it, and none
can be made of a text."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class Door:
    """Refuses requests that another site sends, and those without the password if there is one."""

    def __init__(self, app: ASGIApp, password: str | None, attempts: Attempts) -> None:
        self.app = app
        self.password = password
        self.attempts = attempts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            _check_names(headers)
            if self.password:
                await self._check_password(scope, headers, self.password)
        except RefusedError as error:
            await refusal(scope["path"], error)(scope, receive, send)
        else:
            await self.app(_without_claims(scope), receive, send)

    async def _check_password(self, scope: Scope, headers: Headers, password: str) -> None:
        address = scope["client"][0] if scope.get("client") else ""
        if locked := self.attempts.locked_for(address):
            raise _locked(locked)
        if _has_password(headers, password):
            return
        if "authorization" in headers:
            delay = self.attempts.failed(address)
            if locked := self.attempts.locked_for(address):
                raise _locked(locked)
            await asyncio.sleep(delay)
        challenge = {"WWW-Authenticate": 'Basic realm="Fundstelle", charset="UTF-8"'}
        raise RefusedError(401, text("The password is needed."), challenge)


class SafeHeaders:
    """Sets the headers that bind a browser: which scripts run, who is asked, who may frame."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                for name, value in SAFE_HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_safely)


def _check_names(headers: Headers) -> None:
    """The host's name goes into the page. Browsers name the origin of what can change something."""
    if len(headers.getlist("host")) != 1 or not _HOST.fullmatch(headers["host"]):
        raise RefusedError(400, text("The server's name in the request is invalid."))
    for origin in headers.getlist("origin"):
        try:
            same = urlsplit(origin).netloc == headers["host"]
        except ValueError:
            same = False
        if not same:
            raise RefusedError(403, text("Requests from other pages are refused."))


def _has_password(headers: Headers, password: str) -> bool:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).partition(b":")[2]
    except ValueError:
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given, password.encode())


def _locked(seconds: float) -> RefusedError:
    minutes = math.ceil(seconds / 60)
    told = plural(
        "Too many wrong passwords. A new attempt is possible in {number} minute.",
        "Too many wrong passwords. A new attempt is possible in {number} minutes.",
        minutes,
    )
    return RefusedError(429, told, {"Retry-After": str(math.ceil(seconds))})


def _without_claims(scope: Scope) -> Scope:
    """Without headers that claim another host: Gradio believes them, and writes it into the page.

    A proxy may say that it was asked by https.
    """

    def stays(name: bytes, value: bytes) -> bool:
        if name == b"x-forwarded-proto":
            return value in (b"http", b"https")
        return name != b"forwarded" and not name.startswith((b"x-forwarded-", b"x-gradio-"))

    kept = [(name, value) for name, value in scope["headers"] if stays(name, value)]
    return {**scope, "headers": kept}
