"""The page's own routes under ``/api/``: what the collection holds, and what is done to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from index import (
    ArticleNotFoundError,
    FundstelleError,
    Index,
    IndexBusyError,
    UsageError,
    to_json,
)
from index.translation import text
from qa import Answer
from qa.export import export
from qa.feedback import store
from qa.show.blocks import blocks
from qa.web.answers import Answers
from qa.web.library import Library
from qa.web.orders import Exporting, Forgetting, Judgement, Removal, Restoring, Stopping
from qa.web.refusal import RETRY_AFTER, RefusedError, refusal
from qa.web.shown import facts_of
from qa.web.stops import Stops
from qa.web.wanted import wanted

AT_ONCE = 8
"""Requests that work at a time, in threads of their own, of which questions take none."""


class PageRoutes:
    """Reads and changes an index for the page; ``answers`` and ``stops`` are what it may name."""

    def __init__(self, index: Index, answers: Answers, stops: Stops) -> None:
        self._index = index
        self._answers = answers
        self._stops = stops
        self._library = Library(index)
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        library = self._library
        return [
            self._told("/api/holdings", lambda _: library.holdings()),
            self._told("/api/failures", lambda _: library.failures()),
            self._told("/api/insight", self._insight),
            self._told("/api/articles", lambda request: library.page(_pairs(request))),
            self._told("/api/ids", lambda request: library.ids(_pairs(request))),
            self._told("/api/articles/{article_id}", self._article),
            self._ordered("/api/articles/{article_id}", self._edit),
            self._ordered("/api/remove", lambda _, body: library.remove(wanted(Removal, body).ids)),
            self._ordered(
                "/api/restore", lambda _, body: library.restore(wanted(Restoring, body).undo)
            ),
            self._ordered(
                "/api/forget", lambda _, body: library.forget(wanted(Forgetting, body).sources)
            ),
            self._ordered("/api/stop", self._stop),
            self._ordered("/api/export", self._export),
            self._ordered("/api/feedback", self._feedback),
        ]

    def _told(self, path: str, work: Callable[[Request], object]) -> Route:
        async def respond(request: Request) -> Response:
            return await self._response(partial(work, request))

        return Route(path, respond, methods=["GET"])

    def _ordered(self, path: str, work: Callable[[Request, dict[str, Any]], object]) -> Route:
        async def respond(request: Request) -> Response:
            # The gate has judged the body: a JSON object, and not too large.
            return await self._response(partial(work, request, await request.json()))

        return Route(path, respond, methods=["POST"])

    async def _response(self, work: Callable[[], object]) -> Response:
        def done() -> Response:
            try:
                return _Json(_plain(work()), headers={"Cache-Control": "no-store"})
            except FundstelleError as error:
                return refusal("/api/", _refused(error))

        return await anyio.to_thread.run_sync(done, limiter=self._threads)

    def _article(self, request: Request) -> object:
        article = self._index.article(request.path_params["article_id"])
        return {
            "article_id": article.id,
            **facts_of(article),
            "authors": article.authors,
            "also_in": self._library.also_in(article.id),
            "blocks": [to_json(block) for block in blocks(article.text)],
        }

    def _edit(self, request: Request, changes: dict[str, Any]) -> object:
        return self._library.edit(request.path_params["article_id"], changes)

    def _stop(self, _: Request, body: dict[str, Any]) -> object:
        self._stops.stop(wanted(Stopping, body).addition)
        return {"stopped": True}

    def _export(self, _: Request, body: dict[str, Any]) -> object:
        wish = wanted(Exporting, body)
        return export(self._known(wish.answer_id), wish.format)

    def _feedback(self, _: Request, body: dict[str, Any]) -> object:
        wish = wanted(Judgement, body)
        store(self._index, self._known(wish.answer_id), wish.verdict, wish.place)
        return {"stored": True}

    def _insight(self, _: Request) -> object:
        from qa.insight import insight  # reads tables of evaluations, which little else needs

        return insight(self._index)

    def _known(self, name: str) -> Answer:
        answer = self._answers.get(name)
        if answer is None:
            raise ArticleNotFoundError(text("This answer is no longer kept. Ask again."))
        return answer


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        # Half of a surrogate pair, as a file's name may hold, becomes the escape that JSON has.
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _pairs(request: Request) -> list[tuple[str, str]]:
    return request.query_params.multi_items()


def _plain(value: object) -> object:
    """``value`` as JSON has it; some work gives a record."""
    return value if isinstance(value, (dict, list)) else to_json(value)


def _refused(error: FundstelleError) -> RefusedError:
    if isinstance(error, UsageError):
        return RefusedError(400, str(error))
    if isinstance(error, ArticleNotFoundError):
        return RefusedError(404, str(error))
    if isinstance(error, IndexBusyError):
        # Its own words name the folder of the index, which is nobody's business here.
        busy = text("The collection is being written to just now. Please try again in a moment.")
        return RefusedError(409, busy)
    return RefusedError(503, str(error), {"Retry-After": RETRY_AFTER})
