"""People who ask at once, beside a slow upload and a slow reader: ``python -m tests.hostile.load``.

Prints how many answers came, which errors, and how long it took; also for the page itself. Wrong is
whatever is neither an answer nor a clear 503, and a page that took a second or more.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from index import Index
from tests.page_server import ROOT, serving

QUESTIONS = (
    "Wie hoch wurde Scale AI bewertet?",
    "Wann wurde Scale AI gegründet?",
    "Wer entdeckte das Insulin?",
    "Wie heißt die Hauptstadt von Australien?",
    "Was kostet ein Platz?",
)


@dataclass
class Tally:
    """What came of the requests; ``answers`` and ``pages`` are seconds."""

    answers: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    busy: int = 0


def main() -> int:
    """Run the load; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="hostile-load-") as name:
        folder = Path(name) / "index"
        with Index.open(folder) as index:
            assert not index.add([ROOT / "examples/articles"]).failed
        with serving(folder) as url:
            _warm_up(url)
            _load(url, tally, options.people, time.monotonic() + options.seconds)
        shutil.rmtree(folder)
    return _report(tally)


def _warm_up(url: str) -> None:
    """The first question waits for the models, as it does in use."""
    with httpx.Client(base_url=url, timeout=120, verify=False) as client:
        assert "complete" in _answer(client, QUESTIONS[0])[1]


def _load(url: str, tally: Tally, people: int, until: float) -> None:
    port = int(url.rpartition(":")[2])
    threads = [threading.Thread(target=_ask, args=(url, tally, until)) for _ in range(people)]
    threads += [
        threading.Thread(target=_look, args=(url, tally, until)),
        threading.Thread(target=_upload_slowly, args=(port, until)),
        threading.Thread(target=_read_slowly, args=(port, until)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ask(url: str, tally: Tally, until: float) -> None:
    """A person: asks, reads for a moment, asks again; waits as long as a 503 says."""
    chance = random.Random(threading.get_ident())
    with httpx.Client(base_url=url, timeout=120, verify=False) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                wait, told = _answer(client, chance.choice(QUESTIONS))
            except (httpx.HTTPError, json.JSONDecodeError) as error:
                tally.errors[type(error).__name__] += 1
                continue
            if wait:
                tally.busy += 1
                time.sleep(min(wait, max(0.0, until - time.monotonic())))
            elif "event: complete" in told:
                tally.answers.append(time.monotonic() - began)
                time.sleep(chance.uniform(0.5, 2))
            else:
                tally.errors[told[:80]] += 1


def _answer(client: httpx.Client, question: str) -> tuple[float, str]:
    """Seconds to wait, and what came. A 503 must say how long."""
    begun = client.post("/gradio_api/call/ask", json={"data": [question]})
    if begun.status_code == 503 and "retry-after" in begun.headers:
        return float(begun.headers["retry-after"]), ""
    if begun.status_code != 200:
        return 0.0, f"{begun.status_code} {begun.text[:60]}"
    return 0.0, client.get(f"/gradio_api/call/ask/{begun.json()['event_id']}").text


def _look(url: str, tally: Tally, until: float) -> None:
    with httpx.Client(base_url=url, timeout=30, verify=False) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            if client.get("/").status_code != 200:
                tally.errors["GET /"] += 1
            tally.pages.append(time.monotonic() - began)
            time.sleep(0.2)


def _upload_slowly(port: int, until: float) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 9999999\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
            'Content-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'.encode()
        )
        while time.monotonic() < until:
            connection.sendall(b"a")
            time.sleep(0.01)


def _read_slowly(port: int, until: float) -> None:
    # The server hangs up on one who takes too long.
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
        while time.monotonic() < until:
            request = f"GET /config HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            connection.sendall(request.encode())
            for _ in range(1_000):
                if time.monotonic() > until or not connection.recv(1):
                    return
                time.sleep(0.01)


def _report(tally: Tally) -> int:
    print(f"answers {len(tally.answers)}, asked to come again {tally.busy}")
    print(f"errors {dict(tally.errors) or 'none'}")
    if tally.answers:
        print(
            f"answer: p50 {_part(tally.answers, 0.5):.2f} s, p95 {_part(tally.answers, 0.95):.2f} s"
        )
    worst = max(tally.pages)
    print(
        f"GET /: p50 {_part(tally.pages, 0.5):.3f} s, p95 {_part(tally.pages, 0.95):.3f} s, worst {worst:.3f} s"
    )
    return int(bool(tally.errors) or worst >= 1 or not tally.answers)


def _part(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


if __name__ == "__main__":
    sys.exit(main())
