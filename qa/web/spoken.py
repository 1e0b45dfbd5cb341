"""The language of a request: the browser's, of those that there are messages in."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from index.translation import SOURCE_LANGUAGE, of_header, speaking

UNASKED = "de"
"""Where a request names no language at all."""


class Spoken:
    """Everything inside speaks the request's language."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with speaking(language_of(Headers(scope=scope).get("accept-language"))):
            await self.app(scope, receive, send)


def language_of(accepted: str | None) -> str:
    """The language that a header ``Accept-Language`` asks for."""
    if not accepted or accepted.strip() == "*":
        return UNASKED
    return of_header(accepted) or SOURCE_LANGUAGE
