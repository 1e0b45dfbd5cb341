"""The document at ``/``: a template with the texts of the page, in the language spoken."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from index.translation import language, languages
from qa.web.assets import FOLDER
from qa.web.labels import examples, labels

HEADERS = {
    # It is another one for other readers; a browser asks whether it has the newest.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language, Cookie",
}


async def start_page(request: Request, functions: Mapping[str, int]) -> Response:
    """The page, unless the browser has this one already.

    ``functions`` are the numbers of Gradio's functions, by which the page stops one.
    """
    document = _document(functions)
    tag = f'"{sha256(document.encode()).hexdigest()[:32]}"'
    headers = {**HEADERS, "ETag": tag}
    known = request.headers.get("if-none-match", "")
    if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(document, headers=headers)


def _document(functions: Mapping[str, int]) -> str:
    texts = labels()
    data = {
        "language": language(),
        "languages": languages(),
        "texts": texts,
        "examples": examples(),
        "functions": dict(functions),
    }
    title = html.escape(texts.get("title", "Fundstelle"))
    return _template().substitute(language=language(), title=title, texts=as_data(data))


def as_data(value: object) -> str:
    """``value`` as JSON within a script element, which only ``<`` could end or open anew."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


@cache
def _template() -> Template:
    return Template((FOLDER / "index.html").read_text("utf-8"))
