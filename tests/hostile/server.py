"""A page's server that the groups share, and the ways to speak with it."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A child that serves ``folder``; ``log`` is what it said on its standard error."""

    folder: Path
    process: subprocess.Popen[str]
    url: str
    routes: list[tuple[str, list[str]]]
    uploads: Path
    log: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, verify=False)

    def end(self, signal: int) -> None:
        self.process.send_signal(signal)
        self.process.wait(20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.uploads, ignore_errors=True)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def start(folder: Path, quota: int = 20_000_000) -> Server:
    """A server over the index in ``folder``, which is made if it is not there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.serve", str(folder), str(quota)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url, routes, uploads = (process.stdout.readline().strip() for _ in range(3))
    if not uploads:
        assert process.stderr is not None
        raise AssertionError(process.stderr.read())
    server = Server(folder, process, url, json.loads(routes), Path(uploads))
    threading.Thread(target=_keep_log, args=(server,), daemon=True).start()
    with server.client() as client:
        assert client.get("/robots.txt").status_code < 500
    return server


def shared() -> Server:
    """The server of all groups; a new one if the last was ended."""
    server = _shared()
    if server.process.poll() is not None:
        _shared.cache_clear()
        server = _shared()
    return server


@cache
def _shared() -> Server:
    folder = tempfile.TemporaryDirectory(prefix="hostile-server-")
    server = start(Path(folder.name) / "index")
    atexit.register(folder.cleanup)
    atexit.register(server.close)
    return server


def _keep_log(server: Server) -> None:
    assert server.process.stderr is not None
    try:
        for line in server.process.stderr:
            server.log.append(line)
    except ValueError:  # closed
        return


def upload(client: httpx.Client, *files: tuple[str, bytes]) -> list[str]:
    """The paths of files that were taken in."""
    sent = [("files", (name, data, "text/plain")) for name, data in files]
    response = client.post("/gradio_api/upload", files=sent)
    assert response.status_code == 200, response.text
    paths: list[str] = response.json()
    return paths


def file_data(path: object, **more: object) -> dict[str, object]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def join(client: httpx.Client, number: int, data: list[Any], session: str) -> httpx.Response:
    body = {"data": data, "fn_index": number, "session_hash": session}
    return client.post("/gradio_api/queue/join", json=body)


def outcome(client: httpx.Client, number: int, data: list[Any], session: str) -> dict[str, Any]:
    """The last message about a function of the page that was called as the page does."""
    response = join(client, number, data, session)
    assert response.status_code == 200, response.text
    return ended(client, session)


def ended(client: httpx.Client, session: str) -> dict[str, Any]:
    """The last message about the function that a session has called."""
    path = f"/gradio_api/queue/data?session_hash={session}"
    with client.stream("GET", path) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                message: dict[str, Any] = json.loads(line[6:])
                if message["msg"] == "process_completed":
                    return message
    raise AssertionError("the stream ended before the answer")


def asked(client: httpx.Client, question: str) -> str:
    """The event that a script gets for its question."""
    begun = client.post("/gradio_api/call/ask", json={"data": [question]})
    assert begun.status_code == 200, begun.text
    return client.get(f"/gradio_api/call/ask/{begun.json()['event_id']}").text


def raw(server: Server, sent: bytes, seconds: float = 4.0) -> bytes:
    """What comes back for bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        got = b""
        try:
            connection.sendall(sent)
            while piece := connection.recv(65_536):
                got += piece
                if b"\r\n\r\n" in got and b"Connection: close" not in sent:
                    break
        except (TimeoutError, ConnectionError):
            pass
        return got


def status(answer: bytes) -> int:
    """The status of the first response in ``answer``; 0 if there is none."""
    first = answer.split(b"\r\n", 1)[0].split()
    return int(first[1]) if len(first) > 1 and first[0].startswith(b"HTTP/") else 0
