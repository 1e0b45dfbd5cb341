"""How reading grows with its input, as a table: ``python -m tests.hostile.growth``.

Each shape at 50 kB, 200 kB and 1 MB, in seconds of processor time; 1 where a step from 200 kB to
1 MB takes more than twice what n log n allows, or anything takes over 30 seconds. A page that is
refused for its size says so.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.html import read_html
from index.ingest.markdown import read_markdown
from index.ingest.options import ReadOptions
from index.text.analysis import terms
from index.text.passages import split
from tests.fakes import WordEmbedder

Make = Callable[[int], bytes]

SIZES = (50_000, 200_000, 1_000_000)
_SLACK = 2.0
_LONGEST = 30.0
_LEAST = 0.2
"""Seconds below which a ratio says nothing: the clock and the caches are in it."""

_LEAD = "<html><body><article><p>Ein Absatz, der lang genug ist, damit er bleibt.</p>"


def _repeated(unit: str, before: str = "", after: str = "") -> Make:
    return lambda size: (before + unit * (size // len(unit.encode())) + after).encode()


def _numbered(unit: str, before: str, after: str) -> Make:
    def make(size: int) -> bytes:
        count = size // (len(unit) + 4)
        return (before + "".join(unit.format(n) for n in range(count)) + after).encode()

    return make


TEXTS: dict[str, Make] = {
    "prose": _repeated("Ein Satz steht hier. "), "one word": _repeated("x"), "blanks": _repeated(" ", "Eins", "Zwei"),
    "newlines": _repeated("\n", "Eins", "Zwei"), "Chinese": _repeated("東京の新しい駅"), "full-width stops": _repeated("東。"),
    "opening quotes": _repeated("„"), "initials": _repeated("A. "), "numbers": _repeated("1. "), "stops": _repeated("."),
    "accents": _repeated("\u0301\u0327"), "invisible": _repeated("\u200b", "x", "x"), "short lines": _repeated("a\n"),
    "names": _numbered("Anna B{}\n", "", ""), "headings": _numbered("# T{}\n\n", "", ""), "rules": _repeated("---\n\n"),
    "teasers": _repeated("Empfohlen\n\nEin Titel\n\nText.\n\n"), "wrapped": _repeated("Ein Satz, der umbrochen ist und kein Ende hat\n"),
    "thousands": _repeated("1.000 "), "brackets": _repeated("[1] "), "emphasis": _repeated("_a*"), "front matter": _repeated("- [a, ", "---\nx:\n", "\n---\nText."),
}  # fmt: skip
MARKUP: dict[str, Make] = {
    "attributes": _numbered("a{}=1 ", f"{_LEAD}<p ", ">Text hier.</p>"), "links": _repeated("<a href=x>Wort</a> ", f"{_LEAD}<p>"),
    "spans": _repeated("<span>x</span>", f"{_LEAD}<p>"), "paragraphs": _repeated("<p>Ein Satz.</p>", _LEAD), "divs": _repeated("<div>Ein Satz.</div>", _LEAD),
    "cells": _repeated("<td>Zelle</td>", f"{_LEAD}<table><tr>"), "rows": _repeated("<tr><td>Zelle", f"{_LEAD}<table>"),
    "breaks": _repeated("Wort<br>", f"{_LEAD}<p>"), "items": _repeated("<li>Wort", f"{_LEAD}<ul>"), "linked items": _repeated("<li><a href=x>Wort</a>", f"{_LEAD}<ul>"),
    "linked paragraphs": _repeated("<p><a href=x>Ein Satz.</a></p>", _LEAD), "headlines": _repeated("<h2>Titel</h2>", _LEAD),
    "nested divs": _repeated("<div>", _LEAD, "Wort"), "nested spans": _repeated("<span>", _LEAD, "Wort"), "unknown tags": _repeated("<x>Wort</x> ", f"{_LEAD}<p>"),
    "comments": _repeated("<!-- c -->", _LEAD), "unclosed comments": _repeated("<!-- c ", _LEAD), "entities": _repeated("&amp;", f"{_LEAD}<p>"),
    "document types": _repeated("<!DOCTYPE x [", "", _LEAD), "scripts": _repeated("<script>x</script>", _LEAD), "quotes": _repeated("<a b=\"", _LEAD),
    "one paragraph": _repeated("Ein Satz steht hier. ", f"{_LEAD}<p>"), "one word": _repeated("x", f"{_LEAD}<p>"), "images": _repeated("<img src=x>", f"{_LEAD}<p>"),
    "quotations": _repeated("<blockquote>Ein Satz.</blockquote>", _LEAD), "code": _repeated("<pre>x = 1</pre>", _LEAD), "less-than signs": _repeated("<", _LEAD),
    "sections": _repeated("<section><p>Ein Satz.</p></section>", _LEAD), "titles": _repeated("<title>T</title>"), "meta tags": _repeated("<meta name=author content=A>"),
}  # fmt: skip


def read_page(data: bytes) -> str:
    """Extract a page's text; how it was refused where it was."""
    try:
        return (
            f"{len(read_html(Document('file:///m.html', data), ReadOptions()).text):,} characters"
        )
    except SourceError as error:
        return f"refused: {error.reason[:60]}"


def read_and_divide(data: bytes) -> str:
    """What an addition does with a text before it is embedded: decode, divide, count terms."""
    try:
        article = read_markdown(Document("file:///m.md", data), ReadOptions())
    except SourceError as error:
        return f"refused: {error.reason[:60]}"
    chunks = split(
        article.text,
        title=article.title,
        language=article.language,
        count_tokens=WordEmbedder().count_tokens,
    )
    for chunk in chunks:
        terms(article.text[chunk.start : chunk.end], article.language)
    return f"{len(chunks):,} passages"


def grows_too_fast(seconds: list[float], sizes: tuple[int, ...] = SIZES) -> bool:
    """Whether the last step took more than twice what n log n allows, or too long at all."""
    before, after = sizes[-2:]
    allowed = after * math.log(after) / (before * math.log(before)) * _SLACK
    return seconds[-1] > _LONGEST or seconds[-1] > max(_LEAST, seconds[-2]) * allowed


def main() -> int:
    """Print the table."""
    wrong = 0
    read_page(TEXTS["prose"](1_000)), read_and_divide(TEXTS["prose"](1_000))  # the libraries
    print(f"{'shape':<28}" + "".join(f"{size:>11,}" for size in SIZES))
    for kind, shapes, read in (("text", TEXTS, read_and_divide), ("page", MARKUP, read_page)):
        for name, make in shapes.items():
            seconds, said = [], ""
            for size in SIZES:
                data = make(size)
                began = time.process_time()
                said = read(data)
                seconds.append(time.process_time() - began)
            bad = grows_too_fast(seconds)
            wrong += bad
            row = f"{kind + ' ' + name:<28}" + "".join(f"{s:>11.2f}" for s in seconds)
            print(f"{row}  {said}{'  TOO FAST' if bad else ''}", flush=True)
    print(f"{wrong} of {len(TEXTS) + len(MARKUP)} grow faster than n log n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
