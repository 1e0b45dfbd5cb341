"""One writer and eight readers, each in a process of its own; and a second writer.

Each commit writes its number into several articles, so that an answer from two commits shows.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from index import Article, IndexBusyError, make_article
from tests.durability import bugs, children
from tests.durability.check import open_index, scratch
from tests.durability.outcome import Outcome
from tests.durability.workload import WHEN, WORDS, article

READERS = 8
GROUP = 4
"""Articles that every commit changes together."""


def run(seed: int, commits: int, new: int = 1, readers: int = READERS, bug: str = "") -> Outcome:
    """So many commits, each with ``new`` articles beside the changed ones, while others read."""
    outcome = Outcome()
    with scratch() as folder:
        path = folder / "index"
        children.call(_begin, path)
        reading = [children.start(_read, path, bug) for _ in range(readers)]
        process, connection = children.start(_write, path, seed, commits, new)
        with closing(connection):
            written = connection.recv() if connection.poll(600) else "the writer hangs"
        process.join()
        searches = 0
        for reader, answers in reading:
            answers.send("stop")
            done, problems = answers.recv() if answers.poll(60) else (0, ["a reader hangs"])
            searches += done
            for problem in problems:
                outcome.failed(problem)
            answers.close()
            reader.join(10)
            reader.kill()
        if isinstance(written, str):
            outcome.failed(written)
            return outcome
    outcome.cases += commits
    outcome.kept += commits
    outcome.counts["searches"] = searches
    outcome.counts["articles written"] = commits * (new + GROUP)
    outcome.counts["milliseconds"] = int(written * 1000)
    return outcome


def second_writer() -> Outcome:
    """While one process writes, another one's attempt ends in a clear error, and soon."""
    outcome = Outcome()
    with scratch() as folder:
        path = folder / "index"
        children.call(_begin, path)
        process, connection = children.start(_hold, path)
        assert connection.recv() == "holding"
        seconds, message = children.call(_intrude, path)
        connection.send("go on")
        ended = connection.recv()
        process.join()
        problem = (
            f"{seconds:.2f} s" if seconds > 1 else message if str(path) not in message else ended
        )
        if problem:
            outcome.failed(f"second writer: {problem}")
        else:
            outcome.passed()
            outcome.counts["milliseconds"] = int(seconds * 1000)
    return outcome


def _generation(number: int) -> list[Article]:
    chance = random.Random(number)
    return [
        make_article(
            f"Der Stand der Dinge ist Nummer {number}. "
            + " ".join(f"{w} und Nebel." for w in chance.sample(WORDS, 6)),
            source=f"group:{i}",
            language="de",
            title=f"Stand {number}",
            fetched=WHEN,
        )
        for i in range(GROUP)
    ]


def _begin(path: Path) -> None:
    with open_index(path) as index:
        index.add_articles(_generation(0))


def _write(connection: Connection, path: Path, seed: int, commits: int, new: int) -> None:
    try:
        chance, added, started = random.Random(seed), list[str](), time.perf_counter()
        with open_index(path) as index:
            for number in range(1, commits + 1):
                fresh = [article(f"test:{seed}/{number}/{i}", chance) for i in range(new)]
                index.add_articles([*_generation(number), *fresh])
                added += [a.id for a in fresh]
                if number % 5 == 0:
                    index.remove(added.pop(chance.randrange(len(added))))
        connection.send(time.perf_counter() - started)
    except BaseException as error:
        connection.send(f"the writer: {type(error).__name__}: {error}")


def _read(connection: Connection, path: Path, bug: str) -> None:
    searches, problems, newest = 0, list[str](), 0
    try:
        bugs.plant(bug)
        with open_index(path, read_only=True) as index:
            while not connection.poll(0) and not problems:
                hits = index.search("Stand der Dinge Nummer", k=20, language="de")
                texts = {
                    owner.source: owner.text
                    for hit in hits
                    for owner in (hit.passage.article, *hit.also_in)
                    if owner.source.startswith("group:")
                }
                numbers = {
                    int(found[1])
                    for text in texts.values()
                    if (found := re.search(r"Nummer (\d+)", text))
                }
                if len(numbers) != 1 or len(texts) != GROUP:
                    problems.append(
                        f"an answer of commits {sorted(numbers)}, {len(texts)} articles"
                    )
                elif min(numbers) < newest:
                    problems.append(f"commit {min(numbers)} after commit {newest}")
                else:
                    newest = min(numbers)
                searches += 1
    except BaseException as error:
        problems.append(f"a reader: {type(error).__name__}: {error}")
    if not connection.poll(600):
        return
    connection.send((searches, problems))


def _hold(connection: Connection, path: Path) -> None:
    def slowly() -> Iterator[Article]:
        # Articles are asked for one by one while the lock is held.
        connection.send("holding")
        connection.recv()
        yield article("test:held", random.Random(1))

    try:
        with open_index(path) as index:
            index.add_articles(slowly())
            connection.send("" if index.articles()[-1].source == "test:held" else "not stored")
    except BaseException as error:
        connection.send(f"{type(error).__name__}: {error}")


def _intrude(path: Path) -> tuple[float, str]:
    started = time.perf_counter()
    with open_index(path) as index:
        try:
            index.add_articles([article("test:intruder", random.Random(2))])
        except IndexBusyError as error:
            return time.perf_counter() - started, str(error)
    return 0.0, "the second writer was let in"
