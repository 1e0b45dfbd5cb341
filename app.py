"""The web page: ask, read the proof, add articles. ``python app.py`` or ``qa serve``."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route

from index import ArticleNotFoundError, FundstelleError, Index, Span, UsageError
from index.translation import speaking, text
from qa.show import article_page
from qa.warming import warming
from qa.web.adding import adding
from qa.web.answers import AT_ONCE, Answers, Asking
from qa.web.assets import assets
from qa.web.attempts import Attempts
from qa.web.bodies import Endpoints
from qa.web.door import Door, SafeHeaders
from qa.web.engine import gradio as gr
from qa.web.gate import Gate, Limits
from qa.web.refusal import RETRY_AFTER, broken
from qa.web.routes import PageRoutes
from qa.web.running import host_names, is_loopback, listen, run
from qa.web.spoken import Spoken, language_of
from qa.web.start_page import start_page
from qa.web.stepped import stepped
from qa.web.stops import Stops
from qa.web.upload import UploadRoutes
from qa.web.uploads import QUOTA, Uploads, private_uploads

MAX_WAITING = 32

_LOG = logging.getLogger("uvicorn.error")


# ---- what waits for its turn: questions and additions --------------------------------------------


def _functions(index: Index, uploads: Uploads, answers: Answers, stops: Stops) -> gr.Blocks:
    asking = Asking(index, answers)

    async def add(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        with stops.named() as (name, stop):
            async with aclosing(stepped(adding(index, uploads, request, stop=stop))) as steps:
                async for step in steps:
                    yield {**step, "addition": name}

    with _Functions(analytics_enabled=False) as functions:
        question = {"concurrency_id": "question", "concurrency_limit": AT_ONCE}
        gr.api(asking.answer, api_name="ask", **question)
        gr.api(asking.told, api_name="answer", **question)
        gr.api(add, api_name="add", concurrency_limit=1)
    return functions.queue(max_size=MAX_WAITING, api_open=False)


class _Functions(gr.Blocks):  # type: ignore[misc]
    """Each call speaks the language of its request, and what goes wrong is told in words: Gradio
    would send ``error: null``."""

    async def process_api(
        self, *arguments: Any, request: gr.Request | None = None, **named: Any
    ) -> Any:
        with speaking(language_of(request.headers if request else {})):
            try:
                return await super().process_api(*arguments, request=request, **named)
            except gr.Error:
                raise
            except FundstelleError as error:
                raise gr.Error(str(error), print_exception=False) from error
            except Exception as error:
                _LOG.exception("a request to the page")
                raise gr.Error(broken(), print_exception=False) from error


# ---- the server ----------------------------------------------------------------------------------


def serve(
    host: str = "127.0.0.1",
    port: int = 7860,
    password: str | None = None,
    index_path: str | Path | None = None,
    upload_quota: int = QUOTA,
) -> None:
    """Serve the page until it is interrupted; uploads take at most ``upload_quota`` bytes.

    Raises UsageError for an address other than this machine's own without a password, and for an
    address or port that cannot be had; FundstelleError for an index that cannot be opened.
    """
    if not is_loopback(host) and not password:
        raise UsageError(
            text(
                "{host} can be reached from other machines: set a password (--password or "
                "QA_PASSWORD)",
                host=host,
            )
        )
    with (
        listen(host, port) as listener,
        private_uploads(upload_quota) as uploads,
        Index.open(index_path) as index,
    ):
        application = create_app(index, uploads, host=host, password=password)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}/"
        print(text("Fundstelle: {address} (Ctrl-C ends it)", address=address), flush=True)
        # Imported at the first call, it would stop the whole server for half a second.
        threading.Thread(target=import_module, args=("matplotlib",), daemon=True).start()
        run(application, listener, lambda: shutil.rmtree(uploads.folder))


def create_app(
    index: Index,
    uploads: Uploads,
    *,
    host: str = "127.0.0.1",
    password: str | None = None,
) -> FastAPI:
    """The page at ``/``, its routes under ``/api/``, each article at ``/artikel/ID?von=N&bis=N``,
    and Gradio's API, all behind the checks of requests.

    Made within ``private_uploads``, whose ``uploads`` these are.
    """
    answers, stops = Answers(), Stops()
    functions = _functions(index, uploads, answers, stops)
    application = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[
            _start(functions),
            assets(),
            *PageRoutes(index, answers, stops).routes(),
            *UploadRoutes(uploads).routes(),
        ],
    )
    readers = anyio.CapacityLimiter(8)

    @application.get("/artikel/{article_id}")
    async def show_article(article_id: str, von: int = 0, bis: int = 0) -> HTMLResponse:
        # In threads of their own, of which Gradio's functions take one too.
        return await anyio.to_thread.run_sync(
            _article, index, article_id, von, bis, limiter=readers
        )

    _mount(functions, application, index.path)
    # The last one added is asked first.
    application.add_middleware(Gate, endpoints=_endpoints(functions))
    application.add_middleware(Door, password=password, attempts=Attempts())
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=host_names(host))
    application.add_middleware(Limits)
    application.add_middleware(Spoken)
    application.add_middleware(SafeHeaders)
    return application


def _start(functions: gr.Blocks) -> Route:
    numbers = {each.api_name: number for number, each in functions.fns.items()}
    return Route(
        "/",
        partial(start_page, functions=numbers),
        methods=["GET"],
        middleware=[Middleware(GZipMiddleware)],
    )


def _mount(functions: gr.Blocks, application: FastAPI, folder: Path) -> None:
    gr.mount_gradio_app(
        application,
        functions,
        path="/",
        footer_links=[],
        allowed_paths=[],
        blocked_paths=[str(folder.resolve())],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    # Gradio compares paths with the folder of uploads only then, and mounting does not set it.
    functions.has_launched = True


def _endpoints(functions: gr.Blocks) -> Endpoints:
    by_number = {number: len(each.inputs) for number, each in functions.fns.items()}
    by_name = {each.api_name: len(each.inputs) for each in functions.fns.values()}
    return Endpoints(by_number, by_name)


def _article(index: Index, article_id: str, start: int, end: int) -> HTMLResponse:
    try:
        record = index.article(article_id)
    except ArticleNotFoundError as error:
        return _document(article_page.missing_article(str(error)), status=404)
    except FundstelleError as error:
        return _document(article_page.unreadable_article(str(error)), status=503)
    mark = Span(start, end) if 0 <= start < end <= len(record.text) else None
    return _document(article_page.article(record, mark))


def _document(markup: str, status: int = 200) -> HTMLResponse:
    headers = {"Content-Security-Policy": article_page.ARTICLE_POLICY, "Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = RETRY_AFTER
    return HTMLResponse(markup, status, headers)


def _run() -> int:
    try:
        with warming(None):
            serve()
    except FundstelleError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(_run())
