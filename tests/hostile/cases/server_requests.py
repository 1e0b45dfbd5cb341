"""Requests that no browser of ours sends: names, methods, bodies, uploads, ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx

from qa.web.door import SAFE_HEADERS
from tests.hostile.case import Case
from tests.hostile.serve import BREAK, KEEP_THREAD, SECRET_REASON
from tests.hostile.server import Server, asked, join, outcome, raw, shared, start, status

JOIN = "/gradio_api/queue/join"
REMOVE = "/api/remove"
GOOD = {"data": ["a"], "fn_index": 0, "session_hash": "anfragen"}
EVIL = "evil.example"

HOSTS = (
    EVIL, "127.0.0.1.evil.example", "127.0.0.1@evil.example", "", " ", "localhost.", "127.1", "0",
    '"><script>alert(1)</script>', "127.0.0.1:x", "127.0.0.1,evil.example", "[::1", "xn--a", "a" * 3_000,
)  # fmt: skip
ORIGINS = (
    f"http://{EVIL}", "null", "", "file://", "http://127.0.0.1:1", "http://localhost", "://[",
    f"http://127.0.0.1.{EVIL}", "chrome-extension://abc", "http://[::1", "javascript:alert(1)",
)  # fmt: skip
CLAIMS = (
    ("X-Forwarded-Host", EVIL), ("X-Forwarded-Server", EVIL), ("X-Forwarded-Prefix", f"//{EVIL}"),
    ("Forwarded", f"host={EVIL}"), ("X-Forwarded-Proto", f"{EVIL}://x"), ("X-Gradio-Server", f"http://{EVIL}"),
    ("X-Forwarded-Uri", f"http://{EVIL}"), ("X-Original-URL", f"/{EVIL}"), ("X-Rewrite-URL", f"/{EVIL}"),
)  # fmt: skip
TRAVERSALS = (
    "/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/..%2f..%2f..%2fetc/passwd",
    "/static/..%252f..%252fetc/passwd", "/static/page/%2e%2e/%2e%2e/etc/passwd", "/static/page/../gate.py", "/static/page/..%2fgate.py", "/assets//etc/passwd",
    "/static/....//....//etc/passwd", "/assets/.env", "/assets/%00", "/static/a%00.js", "/assets/\\..\\x",
    "/artikel/../config", "/api/articles/..%2f..%2fetc%2fpasswd", "/api/articles/../holdings", "/artikel/..%2f..%2fetc%2fpasswd", "//evil.example/", "/./", "/config/../",
    "/gradio_api/file=/etc/passwd", "/gradio_api/file=..%2f..%2fetc%2fpasswd", "/gradio_api/file/etc/passwd",
    "/gradio_api/proxy=http://127.0.0.1/", "/gradio_api//queue/join", "/GRADIO_API/info", "/file=/etc/passwd",
    "/static/fonts", "/assets/", "/gradio_api/call/../info", "/gradio_api/call/ask/%2e%2e", "/static/page/", "/static/page/index.html",
    "http://evil.example/", "/?deep_link=../../etc", "/config?deep_link=../x&page=%00", "*",
)  # fmt: skip
BODIES = {
    "empty": b"", "no JSON": b"{", "a list": b"[]", "a number": b"7", "text": b'"x"', "null": b"null",
    "NaN": b'{"data":[NaN]}', "infinite": b'{"data":[],"fn_index":Infinity}', "deep": b"[" * 200_000,
    "deep records": b'{"data":' * 50_000, "digits": b'{"fn_index":' + b"9" * 5_000 + b"}",
    "not UTF-8": b'{"data":["\xff\xfe"]}', "UTF-16": '{"data":[]}'.encode("utf-16"), "NUL": b"\x00" * 100,
    "BOM": b"\xef\xbb\xbf{}", "half a pair": rb'{"data":["\ud800"],"fn_index":0,"session_hash":"a"}',
    "unknown function": b'{"data":["a"],"fn_index":99,"session_hash":"a"}', "negative": b'{"data":["a"],"fn_index":-1,"session_hash":"a"}',
    "function is true": b'{"data":["a"],"fn_index":true,"session_hash":"a"}', "no session": b'{"data":["a"],"fn_index":0}',
    "session with a path": b'{"data":["a"],"fn_index":0,"session_hash":"../x"}', "too many": b'{"data":[1,2],"fn_index":0,"session_hash":"a"}',
    "no list": b'{"data":{"0":1},"fn_index":0,"session_hash":"a"}', "long session": b'{"data":["a"],"fn_index":0,"session_hash":"' + b"a" * 65 + b'"}',
    "trigger is text": b'{"data":["a"],"fn_index":0,"session_hash":"a","trigger_id":"x"}', "form": b"data=1&fn_index=0",
    "two names": b'{"fn_index":0,"fn_index":98,"data":["a"],"session_hash":"a"}', "nested deep": json.dumps({**GOOD, "fn_index": 2, "data": [json.loads("[" * 60 + "]" * 60)]}).encode(),
}  # fmt: skip
RAW = {
    "HTTP/0.9": b"GET /\r\n\r\n", "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "nonsense": b"\x00\xff" * 500,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200, "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n",
    "a huge address": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a huge header": b"GET / HTTP/1.1\r\nHost: HOST\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: HOST\r\n" + b"X-A: 1\r\n" * 20_000 + b"\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: HOST\r\nX: a\x00b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: HOST\r\n evil\r\n\r\n",
    "no such length": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nContent-Length: -5\r\n\r\n",
    "length as text": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nContent-Length: x\r\n\r\n",
    "two lengths": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk without size": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    "an endless chunk": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + b"a" * 2_000_000,
    "unknown coding": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    "a line of 1 MB in a chunk size": b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 1_000_000,
}  # fmt: skip
METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "FOO")
PLACES = ("/", "/config", JOIN, REMOVE, "/gradio_api/upload", "/artikel/x", "/static/page/a.js")
IDS = (
    "zzzz", "<script>alert(1)</script>", "%1b[2J", "%2e%2e%2f", "0", "-1", "1' OR '1'='1", "%00",
    "a" * 200, "a" * 5_000, "ü", "%ff%fe", "*", "?von=a", "x?von=-5&bis=99", "x?von=9999999999999999999999",
    "x?von=1&von=2", "x?%ff=1", "${7*7}", "{{x}}", "%0d%0aSet-Cookie:a=b", "a%2fb", "con", "\u202egnp",
)  # fmt: skip
NAMES = (
    "../../x.txt", "..", ".", "/etc/passwd.txt", "C:\\x.txt", "a\x00b.txt", "a\nb.txt", "a" * 300 + ".txt",
    "ü" * 200 + ".txt", ".htaccess", "x." + "t" * 300, "", " ", "\u202etxt.exe", "<img src=x>.txt",
)  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Each kind of them; the last case fills the server and ends it."""
    server = shared()
    with server.client() as client:
        for name, told, run in _parts(server, client):
            for number, entry in enumerate(told):
                if not quick or number % 6 == 0:
                    yield Case(f"{name}: {str(entry)[:40]!r}", partial(run, entry))
    yield Case("a slow reader", partial(_slow_reader, server))
    yield Case("a slow sender of JSON", partial(_slow_sender, server, JOIN, b'{"data":'))
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    yield Case("a slow upload", partial(_slow_sender, server, "/gradio_api/upload", head))
    yield Case("too many questions, then an end", partial(_fill_and_end, server, signal.SIGTERM))
    if not quick:
        for sign in (signal.SIGINT, signal.SIGTERM):
            other = start(folder / f"index-{sign}")
            yield Case(f"{sign.name} while it works", partial(_fill_and_end, other, sign))


def _parts(
    server: Server, client: httpx.Client
) -> list[
    tuple[str, Iterable[object], Callable[..., None]]
]:  # name, entries, what is done with each
    return [
        ("host", HOSTS, partial(_host, server)),
        ("origin", ORIGINS, partial(_origin, client)),
        ("claim", CLAIMS, partial(_claim, client)),
        ("traversal", TRAVERSALS, partial(_traversal, server)),
        ("body", BODIES, partial(_body, client)),
        ("size", ("length", "chunks", "a lying length"), partial(_size, server, client)),
        ("raw", RAW, partial(_raw, server)),
        ("method", [(m, p) for m in METHODS for p in PLACES], partial(_method, client)),
        ("article", IDS, partial(_article, client)),
        ("headers", _responses(), partial(_headers, client)),
        ("file name", NAMES, partial(_file_name, server, client)),
        ("upload", _uploads(), partial(_upload, server, client)),
        ("broken", ("script", "page"), partial(_broken, server, client)),
    ]


# ---- names, addresses, methods -------------------------------------------------------------------


def _host(server: Server, host: str) -> None:
    for path in ("/", "/config", JOIN, REMOVE):
        sent = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        got = raw(server, sent)
        assert status(got) == 400, got[:200]
        assert b"<script" not in got


def _origin(client: httpx.Client, origin: str) -> None:
    posted = (JOIN, REMOVE, "/gradio_api/upload", "/gradio_api/call/ask", "/gradio_api/cancel")
    for path in ("/", *posted):
        method = "GET" if path == "/" else "POST"
        assert client.request(method, path, headers={"Origin": origin}).status_code == 403


def _claim(client: httpx.Client, claim: tuple[str, str]) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        response = client.get(path, headers=[claim])
        assert response.status_code == 200
        assert EVIL not in response.text


def _traversal(server: Server, path: str) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\nConnection: close\r\n\r\n"
    got = raw(server, sent.encode("latin-1", "replace"))
    assert b"root:" not in got
    plain = path.startswith(("/?", "/config?"))  # of these, the address is right
    assert status(got) == 200 if plain else 400 <= status(got) < 500, got[:200]


def _method(client: httpx.Client, entry: tuple[str, str]) -> None:
    method, path = entry
    response = client.send(
        client.build_request(method, client.base_url.copy_with(raw_path=path.encode()))
    )
    assert response.status_code in (400, 405), response.status_code
    if response.status_code == 405:
        assert response.headers["allow"]


def _raw(server: Server, name: str) -> None:
    got = raw(server, RAW[name].replace(b"HOST", server.host.encode()))
    assert status(got) == 0 or 400 <= status(got) < 500, got[:200]
    assert b"Traceback" not in got
    with server.client() as client:
        assert client.get("/robots.txt").status_code == 200


def _article(client: httpx.Client, name: str) -> None:
    path, _, query = name.partition("?")
    url = f"/artikel/{quote(path, safe='%')}" + (f"?{query}" if query else "")
    response = client.get(url)
    assert 400 <= response.status_code < 500, response.status_code
    lowered = response.text.lower()
    for danger in ("<script", "traceback", "\u202e", "\x1b"):
        assert danger not in lowered
    assert "set-cookie" not in response.headers


# ---- bodies --------------------------------------------------------------------------------------


def _body(client: httpx.Client, name: str) -> None:
    for path in (JOIN, REMOVE, "/gradio_api/call/ask", "/gradio_api/cancel"):
        if path.startswith("/gradio_api") and path != JOIN and name not in list(BODIES)[:15]:
            continue
        kind = {"Content-Type": "application/json"}
        response = client.post(path, content=BODIES[name], headers=kind)
        assert 400 <= response.status_code < 500, f"{path}: {response.status_code}"
        assert response.json()["problem" if path == REMOVE else "detail"]


def _size(server: Server, client: httpx.Client, kind: str) -> None:
    if kind == "length":
        response = client.post(JOIN, content=b" " * 1_000_001)
        assert response.status_code == 413
    elif kind == "chunks":
        pieces = (b" " * 10_000 for _ in range(200))
        assert client.post(JOIN, content=pieces).status_code == 413
    else:
        head = (
            f"POST {JOIN} HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 999999999999\r\n\r\n"
        )
        assert status(raw(server, head.encode())) == 413


def _responses() -> list[tuple[str, str, dict[str, object]]]:
    return [
        ("GET", "/", {}), ("HEAD", "/", {}), ("GET", "/config", {}), ("GET", "/nirgends", {}), ("PUT", "/", {}),
        ("GET", "/artikel/x", {}), ("GET", "/artikel/x?von=a", {}), ("GET", "/theme.css", {}),
        ("GET", "/static/page/x.js", {}), ("GET", "/static/page/app.css", {}), ("GET", "/api/holdings", {}),
        ("GET", "/api/articles?page=0", {}), ("POST", REMOVE, {"content": b"{"}), ("POST", REMOVE, {"json": {"ids": ["a"]}}), ("GET", "/gradio_api/info", {}), ("GET", "/gradio_api/queue/data", {}),
        ("GET", "/gradio_api/queue/data?session_hash=keine", {}), ("POST", JOIN, {"content": b"{"}),
        ("POST", "/gradio_api/run/predict", {"json": GOOD}), ("POST", JOIN, {"headers": {"Origin": "null"}}),
        ("POST", JOIN, {"content": b" " * 1_000_001}), ("POST", "/gradio_api/upload", {}),
        ("GET", "/", {"headers": {"Host": EVIL}}), ("GET", "/gradio_api/upload_progress", {}),
        ("GET", "/gradio_api/call/ask/x", {}), ("POST", "/gradio_api/reset", {"json": {"event_id": "x"}}),
    ]  # fmt: skip


def _headers(client: httpx.Client, entry: tuple[str, str, dict[str, object]]) -> None:
    method, path, more = entry
    response = client.request(method, path, **more)  # type: ignore[arg-type]
    assert response.status_code < 500
    for name, value in SAFE_HEADERS.items():
        assert response.headers[name] == value
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "access-control-allow-origin" not in response.headers
    assert "server" not in response.headers


# ---- uploads -------------------------------------------------------------------------------------


def _file_name(server: Server, client: httpx.Client, name: str) -> None:
    sent = name.replace("\x00", "%00").replace("\n", "%0A")
    body = (
        f'--x\r\nContent-Disposition: form-data; name="files"; filename="{sent}"\r\n\r\nText\r\n--x--\r\n'
    ).encode()
    response = client.post("/gradio_api/upload", content=body, headers=_multipart())
    assert response.status_code == 200, response.text
    [path] = response.json()
    place = Path(path)
    assert place.parent.parent == server.uploads
    assert re.fullmatch("[0-9a-f]{64}", place.parent.name)
    assert place.read_bytes() == b"Text"
    assert len(place.name.encode()) < 250
    assert place.name.isprintable()
    place.unlink()


def _multipart() -> dict[str, str]:
    return {"Content-Type": "multipart/form-data; boundary=x"}


def _uploads() -> dict[str, tuple[int, bytes, str]]:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    kind = "multipart/form-data; boundary=x"
    return {
        "no type": (400, b"abc", ""), "JSON": (400, b"{}", "application/json"),
        "no boundary": (400, b"abc", "multipart/form-data"), "nonsense": (400, b"abc" * 100, kind),
        "long boundary": (400, b"abc", f"multipart/form-data; boundary={'x' * 5_000}"), "empty": (400, b"", kind),
        "cut off": (400, head + b"Text", kind), "a field": (400, head.replace(b'; filename="a.txt"', b"") + b"x\r\n--x--\r\n", kind),
        "another name": (400, head.replace(b"files", b"x") + b"x\r\n--x--\r\n", kind), "no headers": (400, b"--x\r\n\r\nabc\r\n--x--\r\n", kind),
        "a long header": (400, b"--x\r\nA: " + b"a" * 100_000 + b"\r\n\r\nabc\r\n--x--\r\n", kind),
        "a thousand and one": (413, (head + b"T\r\n") * 1_001 + b"--x--\r\n", kind),
        "over the quota": (503, head + b"a" * 60_000_000 + b"\r\n--x--\r\n", kind),
    }  # fmt: skip


def _upload(server: Server, client: httpx.Client, name: str) -> None:
    expected, body, kind = _uploads()[name]
    headers = {"Content-Type": kind} if kind else {}
    pieces = (body[i : i + 65_536] for i in range(0, len(body), 65_536))
    before = _size_of(server.uploads)
    try:
        response = client.post("/gradio_api/upload", content=pieces, headers=headers)
    except httpx.WriteError:  # refused before all of it was sent
        response = None
    if response is not None:
        assert response.status_code == expected, response.text
        assert "retry-after" in response.headers or expected != 503
    time.sleep(0.1)
    assert _size_of(server.uploads) <= before, "what was refused is gone"


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.txt"))


# ---- slowness, faults, the end -------------------------------------------------------------------


def _slow_reader(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as reader:
        reader.sendall(f"GET /config HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
        for _ in range(3):
            assert reader.recv(1)
            _page_is_quick(server)


def _slow_sender(server: Server, path: str, body: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as sender:
        kind = "multipart/form-data; boundary=x"
        head = f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: {kind}\r\nContent-Length: 900000\r\n\r\n"
        sender.sendall(head.encode() + body)
        for _ in range(3):
            sender.sendall(b"a")
            _page_is_quick(server)


def _page_is_quick(server: Server) -> None:
    began = time.monotonic()
    with server.client() as client:
        assert client.get("/").status_code == 200
    assert time.monotonic() - began < 3, "GET / waits for others"  # on cores that are shared


def _broken(server: Server, client: httpx.Client, way: str) -> None:
    if way == "script":
        told = asked(client, BREAK)
    else:
        told = json.dumps(outcome(client, 1, [{"question": BREAK}], "kaputt"), ensure_ascii=False)
    assert "Das hat nicht geklappt" in told
    assert '"error": null' not in told
    assert SECRET_REASON not in told
    assert any(SECRET_REASON in line for line in server.log)
    assert any("Traceback" in line for line in server.log)


def _fill_and_end(server: Server, sign: signal.Signals) -> None:
    """Threads that do not come back, a queue that is full, open uploads and streams; then a signal."""
    with ExitStack() as stack:
        client = stack.enter_context(server.client())
        answers = [join(client, 0, [KEEP_THREAD], f"voll-{number}") for number in range(40)]
        refused = [response for response in answers if response.status_code != 200]
        assert 0 < len(refused) < 10
        for response in refused:
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0
            assert "ausgelastet" in response.json()["detail"]
        _page_is_quick(server)
        stream = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        path = "/gradio_api/queue/data?session_hash=voll-1"
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
        sender = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        sender.sendall(
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 9999\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode()
        )
        time.sleep(0.3)
        began = time.monotonic()
        server.end(sign)
        assert time.monotonic() - began < 5.5, "it ends within five seconds"
    assert server.process.returncode == 0
    assert not server.uploads.exists()
    server.close()
