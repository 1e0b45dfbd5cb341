"""Bounds for markup before it is read: its readers take time with the square of some numbers.

trafilatura, justext and lxml are made for pages that people read. What no such page has is taken
away where its text comes out the same, and refused where that is not so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.translation import numeral, text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_ATTRIBUTES = 200  # of one tag; a browser's own pages have some 30
MAX_TAGS = 200_000  # of a page, those included that are unwrapped
MAX_ELEMENTS = 30_000
"""A long article has 1,000, Wikipedia's longest some 20,000. At 30,000 reading takes 3 seconds."""
MAX_INLINE = 500
"""Inline elements side by side in one; the paragraph with the most links has some 50."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INLINE = _words(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s
    samp small span strike strong sub sup time tt u var wbr"""
)
_OPENING = re.compile(r"<(?:!--|(?P<name>[a-zA-Z][^\s/>]*+))")
_ATTRIBUTE = re.compile(
    r"[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?)?"
)
_END_OF_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}


def bound_tags(markup: str, source: str) -> str:
    """``markup`` with the first 200 attributes of each tag. Raises ``SourceError``.

    libxml2 compares every attribute of a tag with those before it.
    """
    kept: list[str] = []
    copied = position = tags = 0
    while opening := _OPENING.search(markup, position):
        position = opening.end()
        name = opening["name"]
        if name is None:
            end = markup.find("-->", position)
            position = len(markup) if end < 0 else end
            continue
        tags += 1
        if tags > MAX_TAGS:
            raise SourceError(
                source, _too_many(text("more than {tags} tags", tags=numeral(MAX_TAGS)))
            )
        attributes = 0
        while attribute := _ATTRIBUTE.match(markup, position):
            position = attribute.end()
            attributes += 1
            if attributes == MAX_ATTRIBUTES:
                last = position
        if attributes > MAX_ATTRIBUTES:
            kept.append(markup[copied:last])
            copied = position
        if raw := _END_OF_RAW.get(name.lower()):  # a "<" in there opens nothing
            closing = raw.search(markup, position)
            position = closing.start() if closing else len(markup)
    kept.append(markup[copied:])
    return "".join(kept)


def simplify(tree: HtmlElement, source: str) -> None:
    """Unwrap inline elements of which hundreds stand side by side; their text stays.

    Raises ``SourceError`` where too many elements are left.
    """
    from lxml import etree

    crowded = [element for element in tree.iter(etree.Element) if _is_crowded(element)]
    for element in crowded:
        for child in element:
            if child.tag in _INLINE:
                child.tag = _UNWRAPPED
    if crowded:
        etree.strip_tags(tree, _UNWRAPPED)
        for element in crowded:
            # What was unwrapped left a text node each, and trafilatura sorts them.
            element.text = element.text
            for child in element:
                child.tail = child.tail
    count = sum(1 for _ in tree.iter(etree.Element))
    if count > MAX_ELEMENTS:
        raise SourceError(
            source,
            _too_many(
                text(
                    "{elements} elements, {most} at most",
                    elements=numeral(count),
                    most=numeral(MAX_ELEMENTS),
                )
            ),
        )


_UNWRAPPED = "unwrapped"


def _is_crowded(element: HtmlElement) -> bool:
    return len(element) > MAX_INLINE and sum(c.tag in _INLINE for c in element) > MAX_INLINE


def _too_many(what: str) -> str:
    return text("the page has {what}; save its text as .txt and add that", what=what)
