"""Paths, addresses and devices, given to every endpoint the server has, known and unknown.

Right is: no file was opened (the kernel tells of each), no connection was made (a port of ours
counts), nothing of a file came back, and an answer came within five seconds.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.hostile.case import Case
from tests.hostile.observe import Listener, Opened, listening
from tests.hostile.server import Server, ended, file_data, join, outcome, shared, upload

CANARY = "KANARIENVOGEL"
SECONDS = 5.0
FUNCTIONS = 3
ADD = 2
QUICK_KINDS = 1


@dataclass(frozen=True)
class World:
    server: Server
    client: httpx.Client
    opened: Opened
    listener: Listener


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Kinds of paths × the page's functions, × all routes, and what lies in the upload folder."""
    server = shared()
    inside = server.folder / "notizen.txt"
    inside.write_text(CANARY, "utf-8")
    secrets = _secrets(folder)
    with listening() as listener, server.client() as client:
        opened = Opened(folder, server.folder)
        world = World(server, client, opened, listener)
        kinds = _kinds(folder, inside, server, listener.port)
        for name, value in list(kinds.items())[:: 4 if quick else 1]:
            for number in (ADD,) if quick else range(FUNCTIONS):
                yield Case(f"function {number}: {name}", partial(_function, world, number, value))
        some = dict(list(kinds.items())[:QUICK_KINDS]) if quick else kinds
        for path, methods in _endpoints(server):
            yield Case(f"route {path}", partial(_route, world, path, methods, some))
        for name in ("symlink", "folder", "fifo", "removed", "second"):
            yield Case(f"in the upload folder: {name}", partial(_planted, world, name, secrets))
        for name, url in _addresses(listener.port).items():
            yield Case(f"address with an upload: {name}", partial(_with_address, world, url))
        yield Case("an upload is added once", partial(_is_added, world))
        opened.close()


def _secrets(folder: Path) -> Path:
    """A folder of things that must stay unread, with endings that articles have."""
    secret = folder / "geheim.txt"
    secret.write_text(CANARY, "utf-8")
    secret.chmod(0o600)
    (folder / "link.txt").symlink_to(secret)
    (folder / "null.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "fifo.txt")
    (folder / "ordner.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.open(folder, os.O_RDONLY)
        unix.bind(
            f"/proc/self/fd/{here}/sockel.txt"
            if len(str(folder)) > 80
            else str(folder / "sockel.txt")
        )
        os.close(here)
    return secret


def _kinds(folder: Path, inside: Path, server: Server, port: int) -> dict[str, Any]:
    secret, uploads = folder / "geheim.txt", server.uploads
    up = "/".join([".."] * (len(uploads.parts) - 1))
    hashed = uploads / ("0" * 64)
    paths: dict[str, Any] = {
        "a secret file": str(secret), "a file of the index": str(inside), "/dev/zero": "/dev/zero",
        "an address": f"http://127.0.0.1:{port}/a.txt", "a way up": f"{uploads}/{up}{secret}",
        "a link": str(folder / "link.txt"), "a link to a device": str(folder / "null.txt"),
        "a pipe": str(folder / "fifo.txt"), "a socket": str(folder / "sockel.txt"),
        "a folder": str(folder / "ordner.txt"), "the database": str(server.folder / "articles.db"),
        "/etc/passwd": "/etc/passwd", "/dev/random": "/dev/random", "/dev/stdin": "/dev/stdin",
        "/proc/self/environ": "/proc/self/environ", "/proc/self/fd/0": "/proc/self/fd/0",
        "the root of the process": f"/proc/self/root{secret}", "a file address": f"file://{secret}",
        "relative": os.path.relpath(secret), "a tilde": "~/.ssh/id_rsa", "empty": "", "a dot": ".",
        "a way up after a hash": f"{hashed}/../{up}{secret}", "the upload folder": str(uploads),
        "a hash's parent": f"{hashed}/..", "double slash": f"/{secret}", "NUL": f"{secret}\x00.txt",
        "NUL in a hash": f"{hashed}/a\x00.txt", "a line break": f"{secret}\n.txt",
        "in percents": quote(str(secret), safe=""), "backslashes": str(secret).replace("/", "\\"),
        "very long": str(secret) + "/" + "a" * 100_000, "wide slashes": str(secret).replace("/", "／"),
        "UNC": r"\\127.0.0.1\share\a.txt", "https": f"https://127.0.0.1:{port}/a.txt",
        "ftp": f"ftp://127.0.0.1:{port}/a.txt", "data address": "data:text/plain,hallo",
        "IPv6 address": f"http://[::ffff:127.0.0.1]:{port}/", "capital": f"HTTP://127.0.0.1:{port}/",
        "Gradio's own address": f"/gradio_api/file={secret}", "a number": 0, "null": None,
    }  # fmt: skip
    kinds: dict[str, Any] = {name: file_data(path) for name, path in paths.items()}
    kinds |= {
        "path and address": file_data(str(secret), url=f"http://127.0.0.1:{port}/"),
        "without meta": {"path": str(secret)}, "address alone": {"url": f"http://127.0.0.1:{port}/"},
        "a stream": file_data(str(secret), is_stream=True), "nested": {"value": file_data(str(secret))},
        "deep": [[[{"x": [file_data(str(secret))]}]]], "a bare path": str(secret),
        "of another type": {"path": str(secret), "meta": {"_type": "gradio.Other"}},
        "path as list": file_data([str(secret)]), "path as record": file_data({"path": str(secret)}),
    }  # fmt: skip
    return kinds


def _addresses(port: int) -> dict[str, object]:
    return {
        "http": f"http://127.0.0.1:{port}/a.txt", "own host, other path": "/etc/passwd",
        "user": f"http://127.0.0.1:{port}@127.0.0.1:{port}/gradio_api/file=x", "list": ["x"],
        "no scheme": f"//127.0.0.1:{port}/gradio_api/file=x", "broken": "http://[::1", "number": 7,
    }  # fmt: skip


def _endpoints(server: Server) -> list[tuple[str, list[str]]]:
    """Those of the application, and others that Gradio has with other settings or had."""
    extra = [
        ("/gradio_api/mcp/", ["GET", "POST"]), ("/gradio_api/run-history/connect", ["POST"]),
        ("/gradio_api/profiling/traces", ["GET"]), ("/file={p}", ["GET"]), ("/file/{p}", ["GET"]),
        ("/proxy={p}", ["GET"]), ("/api/predict", ["POST"]), ("/run/predict", ["POST"]),
        ("/queue/join", ["POST"]), ("/upload", ["POST"]), ("/docs", ["GET"]), ("/openapi.json", ["GET"]),
        ("/gradio_api/call/add", ["POST"]), ("/gradio_api/call/answer", ["POST"]),
    ]  # fmt: skip
    assert len(server.routes) > 60, "the walk has found Gradio's routes"
    seen = dict.fromkeys((path, tuple(methods)) for path, methods in [*server.routes, *extra])
    return [(path, list(methods)) for path, methods in seen]


def _function(world: World, number: int, value: Any) -> None:
    """Called as the page calls it: a file that was not uploaded is refused, a text is a text."""
    for data in ([[value]], [value], [{"files": [value]}], [value, value], []):
        began = time.monotonic()
        response = join(world.client, number, data, "pfade")
        if len(data) != 1 or isinstance(value, dict):
            assert response.status_code == 400, response.text
        elif response.status_code == 200 and number == ADD:
            message = ended(world.client, "pfade")
            assert not message["success"], "nothing was uploaded, so nothing is added"
        _check(world, response.status_code, response.text, began)


def _route(world: World, path: str, methods: list[str], kinds: dict[str, Any]) -> None:
    for name, value in kinds.items():
        place = value.get("path") or value.get("url") if isinstance(value, dict) else value
        text = place if isinstance(place, str) else json.dumps(place)
        parts = re.split(r"\{[^}]*\}", path)
        filled = quote(text[:2_000], safe="/:").join(parts)
        query = {"path": text[:2_000], "url": text[:2_000], "deep_link": text[:2_000]}
        body = {
            "data": [[value]], "fn_index": ADD, "session_hash": "pfade", "event_id": "x",
            "component_id": 13, "fn_name": "preprocess", "prompt": text, "code": text,
        }  # fmt: skip
        for method in methods or ["GET"]:
            sent = {"json": body} if method == "POST" else {}
            began = time.monotonic()
            try:
                request = world.client.build_request(method, filled, params=query, **sent)  # type: ignore[arg-type]
            except httpx.InvalidURL:
                continue  # our client cannot even say it
            status, told = _answer(world.client, request)
            try:
                _check(world, status, told, began)
            except AssertionError as error:
                raise AssertionError(f"{method} {name}: {error}") from error


def _answer(client: httpx.Client, request: httpx.Request) -> tuple[int, str]:
    """The status, and the beginning of the body: some streams never end."""
    request.extensions["timeout"] = {"connect": 5, "read": 4, "write": 5, "pool": 5}
    body = b""
    response = client.send(request, stream=True)
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > 100_000 or b"ALIVE" in body:
                break
    except httpx.ReadTimeout:
        pass
    finally:
        response.close()
    return response.status_code, body.decode("utf-8", "replace")


def _check(world: World, status: int, told: str, began: float) -> None:
    assert time.monotonic() - began < SECONDS
    assert status < 500, f"{status}: {told[:200]}"
    assert CANARY not in told
    opened = {n for n in world.opened.names() if n.endswith(".txt")}
    assert not opened, f"opened: {opened}"
    assert world.listener.count == 0, "connected"


def _planted(world: World, kind: str, secret: Path) -> None:
    """Somebody on the machine, or a fault, left something beside an upload."""
    path = Path(*upload(world.client, ("gast.txt", b"Der Gast kommt aus Rom.")))
    place = path.with_name("anders.txt")
    if kind == "symlink":
        place.symlink_to(secret)
    elif kind == "folder":
        place.mkdir()
    elif kind == "fifo":
        os.mkfifo(place)
    elif kind == "second":
        place = place.with_name("..")
    began = time.monotonic()
    response = join(world.client, ADD, [{"files": [file_data(str(place))]}], "gepflanzt")
    assert response.status_code == 400
    _check(world, response.status_code, response.text, began)
    message = outcome(world.client, ADD, [{"files": [str(place)]}], "gepflanzt")
    assert not message["success"]
    _check(world, 200, json.dumps(message), began)
    shutil.rmtree(path.parent)


def _with_address(world: World, url: object) -> None:
    [path] = upload(world.client, ("gast.txt", b"Der Gast kommt aus Rom."))
    began = time.monotonic()
    response = join(world.client, ADD, [{"files": [file_data(path, url=url)]}], "adresse")
    assert response.status_code == 400
    _check(world, response.status_code, response.text, began)


def _is_added(world: World) -> None:
    """The gate lets through what it should; the second time the upload is gone."""
    [path] = upload(world.client, ("gast.txt", b"Der Gast kommt aus Rom und bleibt drei Tage."))
    message = outcome(world.client, ADD, [{"files": [path]}], "einmal")
    assert message["success"], message
    [told] = message["output"]["data"]
    assert told["report"]["added"] == 1, told
    [row] = world.client.get("/api/articles?query=Gast").json()["articles"]
    assert row["headline"] == "Der Gast kommt aus Rom und bleibt drei Tage."
    assert not Path(path).exists()
    assert not outcome(world.client, ADD, [{"files": [path]}], "einmal")["success"]
