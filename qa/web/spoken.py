"""The language of a request: the one chosen on the page, else the browser's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from index.translation import SOURCE_LANGUAGE, languages, of_header, speaking

UNASKED = "de"
"""Where a request names no language at all."""

CHOSEN = "lang"
"""The parameter of an address, and the cookie, that name a language."""


class Spoken:
    """Everything inside speaks the request's language."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with speaking(_of_address(scope["query_string"]) or language_of(Headers(scope=scope))):
            await self.app(scope, receive, send)


def language_of(headers: Mapping[str, str]) -> str:
    """The language that the cookie names, or that ``Accept-Language`` asks for."""
    chosen = cookie_parser(headers.get("cookie") or "").get(CHOSEN)
    if chosen in languages():
        return chosen
    accepted = headers.get("accept-language")
    if not accepted or accepted.strip() == "*":
        return UNASKED
    return of_header(accepted) or SOURCE_LANGUAGE


def _of_address(query: bytes) -> str | None:
    try:
        given = parse_qs(query.decode("ascii"), max_num_fields=100).get(CHOSEN, [])
    except ValueError:  # the gate tells
        return None
    return next((code for code in given if code in languages()), None)
