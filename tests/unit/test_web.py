"""The server's layers alone: the folder of uploads, room and time, refusals."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from qa.web import bodies, gate, upload
from qa.web.bodies import Endpoints
from qa.web.gate import Limits
from qa.web.refusal import RefusedError
from qa.web.upload import UploadRoutes, file_name
from qa.web.uploads import LEAST_SIZE, NotAnUploadError, Uploads

HASH = "a" * 64


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return Uploads(folder)


def stored(uploads: Uploads, name: str, text: bytes = b"Text", key: str = HASH) -> Path:
    (uploads.folder / key).mkdir(exist_ok=True)
    path = uploads.folder / key / name
    path.write_bytes(text)
    return path


class TestUploads:
    def test_an_upload_is_found_by_its_path(self, uploads: Uploads) -> None:
        path = stored(uploads, "a ü.txt")
        assert uploads.file(str(path)) == path

    @pytest.mark.parametrize(
        "name", ["b.txt", "", ".", "..", "../a.txt", "a.txt/", "x/a.txt", "a.txt\x00", "./a.txt"]
    )
    def test_another_path_is_none(self, uploads: Uploads, name: str) -> None:
        stored(uploads, "a.txt")
        with pytest.raises(NotAnUploadError):
            uploads.file(f"{uploads.folder}/{HASH}/{name}")

    def test_links_and_folders_are_none(self, uploads: Uploads, tmp_path: Path) -> None:
        path = stored(uploads, "a.txt")
        path.with_name("b.txt").symlink_to(path)
        path.with_name("c.txt").mkdir()
        (uploads.folder / ("b" * 64)).symlink_to(path.parent)
        for other in ("b.txt", "c.txt"):
            with pytest.raises(NotAnUploadError):
                uploads.file(str(path.with_name(other)))
        with pytest.raises(NotAnUploadError):
            uploads.file(f"{uploads.folder}/{'b' * 64}/a.txt")

    def test_the_room_is_counted_and_comes_back(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, quota=10_000)
        assert uploads.take(10_000)
        assert not uploads.take(1)
        stored(uploads, "a.txt", b"a" * 6_000)
        uploads.sweep()
        assert uploads.take(4_000)
        assert not uploads.take(1)

    def test_many_empty_files_take_room(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, quota=3 * LEAST_SIZE)
        for number in range(3):
            stored(uploads, f"{number}.txt", b"")
        uploads.sweep()
        assert not uploads.take(1)

    def test_old_ones_go_with_their_folders(self, uploads: Uploads) -> None:
        old, new = stored(uploads, "alt.txt"), stored(uploads, "neu.txt", key="b" * 64)
        for path in (old, old.parent):
            os.utime(path, (0, time.time() - uploads.max_age - 1))
        uploads.sweep()
        assert not old.exists()
        uploads.sweep(time.time() + uploads.max_age + 1)
        assert not new.exists()
        assert list(uploads.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("mühle.txt", "mühle.txt"),
        ("C:\\Users\\x\\a.md", "a.md"),
        ("../../etc/passwd", "passwd"),
        ("..", "Datei"),
        ("", "Datei"),
        (".htaccess", "htaccess"),
        ("a\x00b\n.txt", "ab.txt"),
        ("a" * 300 + ".jsonl", "a" * 200 + ".jsonl"),
    ],
)
def test_a_file_keeps_what_can_stay_of_its_name(given: str, name: str) -> None:
    assert file_name(given) == name


async def _asked(app: Starlette | Limits, *paths: str) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return list(await asyncio.gather(*(client.get(path) for path in paths)))


def _limited(answer: Callable[[Request], Response], most: int = 5) -> Limits:
    return Limits(Starlette(routes=[Route("/{name:path}", answer)]), most)


class TestLimits:
    def test_more_than_there_is_room_for_are_told_when_to_come_again(self) -> None:
        async def wait(request: Request) -> Response:
            await asyncio.sleep(0.2)
            return PlainTextResponse("da")

        limits = Limits(Starlette(routes=[Route("/", wait)]), 5)
        answers = asyncio.run(_asked(limits, *["/"] * 8))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * 5 + [503] * 3
        assert all("retry-after" in a.headers for a in answers if a.status_code == 503)
        assert asyncio.run(_asked(limits, "/"))[0].status_code == 200

    @pytest.mark.usefixtures("german")
    @pytest.mark.parametrize("path", ["/", "/gradio_api/info", "/api/holdings"])
    def test_what_breaks_is_told_without_its_reason(self, path: str) -> None:
        def broken(request: Request) -> Response:
            raise ZeroDivisionError("the reason")

        [answer] = asyncio.run(_asked(_limited(broken), path))
        assert answer.status_code == 500
        assert "Das hat nicht geklappt" in answer.text
        assert "the reason" not in answer.text

    def test_a_refusal_of_our_own_stays(self) -> None:
        def full(request: Request) -> Response:
            return PlainTextResponse("Kein Platz", 503, {"Retry-After": "600"})

        [answer] = asyncio.run(_asked(_limited(full), "/"))
        assert (answer.text, answer.headers["retry-after"]) == ("Kein Platz", "600")

    def test_a_reader_who_takes_nothing_is_let_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gate, "SEND_SECONDS", 0.05)
        limits = _limited(lambda _: PlainTextResponse("da"))

        async def take_nothing(message: object) -> None:
            await asyncio.sleep(3_600)

        async def receive() -> dict[str, str]:
            return {"type": "http.request"}

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        asyncio.run(limits(scope, receive, take_nothing))
        assert limits.running == 0


class TestBodies:
    def test_a_slow_body_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)

        async def receive() -> dict[str, object]:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b" ", "more_body": True}

        with pytest.raises(RefusedError) as refused:
            asyncio.run(bodies.read(receive, None))
        assert refused.value.status == 408

    @pytest.mark.parametrize("key", ["path", "url", "meta", "is_stream", "_type"])
    def test_what_gradio_takes_for_a_file_is_refused(self, key: str) -> None:
        join, endpoints = "/gradio_api/queue/join", Endpoints({1: 1}, {})
        for data in ([{key: "/x"}], [{"files": [{key: None}]}], [[[{"a": {key: 1}}]]]):
            raw = json.dumps({"data": data, "fn_index": 1, "session_hash": "a"}).encode()
            with pytest.raises(RefusedError) as refused:
                bodies.judged(join, raw, endpoints)
            assert refused.value.status == 400

    def test_what_is_not_known_goes_no_further(self) -> None:
        told = {"data": [{"files": ["/x"]}], "fn_index": 1, "session_hash": "a"}
        raw = json.dumps({**told, "event_data": {"path": "/x"}}).encode()
        body = bodies.judged("/gradio_api/queue/join", raw, Endpoints({1: 1}, {}))
        assert json.loads(body) == {**told, "trigger_id": None}

    def test_a_function_is_called_by_its_number_or_name(self) -> None:
        endpoints = Endpoints(by_number={1: 0}, by_name={"ask": 1})

        def judged(path: str, body: object) -> object:
            raw = json.dumps(body).encode()
            kept = bodies.judged(f"/gradio_api/{path}", raw, endpoints)
            return json.loads(kept)

        called = {"data": [], "fn_index": 1, "session_hash": "a"}
        assert judged("queue/join", called) == {**called, "trigger_id": None}
        assert judged("call/ask", {"data": ["Was?"], "more": 1}) == {"data": ["Was?"]}
        for path, body in (("queue/join", {**called, "fn_index": 2}), ("call/add", called)):
            with pytest.raises(RefusedError, match="no such function"):
                judged(path, body)

    def test_a_body_of_the_pages_routes_is_kept_whole(self) -> None:
        told = {"ids": ["a"], "path": "/etc/passwd", "ü": [{"url": None}]}

        def judged(raw: str) -> object:
            return json.loads(bodies.judged("/api/remove", raw.encode(), Endpoints({}, {})))

        assert judged(json.dumps(told)) == told
        for wrong in ("[]", "{", '{"a": NaN}', '{"a": "\\ud800"}', "[" * 100_000):
            with pytest.raises(RefusedError):
                judged(wrong)

    @pytest.mark.parametrize(
        ("kind", "is_taken"),
        [
            ("application/json", True),
            ("Application/JSON; charset=utf-8", True),
            ("text/plain", False),
            ("application/x-www-form-urlencoded", False),
            ("text/plain; application/json", False),
            (None, False),
        ],
    )
    def test_only_json_is_taken(self, kind: str | None, is_taken: bool) -> None:
        if is_taken:
            bodies.check_kind(kind)
        else:
            with pytest.raises(RefusedError) as refused:
                bodies.check_kind(kind)
            assert refused.value.status == 415


class TestUpload:
    BODY = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        + b"a" * 5_000
        + b"\r\n--x--\r\n"
    )

    def sent(self, uploads: Uploads, body: bytes, pause: float = 0) -> httpx.Response:
        async def pieces() -> object:
            for start in range(0, len(body), 500):
                await asyncio.sleep(pause)
                yield body[start : start + 500]

        async def send() -> httpx.Response:
            app = Starlette(routes=UploadRoutes(uploads).routes())
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
                return await client.post("/gradio_api/upload", content=pieces(), headers=kind)  # type: ignore[arg-type]

        return asyncio.run(send())

    def test_the_bytes_arrive(self, uploads: Uploads) -> None:
        response = self.sent(uploads, self.BODY)
        [path] = response.json()
        assert uploads.file(path).read_bytes() == b"a" * 5_000
        assert Path(path).name == "a.txt"

    def test_a_file_that_is_too_large_leaves_nothing(
        self, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload, "MAX_FILE", 4_999)
        assert self.sent(uploads, self.BODY).status_code == 413
        assert list(uploads.folder.iterdir()) == []

    def test_a_full_folder_takes_nothing_until_there_is_room(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, quota=3_000)
        response = self.sent(uploads, self.BODY)
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert list(uploads.folder.iterdir()) == []

    @pytest.mark.parametrize("limit", ["SILENT_SECONDS", "WHOLE_SECONDS"])
    def test_a_slow_one_is_ended(
        self, uploads: Uploads, monkeypatch: pytest.MonkeyPatch, limit: str
    ) -> None:
        monkeypatch.setattr(upload, limit, 0.05)
        assert self.sent(uploads, self.BODY, pause=0.1).status_code == 408
        assert list(uploads.folder.iterdir()) == []

    def test_more_than_there_is_room_for_are_told_when_to_come_again(
        self, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upload, "MAX_AT_ONCE", 0)
        response = self.sent(uploads, self.BODY)
        assert response.status_code == 503
        assert response.headers["retry-after"]

    def test_a_full_disk_is_told(self, uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_space(*arguments: object, **named: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "mkdir", no_space)
        response = self.sent(uploads, self.BODY)
        assert response.status_code == 503
        assert "No space left" in response.text
