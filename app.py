"""The web page: ask, read the proof, add articles. ``python app.py`` or ``qa serve``."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

# Before gradio is imported, which reads them then: it is to call nobody and to keep no record.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware

from index import (
    AddReport,
    Article,
    ArticleNotFoundError,
    Failure,
    FundstelleError,
    Index,
    Progress,
    Span,
    UsageError,
    make_article,
    read_sources,
)
from qa import ask, page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_QUESTION = 2_000
MAX_FILE_SIZE = "100mb"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
FILE_KINDS = [".txt", ".md", ".html", ".htm", ".jsonl", ".csv"]

PAGE_POLICY = (
    "default-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'; "
    "form-action 'self'; connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "script-src 'self' 'nonce-{nonce}' 'unsafe-eval'"
)
"""unsafe-eval, since Gradio's HTML component makes its template a function in the browser."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


# ---- the page ------------------------------------------------------------------------------------


def build(index_path: str | Path | None = None) -> gr.Blocks:
    """The page over one index, which is made where there is none. Raises FundstelleError."""
    return _blocks(Index.open(index_path))


def _blocks(index: Index) -> gr.Blocks:
    def answer(question: str, heed_time: bool, recent: bool) -> str:
        try:
            return page.answer(ask(question, index, use_time_limit=heed_time, recent=recent))
        except FundstelleError as error:
            return page.problem(str(error))

    def answer_alone(question: str) -> str:
        return answer(question, heed_time=True, recent=False)

    def add(
        files: list[str] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  # how Gradio is asked for one
    ) -> tuple[str, None, str]:
        if not files:
            return page.problem("Bitte zuerst Dateien auswählen."), None, listing()
        try:
            told = page.report(add_uploads(index, files, progress))
        except FundstelleError as error:
            told = page.problem(str(error))
        return told, None, listing()

    def listing() -> str:
        return page.listing(index.articles())

    with gr.Blocks(
        title="Fundstelle", analytics_enabled=False, delete_cache=(3600, 3600)
    ) as blocks:
        gr.HTML(
            "<h1>Fundstelle</h1><p>Fragen an die eigenen Artikel, mit Belegen.</p>",
            elem_classes="kopf",
        )
        with gr.Tab("Fragen"):
            question = gr.Textbox(
                label="Frage",
                placeholder="Zum Beispiel: Wie hoch wurde Scale AI bewertet?",
                max_length=MAX_QUESTION,
                autofocus=True,
            )
            button = gr.Button("Fragen", variant="primary")
            with gr.Accordion("Einstellungen", open=False):
                heed_time = gr.Checkbox(
                    True, label="Zeitangaben der Frage („letzte Woche“, „seit 2023“) begrenzen"
                )
                recent = gr.Checkbox(False, label="Neuere Artikel bevorzugen")
            result = gr.HTML()
        with gr.Tab("Artikel") as articles_tab:
            files = gr.File(
                label="Dateien (.txt, .md, .html, .jsonl, .csv)",
                file_count="multiple",
                file_types=FILE_KINDS,
            )
            add_button = gr.Button("Artikel hinzufügen", variant="primary")
            added = gr.HTML()
            articles = gr.HTML()
        gr.on(
            [question.submit, button.click],
            answer,
            [question, heed_time, recent],
            result,
            api_visibility="private",
            concurrency_limit=2,
        )
        # A script gives the question alone.
        gr.api(answer_alone, api_name="ask", concurrency_limit=2)
        add_button.click(add, files, [added, files, articles], api_visibility="private")
        articles_tab.select(listing, None, articles, api_visibility="private")
        blocks.load(listing, None, articles, api_visibility="private")
    return blocks.queue(max_size=32)


def add_uploads(
    index: Index, files: Sequence[str], progress: Callable[..., Any] | None = None
) -> AddReport:
    """Add uploaded files under their own names, and delete them.

    An upload lies in a folder with a random name, so its path would be a new source every time:
    ``upload:NAME`` makes the same file again an update.
    """
    names = {Path(file).resolve().as_uri(): Path(file).name for file in files}

    def renamed(source: str) -> str:
        for uri, name in names.items():
            if source.startswith(uri):
                return f"{page.UPLOAD}{name}{source[len(uri) :]}"
        return source

    def items() -> Iterator[Article | Failure]:
        for item in read_sources(list(files)):
            if isinstance(item, Failure):
                yield Failure(renamed(item.source), item.reason)
            else:
                yield make_article(
                    item.text,
                    source=renamed(item.source),
                    language=item.language,
                    title=item.title,
                    authors=item.authors,
                    publisher=item.publisher,
                    published=item.published,
                    fetched=item.fetched,
                )

    def show(done: Progress) -> None:
        if progress:
            told = f"{done.articles} Artikel, {done.passages} Passagen"
            progress((done.articles, max(len(files), done.articles)), desc=told, unit="Artikel")

    try:
        return index.add_articles(items(), progress=show)
    finally:
        for file in files:
            Path(file).unlink(missing_ok=True)


# ---- the server ----------------------------------------------------------------------------------


def serve(
    host: str = "127.0.0.1",
    port: int = 7860,
    password: str | None = None,
    index_path: str | Path | None = None,
) -> None:
    """Serve the page until it is interrupted.

    Raises UsageError for an address other than this machine's own without a password, and for an
    address or port that cannot be had; FundstelleError for an index that cannot be opened.
    """
    import uvicorn

    if not _is_loopback(host) and not password:
        raise UsageError(
            f"{host} can be reached from other machines: set a password (--password or QA_PASSWORD)"
        )
    with listen(host, port) as listener, _private_uploads(), Index.open(index_path) as index:
        application = create_app(index, host=host, password=password)
        config = uvicorn.Config(
            application,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=200,
            timeout_graceful_shutdown=3,
        )
        shown = f"[{host}]" if ":" in host else host
        print(
            f"Fundstelle: http://{shown}:{listener.getsockname()[1]}/ (Ctrl-C ends it)", flush=True
        )
        if threading.current_thread() is threading.main_thread():
            # A service manager's end is like Ctrl-C, so that the uploads' folder goes too.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):  # uvicorn has ended in order by then
            uvicorn.Server(config).run(sockets=[listener])


def create_app(index: Index, *, host: str = "127.0.0.1", password: str | None = None) -> FastAPI:
    """The page, and each article at ``/artikel/ID?von=N&bis=N``, behind the checks of requests."""
    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @application.get("/artikel/{article_id}")
    def show_article(article_id: str, von: int = 0, bis: int = 0) -> HTMLResponse:
        try:
            record = index.article(article_id)
        except ArticleNotFoundError as error:
            return _document(page.missing_article(str(error)), status=404)
        mark = Span(von, bis) if 0 <= von < bis <= len(record.text) else None
        return _document(page.article(record, mark))

    gr.mount_gradio_app(
        application,
        _blocks(index),
        path="/",
        footer_links=[],
        allowed_paths=[],
        blocked_paths=[str(index.path.resolve())],
        max_file_size=MAX_FILE_SIZE,
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        theme=_theme(),
        css=page.STYLE,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    # The last one added is asked first.
    application.add_middleware(_Guard, password=password)
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=_host_names(host))
    application.add_middleware(_SafeHeaders)
    return application


class _Guard:
    """Refuses requests that another site sends, and those without the password if there is one."""

    def __init__(self, app: ASGIApp, password: str | None) -> None:
        self.app = app
        self.password = password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _is_same_origin(headers):
            refusal = PlainTextResponse("Requests from other sites are refused.", 403)
            await refusal(scope, receive, send)
        elif self.password and not _has_password(headers, self.password):
            challenge = {"WWW-Authenticate": 'Basic realm="Fundstelle", charset="UTF-8"'}
            refusal = PlainTextResponse("Password required.", 401, challenge)
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class _SafeHeaders:
    """Sets the headers that bind a browser: which scripts run, who is asked, who may frame.

    Gradio's pages hold scripts of their own. Each gets the number that the header names, new for
    every response, so that a script that came in with a text does not run.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        held: list[Message] = []  # the beginning of a page of Gradio's, until its end has come

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own_policy = "content-security-policy" in headers
                headers.setdefault("Content-Security-Policy", PAGE_POLICY.format(nonce=nonce))
                for name, value in SAFE_HEADERS.items():
                    headers[name] = value
                if not own_policy and headers.get("content-type", "").startswith("text/html"):
                    held.append(message)
                    return
            elif held and message["type"] == "http.response.body":
                held.append(message)
                if message.get("more_body"):
                    return
                start, *parts = held
                body = b"".join(part.get("body", b"") for part in parts)
                body = body.replace(b"<script", f'<script nonce="{nonce}"'.encode())
                MutableHeaders(scope=start)["Content-Length"] = str(len(body))
                await send(start)
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self.app(scope, receive, send_safely)


def _is_same_origin(headers: Headers) -> bool:
    """Browsers name the origin of every request that can change something."""
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


def _has_password(headers: Headers, password: str) -> bool:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).partition(b":")[2]
    except ValueError:
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given, password.encode())


def _document(text: str, status: int = 200) -> HTMLResponse:
    headers = {"Content-Security-Policy": page.ARTICLE_POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(text, status, headers)


def _theme() -> gr.themes.Base:
    """Fonts of the system: named as plain strings Gradio would look them up at Google's."""
    sans = [gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")]
    mono = [gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")]
    return gr.themes.Base(font=sans, font_mono=mono, primary_hue="blue")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host_names(host: str) -> list[str]:
    """The names that requests may be addressed to, against pages that rebind their own name to us.

    Bound to every address, the server cannot know its names. The password protects it there: a
    browser does not send it to a site that only pretends to be this one.
    """
    if host in ("0.0.0.0", "::"):
        return ["*"]
    names = {host, f"[{host}]"} if ":" in host else {host}
    if _is_loopback(host):
        return sorted(names.union(LOOPBACK_NAMES))
    return sorted(names | {socket.gethostname(), socket.getfqdn()})


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes any free one. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{host}, port {port}: {reason}. Choose another with --port") from error


@contextmanager
def _private_uploads() -> Iterator[None]:
    """Uploads lie in a folder that only this user can read, and that goes with the server."""
    with tempfile.TemporaryDirectory(prefix="fundstelle-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        yield


def _run() -> int:
    try:
        serve()
    except FundstelleError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(_run())
