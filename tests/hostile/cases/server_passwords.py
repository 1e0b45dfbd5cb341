"""Wrong passwords, odd headers that should hold one, and guessing."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from qa.web.attempts import LOCK_AFTER, Attempts
from qa.web.door import Door
from tests.hostile.case import Case


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Each header; then many of them."""
    wrong = {
        "another": "x:falsch", "empty": "x:", "the name": "geheim ü:x", "no colon": "geheim ü",
        "a blank more": "x:geheim ü ", "a part": "x:geheim", "capital": "x:GEHEIM Ü", "NUL": "x:geheim ü\x00",
    }  # fmt: skip
    for name, given in wrong.items():
        coded = "Basic " + base64.b64encode(given.encode()).decode()
        yield Case(f"password: {name}", partial(_is_refused, coded))
    for header in (
        "Basic",
        "Basic ===",
        "Basic ü",
        "Bearer geheim",
        "Digest x",
        "Basic " + "A" * 50_000,
    ):
        yield Case(f"authorization: {header[:20]}", partial(_is_refused, header))
    yield Case("guesses are slowed down, then locked out", _guesses)
    if not quick:
        yield Case("guesses at once are locked out", _guesses_at_once)
    yield Case("addresses are forgotten", _many_addresses)


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _door(attempts: Attempts) -> httpx.AsyncClient:
    application = Starlette(routes=[Route("/", lambda _: PlainTextResponse("innen"))])
    door = Door(application, "geheim ü", attempts)
    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://localhost")


def _get(attempts: Attempts, *headers: str) -> list[httpx.Response]:
    async def get() -> list[httpx.Response]:
        async with _door(attempts) as client:
            sent = (
                client.get("/", headers=[(b"Authorization", h.encode("utf-8"))]) for h in headers
            )
            return list(await asyncio.gather(*sent))

    return asyncio.run(get())


RIGHT = "Basic " + base64.b64encode("x:geheim ü".encode()).decode()
WRONG = "Basic " + base64.b64encode(b"x:falsch").decode()


def _is_refused(header: str) -> None:
    [response] = _get(Attempts(), header)
    assert response.status_code == 401
    assert "innen" not in response.text
    assert response.headers["www-authenticate"].startswith("Basic")


def _guesses() -> None:
    clock = _Clock()
    attempts = Attempts(clock)
    delays = [attempts.failed("10.0.0.1") for _ in range(LOCK_AFTER)]
    assert delays == sorted(delays)
    assert delays[0] == 0 < delays[-1] <= 4
    assert attempts.locked_for("10.0.0.2") == 0
    assert attempts.locked_for("10.0.0.1") == 900
    clock.now += 899
    assert attempts.locked_for("10.0.0.1") == 1
    clock.now += 1
    assert attempts.locked_for("10.0.0.1") == 0
    assert attempts.failed("10.0.0.1") == 0


def _guesses_at_once() -> None:
    attempts = Attempts()
    statuses = [response.status_code for response in _get(attempts, *[WRONG] * 40)]
    assert statuses.count(401) == LOCK_AFTER - 1
    assert statuses.count(429) == 41 - LOCK_AFTER
    [locked] = _get(attempts, RIGHT)
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert " 15 " in locked.text, "how long it lasts, in whatever language"


def _many_addresses() -> None:
    attempts = Attempts()
    for number in range(6_000):
        attempts.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        attempts.failed(f"2001:db8::{number:x}")
    assert len(attempts) <= 10_000
    assert attempts.locked_for("2001:db8::ffff:1") > 0, "one network of IPv6 is one guesser"
