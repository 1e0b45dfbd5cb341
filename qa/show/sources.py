"""What an article and its source are called: a headline, a name without a path, a link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from index import translation
from index.text.sentences import sentences
from qa.show.blocks import Block, blocks
from qa.show.links import host_of, link_of
from qa.show.sanitize import one_line

__all__ = ["UPLOAD", "headline", "link_of", "name_of"]

UPLOAD = "upload:"
"""Begins the source of an article that was uploaded; the file's name follows."""

LONGEST_HEADLINE = 120

_SAMPLE = 2_000
"""Characters of a text in which its first sentence is looked for."""

_PATH = re.compile(r"""['"]?(?:[/\\]|~[^/\\]*[/\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\])""")
"""How a path begins; in quotation marks too, as a name that no file can have is reported."""

_ROW = re.compile(r"(.+\.(?:csv|tsv|jsonl|ndjson))#(.+)", re.IGNORECASE | re.DOTALL)
"""A table and the row in it. In other names "#" is a character like any other."""


def headline(title: str, text: str) -> tuple[str, bool]:
    """What stands above an article, and whether it is the title; else it is the first sentence.

    On one line, without Markdown, at most about 120 characters, never empty.
    """
    if words := _words(blocks(" ".join(title.split()))):
        return _shortened(words), True
    for block in blocks(text[:_SAMPLE]):
        if words := _words([block]):
            # Whatever its language: German's rules know the most abbreviations and "3. Mai" too.
            first = next(sentences(words, "de"))
            return _shortened(first.of(words)), False
    return translation.text("Untitled"), False


def name_of(source: str) -> str:
    """What a source is called in few words: its host, the bare name of its file, or itself.

    Of a path or an address of a file no folder is told; a row of a table is ("archive.csv #7").
    """
    if host := host_of(source):
        return one_line(host.removeprefix("www."))
    if source[:5].lower() == "file:":
        path, _, row = source[5:].partition("#")
        return _named(_bare(unquote(_bare(path))), row)
    if source.startswith(UPLOAD):
        name = source.removeprefix(UPLOAD)
        table = _ROW.fullmatch(name)
        return _named(table[1], table[2]) if table else one_line(name)
    return one_line(_bare(source) if _PATH.match(source) else source)


def _words(found: Iterable[Block]) -> str:
    """What is written, on one line; nothing where nothing of it can be seen."""
    line = one_line(" ".join("".join(run.text for run in block.runs) for block in found))
    return line if any(c.isprintable() and not c.isspace() for c in line) else ""


def _shortened(line: str) -> str:
    if len(line) <= LONGEST_HEADLINE:
        return line
    words, blank, _ = line[: LONGEST_HEADLINE - 1].rpartition(" ")
    return f"{words} …" if blank else f"{line[: LONGEST_HEADLINE - 1]}…"


def _bare(path: str) -> str:
    """The last part of a path of any system; of a root a dash."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] or "–"


def _named(name: str, row: str) -> str:
    return one_line(f"{name} #{unquote(row)}" if row else name)
