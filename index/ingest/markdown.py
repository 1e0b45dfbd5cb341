"""Markdown, with or without front matter, to an article."""

from __future__ import annotations

import logging
import re
from itertools import pairwise
from typing import Any

from index.ingest.document import Document
from index.ingest.encoding import checked, decode
from index.ingest.metadata import language_of, parse_published, split_authors
from index.ingest.options import SYNONYMS, ReadOptions
from index.ingest.plain import title_of
from index.records import Article, make_article

logger = logging.getLogger(__name__)

_FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(?P<yaml>.*?)(?:^|(?<=\n))(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)\s*", re.DOTALL
)
_MAX_FRONT_MATTER = 50_000
_HEADING_SAMPLE = 20_000
"""Characters in which the first heading is looked for: a title stands at the top."""


def read_markdown(document: Document, options: ReadOptions) -> Article:
    """The body as an article, with what the front matter (or the first heading) says.

    The text is the Markdown as written, without the front matter. Raises ``SourceError``.
    """
    text = decode(document.data, document.uri, options.encoding)
    meta, body = split_front_matter(text, document.uri)
    body = checked(body, document.uri)
    first_title, site = title_of(body)
    source = _value(meta, "source") or ""
    return make_article(
        body,
        source=source if re.match(r"https?://[^\s/]", source) else document.uri,
        language=language_of(body, _value(meta, "language"), options),
        title=_value(meta, "title") or first_heading(body) or first_title,
        authors=_authors(meta),
        publisher=_value(meta, "publisher") or site,
        published=parse_published(_value(meta, "published"), document.uri),
    )


def split_front_matter(text: str, source: str) -> tuple[dict[str, Any], str]:
    """(its keys in lower case, the rest); ({}, ``text``) where there is none."""
    match = _FRONT_MATTER.match(text, 0, _MAX_FRONT_MATTER)
    if not match:
        return {}, text
    meta = _parse_yaml(match["yaml"], source)
    if meta is None:  # two rules with text between them
        return {}, text
    return {str(key).lower(): value for key, value in meta.items()}, text[match.end() :]


def first_heading(text: str) -> str:
    """The words of the first heading near the top, without its markup; "" where there is none."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt().parse(text[:_HEADING_SAMPLE])
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            pieces = [child.content or " " for child in inline.children or []]
            return " ".join("".join(pieces).split())
    return ""


def _parse_yaml(block: str, source: str) -> dict[str, Any] | None:
    import yaml

    try:
        # BaseLoader leaves every scalar a string: no booleans from "no", no dates, no objects.
        meta = yaml.load(block, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):
        # 'title: Meta: 10 Mrd. Dollar' is no YAML, yet what people write.
        meta = dict(re.findall(r"^([\w-]+):[ \t]*(.*?)[ \t]*\r?$", block, re.MULTILINE))
        logger.warning("%s: the front matter is no valid YAML; read line by line", source)
    return meta if isinstance(meta, dict) and meta else None


def _value(meta: dict[str, Any], name: str) -> str | None:
    for key in SYNONYMS[name]:
        value = meta.get(key)
        if isinstance(value, str) and (value := value.replace("\0", "").strip()):
            return value
    return None


def _authors(meta: dict[str, Any]) -> tuple[str, ...]:
    for key in SYNONYMS["authors"]:
        if isinstance(names := meta.get(key), list):
            found = (name.replace("\0", "").strip() for name in names if isinstance(name, str))
            return tuple(name for name in found if name)
    return split_authors(_value(meta, "authors"))
