"""Long work that tells how far it has come, run so that the server goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import TypeVar

_Step = TypeVar("_Step")


async def stepped(work: Generator[_Step, None, None]) -> AsyncGenerator[_Step, None]:
    """What ``work`` yields, each step made in a thread.

    Where this is closed or cancelled, the step at hand is waited for, and then ``work`` is closed,
    in a thread too: what it does at its end may take a while.
    """
    step: asyncio.Task[_Step | None] | None = None
    try:
        while True:
            step = asyncio.create_task(asyncio.to_thread(next, work, None))
            value = await asyncio.shield(step)
            if value is None:
                return
            yield value
    finally:
        if step:
            await asyncio.wait([step])
        await asyncio.to_thread(work.close)
