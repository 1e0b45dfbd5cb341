"""The web page: ask, read the proof, add articles. ``python app.py`` or ``qa serve``."""

from __future__ import annotations

import functools
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

# Before gradio is imported, which reads them then: it is to call nobody and to keep no record.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"

import anyio.to_thread
import gradio as gr
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
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
from index.translation import numeral, speaking, text
from qa import ask
from qa.answer import MAXIMUM_QUESTION
from qa.show import article_page, page
from qa.show.markup import UPLOAD
from qa.warming import warming
from qa.web.attempts import Attempts
from qa.web.bodies import Endpoints
from qa.web.door import Door, SafeHeaders
from qa.web.gate import Gate, Limits
from qa.web.labels import label, translations
from qa.web.refusal import RETRY_AFTER, broken
from qa.web.running import host_names, is_loopback, listen, run
from qa.web.spoken import Spoken, language_of
from qa.web.upload import UploadRoutes
from qa.web.uploads import QUOTA, NotAnUploadError, Uploads, private_uploads

MAX_WAITING = 32
FILE_KINDS = [".txt", ".md", ".html", ".htm", ".jsonl", ".csv"]

_LOG = logging.getLogger("uvicorn.error")
_P = ParamSpec("_P")


# ---- the page ------------------------------------------------------------------------------------


def _blocks(index: Index, uploads: Uploads) -> gr.Blocks:
    @_told
    def answer(question: str, heed_time: bool, recent: bool) -> str:
        return page.answer(ask(question, index, use_time_limit=heed_time, recent=recent))

    def answer_as_json(question: str) -> dict[str, Any]:
        try:
            return ask(question, index).to_json()
        except FundstelleError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def add(
        files: list[str] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  # how Gradio is asked for one
    ) -> tuple[str, None, str]:
        return added_report(files or [], progress), None, listing()

    @_told
    def added_report(files: list[str], progress: gr.Progress) -> str:
        if not files:
            return page.problem(text("Please choose files first."))
        return page.report(add_uploads(index, uploads, files, progress))

    @_told
    def listing() -> str:
        return page.listing(index.articles())

    @_told
    def head() -> str:
        return page.head()

    with _Blocks(title="Fundstelle", analytics_enabled=False) as blocks:
        top = gr.HTML("<h1>Fundstelle</h1>", elem_classes="kopf")
        asked = _question_tab()
        filed = _articles_tab()
        gr.on(
            [asked.question.submit, asked.button.click],
            answer,
            [asked.question, asked.heed_time, asked.recent],
            asked.result,
            api_visibility="private",
            concurrency_limit=2,
        )
        # A script gives the question alone.
        gr.api(answer_as_json, api_name="ask", concurrency_limit=2)
        shown = [filed.added, filed.files, filed.articles]
        filed.button.click(add, filed.files, shown, api_visibility="private")
        # Not by the queue, whose stream Gradio closes when what it waits for is done: a question
        # asked in that moment would never be answered.
        for when, told, where in (
            (filed.tab.select, listing, filed.articles),
            (blocks.load, listing, filed.articles),
            (blocks.load, head, top),
        ):
            when(told, None, where, api_visibility="private", queue=False)
    return blocks.queue(max_size=MAX_WAITING, api_open=False)


@dataclass(frozen=True, slots=True)
class _QuestionTab:
    question: gr.Textbox
    button: gr.Button
    heed_time: gr.Checkbox
    recent: gr.Checkbox
    result: gr.HTML


def _question_tab() -> _QuestionTab:
    with gr.Tab(label("ask")):
        question = gr.Textbox(
            label=label("question"),
            placeholder=label("example"),
            max_length=MAXIMUM_QUESTION,
            autofocus=True,
        )
        button = gr.Button(label("ask"), variant="primary")
        with gr.Accordion(label("settings"), open=False):
            heed_time = gr.Checkbox(True, label=label("heed_time"))
            recent = gr.Checkbox(False, label=label("recent"))
        return _QuestionTab(question, button, heed_time, recent, result=gr.HTML())


@dataclass(frozen=True, slots=True)
class _ArticlesTab:
    tab: gr.Tab
    files: gr.File
    button: gr.Button
    added: gr.HTML
    articles: gr.HTML


def _articles_tab() -> _ArticlesTab:
    with gr.Tab(label("articles")) as tab:
        files = gr.File(
            label=label("files"),
            file_count="multiple",
            file_types=FILE_KINDS,
        )
        button = gr.Button(label("add"), variant="primary")
        return _ArticlesTab(tab, files, button, added=gr.HTML(), articles=gr.HTML())


class _Blocks(gr.Blocks):  # type: ignore[misc]
    """Each call speaks the language of its request, and what goes wrong around our own functions is
    told too: Gradio would send ``error: null``."""

    async def process_api(
        self, *arguments: Any, request: gr.Request | None = None, **named: Any
    ) -> Any:
        headers = request.headers if request else {}
        with speaking(language_of(headers.get("accept-language"))):
            try:
                return await super().process_api(*arguments, request=request, **named)
            except gr.Error:
                raise
            except Exception as error:
                _LOG.exception("a request to the page")
                raise gr.Error(broken(), print_exception=False) from error


def _told(function: Callable[_P, str]) -> Callable[_P, str]:
    """``function`` with whatever it raises as markup; the reason of a bug goes to the log."""

    @functools.wraps(function)
    def told(*arguments: _P.args, **named: _P.kwargs) -> str:
        try:
            return function(*arguments, **named)
        except FundstelleError as error:
            return page.problem(str(error))
        except Exception:
            _LOG.exception("a request to the page")
            return page.problem(broken())

    return told


def add_uploads(
    index: Index,
    uploads: Uploads,
    paths: Sequence[str],
    progress: Callable[..., Any] | None = None,
) -> AddReport:
    """Add uploaded files under their own names, and delete them. Raises UsageError for others.

    An upload lies in a folder with a random name, so its path would be a new source every time:
    ``upload:NAME`` makes the same file again an update.
    """
    try:
        files = [str(uploads.file(path)) for path in paths]
    except NotAnUploadError as error:
        raise UsageError(text("{error}: upload it again", error=error)) from error

    def show(done: Progress) -> None:
        if progress:
            told = text(
                "{articles} articles, {passages} passages",
                articles=numeral(done.articles),
                passages=numeral(done.passages),
            )
            done_of = (done.articles, max(len(files), done.articles))
            progress(done_of, desc=told, unit=text("articles"))

    try:
        return index.add_articles(_under_their_names(files), progress=show)
    finally:
        for file in files:
            uploads.remove(Path(file))


def _under_their_names(files: Sequence[str]) -> Iterator[Article | Failure]:
    names = {Path(file).resolve().as_uri(): Path(file).name for file in files}

    def renamed(source: str) -> str:
        for uri, name in names.items():
            if source.startswith(uri):
                return f"{UPLOAD}{name}{source[len(uri) :]}"
        return source

    for item in read_sources(files):
        if isinstance(item, Failure):
            yield Failure(renamed(item.source), item.reason)
            continue
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
        run(application, listener, lambda: shutil.rmtree(uploads.folder))


def create_app(
    index: Index,
    uploads: Uploads,
    *,
    host: str = "127.0.0.1",
    password: str | None = None,
) -> FastAPI:
    """The page, and each article at ``/artikel/ID?von=N&bis=N``, behind the checks of requests.

    Made within ``private_uploads``, whose ``uploads`` these are.
    """
    application = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, routes=UploadRoutes(uploads).routes()
    )
    readers = anyio.CapacityLimiter(8)

    @application.get("/artikel/{article_id}")
    async def show_article(article_id: str, von: int = 0, bis: int = 0) -> HTMLResponse:
        # In threads of their own, of which Gradio's page takes one too.
        return await anyio.to_thread.run_sync(
            _article, index, article_id, von, bis, limiter=readers
        )

    blocks = _blocks(index, uploads)
    gr.mount_gradio_app(
        application,
        blocks,
        path="/",
        footer_links=[],
        allowed_paths=[],
        blocked_paths=[str(index.path.resolve())],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        theme=_theme(),
        css=page.STYLE,
        i18n=translations(),
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    # Gradio compares paths with the folder of uploads only then, and mounting does not set it.
    blocks.has_launched = True
    # The last one added is asked first.
    application.add_middleware(Gate, endpoints=_endpoints(blocks), uploads=uploads)
    application.add_middleware(Door, password=password, attempts=Attempts())
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=host_names(host))
    application.add_middleware(Limits)
    application.add_middleware(Spoken)
    application.add_middleware(SafeHeaders)
    return application


def _endpoints(blocks: gr.Blocks) -> Endpoints:
    queued, at_once, names = dict[int, int](), dict[int, int](), dict[str, int]()
    for number, function in blocks.fns.items():
        (queued if function.queue else at_once)[number] = len(function.inputs)
        if function.api_visibility == "public":
            names[function.api_name] = len(function.inputs)
    return Endpoints(queued, at_once, names)


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


def _theme() -> gr.themes.Base:
    """Fonts of the system: named as plain strings Gradio would look them up at Google's."""
    sans = [gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")]
    mono = [gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")]
    return gr.themes.Base(font=sans, font_mono=mono, primary_hue="blue")


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
