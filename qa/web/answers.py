"""Questions of the page and of scripts: told stage by stage, and the answers kept for a while."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Annotated, Any

import anyio
import anyio.to_thread
from pydantic import Field

from index import Filters, FundstelleError, Index
from qa import Answer, ask
from qa.question.follow import followed
from qa.web.refusal import broken
from qa.web.shown import shown
from qa.web.wanted import Form, wanted

AT_ONCE = 2
"""Questions that are answered at a time; more would only make each other slower."""

MAX_KEPT = 256
MAX_CHARACTERS = 50_000_000
"""Of the articles that the answers kept are taken from, so that large ones cannot fill memory."""

_LOG = logging.getLogger("uvicorn.error")


class Answers:
    """The latest answers, by names that nobody can guess: to be exported, and to be judged."""

    def __init__(self, most: int = MAX_KEPT, characters: int = MAX_CHARACTERS) -> None:
        self._most = most
        self._characters = characters
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, answer: Answer) -> str:
        """Keep it, and let the oldest go where there is no room for all; returns its name."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[name] = answer
            while len(self._kept) > self._most or (
                len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._characters
            ):
                self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> Answer | None:
        with self._lock:
            return self._kept.get(name)


def _size(answer: Answer) -> int:
    return sum(len(hit.passage.article.text) for hit in answer.passages)


class Question(Form):
    """What the page asks."""

    question: str
    since: date | None = None
    until: date | None = None
    publishers: Annotated[tuple[str, ...], Field(max_length=1_000)] = ()
    languages: Annotated[tuple[str, ...], Field(max_length=1_000)] = ()
    all_times: bool = False
    recent: bool = False
    after: str | None = None

    def filters(self) -> Filters:
        return Filters(
            since=self.since,
            until=self.until,
            languages=self.languages,
            publishers=self.publishers,
        )


class Asking:
    """Answers questions from an index, some at a time, and keeps the answers in ``answers``."""

    def __init__(self, index: Index, answers: Answers) -> None:
        self._index = index
        self._answers = answers
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    def answer(self, question: str) -> dict[str, Any]:
        """The answer's object alone, as scripts get it. Raises FundstelleError."""
        return ask(question, self._index).to_json()

    async def told(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The stages as they begin, then the answer or the problem.

        Whoever closes this ends the question too, where its next stage would begin.
        """
        loop = asyncio.get_running_loop()
        begun: asyncio.Queue[str | None] = asyncio.Queue()
        is_left = threading.Event()

        def stage(name: str) -> None:
            if is_left.is_set():
                raise _LeftError
            loop.call_soon_threadsafe(begun.put_nowait, name)

        working = asyncio.ensure_future(
            anyio.to_thread.run_sync(self._outcome, request, stage, limiter=self._threads)
        )
        working.add_done_callback(lambda _: begun.put_nowait(None))
        try:
            while name := await begun.get():
                yield {"stage": name}
            yield working.result()
        finally:
            is_left.set()

    def _outcome(self, request: dict[str, Any], stage: Callable[[str], None]) -> dict[str, Any]:
        try:
            return self._answered(request, stage)
        except FundstelleError as error:
            return {"stage": "problem", "problem": str(error)}
        except _LeftError:
            return {}
        except Exception:
            _LOG.exception("a question of the page")
            return {"stage": "problem", "problem": broken()}

    def _answered(self, request: dict[str, Any], stage: Callable[[str], None]) -> dict[str, Any]:
        wish = wanted(Question, request)
        understood = followed(wish.question, wish.after).understood if wish.after else None
        answer = ask(
            understood or wish.question,
            self._index,
            filters=wish.filters(),
            use_time_limit=not wish.all_times,
            recent=wish.recent,
            stage=stage,
        )
        return {
            "stage": "done",
            "answer_id": self._answers.remember(answer),
            "understood": understood,
            "answer": answer.to_json(),
            "shown": shown(answer),
        }


class _LeftError(Exception):
    """Nobody waits for the answer any more."""
