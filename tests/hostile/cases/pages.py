"""Saved pages: nesting, entities, charsets, scripts, and shapes that parsers are slow with."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.growth import MARKUP
from tests.hostile.reading import Folder, some

SENTENCE = "Die neue Brücke über den Fluß kostet 14 Millionen Euro, sagt die Bürgermeisterin."
SECOND = "Größere Schäden gab es nicht; „alles gut“, heißt es aus dem Rathaus von Übersee."
BODY = f"<p>{SENTENCE}</p><p>{SECOND}</p>" * 2

SCRIPTS = (
    "<script>alert('XSSMARK')</script>", "<script src=//x.example/XSSMARK></script>",
    "<img src=x onerror=\"alert('XSSMARK')\">", "<a href=\"javascript:alert('XSSMARK')\">Verweis</a>",
    "<svg onload=\"alert('XSSMARK')\"><text>Bild</text></svg>", "<iframe srcdoc='<p>XSSMARK</p>'></iframe>",
    "<style>body{background:url('XSSMARK')}</style>", "<object data=XSSMARK></object>",
    "<template><p>XSSMARK</p></template>", "<!-- XSSMARK -->", "<?php echo 'XSSMARK' ?>",
    "<noscript><style>XSSMARK</style></noscript>", "<link rel=stylesheet href=XSSMARK>",
    "<math><mtext><script>XSSMARK</script></mtext></math>", "<embed src=XSSMARK>",
    "<form action=XSSMARK><input value=XSSMARK></form>",
    "<SCRIPT\n>XSSMARK</SCRIPT\n>", "<p onclick='XSSMARK'>Ein Absatz mit Knopf.</p>",
    "<script><!--\nXSSMARK\n--></script>", "<meta http-equiv=refresh content='0;url=XSSMARK'>",
)  # fmt: skip
HEADS = (
    "<title>{}</title>", "<meta name=author content='{}'>", "<link rel=canonical href='{}'>",
    "<meta property='og:site_name' content='{}'>", "<meta property='article:published_time' content='{}'>",
    "<base href='{}'>", "<meta property='og:url' content='{}'>",
    '<script type="application/ld+json">{{"@type": "NewsArticle", "author": "{}", "datePublished": "{}"}}</script>',
)  # fmt: skip
VALUES = (
    "", "\0", "a" * 100_000, "&#xD800;", "&#0;", "\u202eabc", "javascript:alert(1)", "file:///etc/passwd",
    "http://[", "http://x:99999999/", "9" * 400, "0000-00-00", "&lt;script&gt;", "a;" * 5_000, "\ud7ff\ue000",
)  # fmt: skip
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "' + "&a;" * 100 + '">]>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>',
    '<!DOCTYPE html><!DOCTYPE x [<!ENTITY a "b">]>',
    '<!DOCTYPE html [ ]><!doctype x PUBLIC "a" "b" [ <!ELEMENT p ANY> <!entity a "b"> ]>',
    '<?xml version="1.0"?><!DOCTYPE x [\n<!-- c -->\n<!ENTITY a "b">\n]>',
)
CHARSETS = ("windows-1251", "koi8-r", "iso-8859-5", "cp437", "gbk", "big5", "shift_jis", "utf-16", "utf-7", "utf-8", "x-none", "zlib", "rot13", "idna", "base64", "undefined", "", "\xff")  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Pages in a folder, each between two good files; read in one process."""
    files = Folder(folder)
    yield from some(_nested(files), quick, every=4)
    yield from some(_scripts(files), quick, every=4)
    yield from some(_heads(files), quick, every=12)
    yield from some(_charsets(files), quick, every=4)
    for head in some(ENTITIES, quick, every=2):
        page = f"{head}<html><body>{BODY}&a;&c;</body></html>".encode()
        yield files.refused(f"entities {head[:40]!r}", "m.html", page, "entities of its own")
    for name, data in (("a page", BODY.encode()), ("a bomb", b"\0" * 10_000_000)):
        yield files.refused(
            f"{name} in gzip", "m.html", gzip.compress(data), "compressed with gzip"
        )
    for size in (0, 1, 5, 50):
        empty = b"<html><body>" + b"<p></p>" * size
        yield files.refused(f"{size} empty paragraphs", "m.html", empty, "no article text")
    yield files.refused("20 MB and a byte", "m.html", b" " * 20_000_001, "20,000,000 bytes")
    yield from some(_broken(files), quick, every=8)
    for name in some(MARKUP, quick, every=4):
        size = 20_000 if quick else 300_000
        yield Case(f"{size} bytes of {name}", partial(_ends_soon, files, MARKUP[name](size)))


def _page(body: str, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body><article>{body}</article></body></html>".encode()


def _nested(files: Folder) -> Iterator[Case]:
    for tag in ("div", "span", "b", "blockquote", "section", "font", "em"):
        for depth in (10, 100, 254, 255, 256, 400, 1_000):
            body = f"<p>{SENTENCE}</p>" + f"<{tag}>" * depth + SECOND + f"</{tag}>" * depth + BODY
            yield files.right(
                f"{depth} nested {tag}", "m.html", _page(body), lambda read: SECOND in read
            )
    for tag in ("div", "ul><li", "table><tr><td", "b"):
        for closed in (False, True):
            names = [part.strip("<") for part in tag.split(">")]
            end = "".join(f"</{name}>" for name in reversed(names)) if closed else ""
            body = BODY + f"<{tag}>" * 5_000 + "Wort" + end * 5_000
            yield files.either(f"5,000 nested {tag}, closed: {closed}", "m.html", _page(body))


def _scripts(files: Folder) -> Iterator[Case]:
    for script in SCRIPTS:
        for place in ("before", "between", "after"):
            parts = {
                "before": script + BODY,
                "between": f"{BODY}{script}{BODY}",
                "after": BODY + script,
            }
            yield files.right(
                f"{script[:40]!r} {place}",
                "m.html",
                _page(parts[place]),
                lambda read: SENTENCE in read and SECOND in read and "XSSMARK" not in read,
            )


def _heads(files: Folder) -> Iterator[Case]:
    for head in HEADS:
        for value in VALUES:
            page = _page(BODY, head.format(value, value))
            yield files.right(
                f"{head[:30]} with {value[:20]!r}", "m.html", page, lambda read: SECOND in read
            )


def _charsets(files: Folder) -> Iterator[Case]:
    for charset in CHARSETS:
        for encoding in ("utf-8", "cp1252"):
            page = _page(BODY, "<meta charset='CHARSET'>").decode().encode(encoding)
            page = page.replace(b"CHARSET", charset.encode("latin-1"))
            yield files.right(
                f"{encoding} declared as {charset!r}",
                "m.html",
                page,
                lambda read: SENTENCE in read and SECOND in read,
            )


def _broken(files: Folder) -> Iterator[Case]:
    whole = _page(BODY, "<title>Brücke</title>")
    for end in range(0, len(whole), 40):
        yield files.either(f"cut at {end}", "m.html", whole[:end])
    for odd in ("<", "<!", "<!--", "<![CDATA[", "</", "<p ", "<p a='", "&", "&#", "&#x110000;", "\x0b", "\ufffe", "<?", "]]>", "<!DOCTYPE", "<table><p>", "<p><table><tr>x", "</html>", "<html><html>", "<body></body>"):  # fmt: skip
        yield files.either(f"{odd!r} in the middle", "m.html", _page(f"{BODY}{odd}{BODY}"))
        yield files.either(f"{odd!r} a thousand times", "m.html", _page(BODY + odd * 1_000 + BODY))


def _ends_soon(files: Folder, page: bytes) -> None:
    began = time.monotonic()
    files.try_out("m.html", page)
    assert time.monotonic() - began < 40  # 30 for the page, and the start of the next process
