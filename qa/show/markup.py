"""What pages are made of. Whatever comes from an article or a question passes through ``safe``;
nothing else builds markup from it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import unquote, urlencode, urlsplit

from index import translation
from qa.show.sanitize import visible

UPLOAD = "upload:"
"""Begins the source of an article that was uploaded; the file's name follows."""


def safe(text: str) -> str:
    """``text`` as HTML text or attribute value; steering characters are written out.

    The characters of Gradio's own templates are escaped too, so that no text is ever taken for one.
    """
    escaped = html.escape(visible(text))
    return escaped.replace("$", "&#36;").replace("{", "&#123;").replace("`", "&#96;")


def article_address(article_id: str, start: int | None = None, end: int | None = None) -> str:
    """Where the server shows an article, relative to the page, at the marked place if given."""
    if start is None or end is None:
        return f"artikel/{article_id}"
    return f"artikel/{article_id}?{urlencode({'von': start, 'bis': end})}#stelle"


def source_link(source: str) -> str:
    """Only web addresses become links. A file is named without its folders."""
    try:
        parts = urlsplit(source)
        scheme, host = parts.scheme, parts.netloc
    except ValueError:
        scheme = host = ""
    if scheme not in ("http", "https") or not host:
        if scheme == "file":
            return safe(unquote(source.rsplit("/", 1)[-1]))
        return safe(source.removeprefix(UPLOAD))
    name = re.sub(r"^https?://(?:www\.)?", "", source)
    link = f'<a href="{safe(source)}" target="_blank" rel="noopener noreferrer nofollow">'
    return f"{link}{safe(name)}</a>"


def joined(facts: Iterable[str | None]) -> str:
    return " · ".join(safe(fact) for fact in facts if fact)


def day(value: date | None) -> str | None:
    return translation.day(value) if value else None
