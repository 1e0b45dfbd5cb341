"""A saved web page to an article: trafilatura's extraction, with the paragraphs kept apart."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from index import translation
from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.encoding import checked, decode, strange_share
from index.ingest.markup import bound_tags, simplify
from index.ingest.metadata import (
    detected_language,
    parse_published,
    split_authors,
    split_site,
    two_letters,
)
from index.ingest.options import ReadOptions
from index.records import Article, make_article
from index.translation import numeral

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from trafilatura.settings import Document as Page

logger = logging.getLogger(__name__)

_DECLARED_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.I)
_DECLARATION = re.compile(r"<!DOCTYPE[^<>\[]*+\[|<!ENTITY|\]", re.I)
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not allowed in XML
_HEAD_BYTES = 4096
_STRANGE = 0.1
"""The share of words beyond ASCII that are strange from which on a declared charset is doubted."""
_MAX_BYTES = 20_000_000
"""Markup needs many times its size when it is a tree; articles are below 1 MB."""


def read_html(document: Document, options: ReadOptions) -> Article:
    """The page's article: headings and paragraphs, blank lines between; no comments.

    Its source is the page's own address where it names one, else the file. Raises
    ``SourceError`` for a page without an article.
    """
    if len(document.data) > _MAX_BYTES:
        raise SourceError(
            document.uri,
            translation.text(
                "a page of more than {max_bytes} bytes; split it", max_bytes=numeral(_MAX_BYTES)
            ),
        )
    markup = decode_html(document.data, document.uri, options.encoding)
    tree = _parse(bound_tags(markup, document.uri), document.uri)
    simplify(tree, document.uri)
    named_language = two_letters(tree.get("lang"))
    page = _extract(tree, document.uri)
    text = "" if page is None else _text_of(page)
    if page is None or not text.strip():
        raise SourceError(document.uri, translation.text("no article text found in the page"))
    text = checked(text, document.uri)
    publisher = _publisher(page)
    return make_article(
        text,
        source=_address(page) or document.uri,
        language=_language(text, named_language, options),
        title=_title(page.title or "", publisher or ""),
        authors=split_authors(page.author),
        publisher=publisher,
        published=parse_published(page.date, document.uri),
    )


def decode_html(data: bytes, source: str, encoding: str | None = None) -> str:
    """Like ``decode``, but the declared charset is believed where the bytes are not UTF-8.

    A page in UTF-8 that declares another charset is common, one whose bytes happen to be valid
    UTF-8 is not: so the declaration comes second. Where it makes words that no language has, what
    the bytes look like counts.
    """
    if encoding is None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            encoding = _declared_encoding(data)
            if encoding is not None:
                return _decode_declared(data, source, encoding)
    return decode(data, source, encoding)


def _decode_declared(data: bytes, source: str, encoding: str) -> str:
    declared = decode(data, source, encoding)
    strange = strange_share(declared)
    if strange <= _STRANGE:
        return declared
    try:
        guessed = decode(data, source)
    except SourceError:
        return declared
    if strange_share(guessed) > strange / 2:
        return declared
    logger.warning("%s: declares %s and is not; it is read as what it looks like", source, encoding)
    return guessed


def _declared_encoding(data: bytes) -> str | None:
    head = data[:_HEAD_BYTES]
    match = _DECLARED_CHARSET.search(head) or _XML_ENCODING.match(head)
    name = match[1].decode("ascii").lower() if match else ""
    if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "windows-1252", ""):
        return None  # browsers take these for cp1252, and so does ``decode``
    if name.startswith(("utf", "ucs")):
        return None  # it is not UTF-8, and in the others its own name could not be read
    try:
        data.decode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    return name


def _parse(markup: str, source: str) -> HtmlElement:
    from lxml import etree, html

    if _declares_entities(markup):
        raise SourceError(
            source, translation.text("the page declares entities of its own, which is not safe")
        )
    # As trafilatura's parser, but without huge_tree text below 255 nested tags is dropped.
    parser = html.HTMLParser(
        huge_tree=True,
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
    )
    try:
        tree = html.document_fromstring(_CONTROL.sub("", markup).encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(source, translation.text("not HTML: {error}", error=error)) from None
    etree.strip_elements(tree, "template", with_tail=False)  # no browser shows what is in there
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise SourceError(
            source, translation.text("its tags are nested too deeply to be read in full")
        )
    return tree


def _declares_entities(markup: str) -> bool:
    """Whether any document type, not only the first, has an entity between its brackets."""
    inside = False
    for found in _DECLARATION.finditer(markup):
        if inside and found[0].upper() == "<!ENTITY":
            return True
        inside = found[0] != "]" and (inside or found[0].endswith("["))
    return False


def _extract(tree: HtmlElement, source: str) -> Page | None:
    from trafilatura import bare_extraction

    try:
        page = bare_extraction(
            tree,
            with_metadata=True,
            include_comments=False,
            # The extensive search takes any number in the page for a date: on 38 German pages
            # it "found" 1996 and 2012 where none was given. No date is better than a wrong one.
            date_extraction_params={"original_date": True, "extensive_search": False},
        )
    except Exception as error:  # foreign markup through five libraries: any kind may come out
        raise SourceError(
            source,
            translation.text(
                "the page cannot be read: {name}: {error}", name=type(error).__name__, error=error
            ),
        ) from error
    return None if isinstance(page, dict) else page


def _text_of(page: Page) -> str:
    """The blocks of the extracted body, a blank line between; the rows of a list or table below
    each other."""
    from lxml import etree
    from trafilatura.xml import xmltotxt

    blocks: list[str] = []
    for child in page.body:
        body = etree.Element("body")
        body.append(child)  # moves it; nobody reads the page's body after this
        blocks.append(xmltotxt(body, include_formatting=False).strip())
    return "\n\n".join(block for block in blocks if block)


def _language(text: str, named: str | None, options: ReadOptions) -> str:
    """The text itself before the page's ``lang``: templates leave that at "en" (2 of 38 German
    pages), where detection on the text was right for all."""
    if options.language:
        return options.language
    found = detected_language(text)
    return named or "und" if found == "und" else found


def _title(title: str, publisher: str) -> str:
    """ "Headline - Site" without the site."""
    site, headline = split_site(title, known=publisher)
    return headline or site


def _publisher(page: Page) -> str | None:
    """The site's name; its host where the page gives an address or a date for a name."""
    name = (page.sitename or "").strip()
    if name and "://" not in name and re.search(r"[^\W\d_]", name):
        return name
    return (page.hostname or "").removeprefix("www.") or None


def _address(page: Page) -> str | None:
    """The page's own address; not a site's front page, which some sites give for all of theirs."""
    return page.url if page.url and re.match(r"https?://[^/\s]+/[^\s]", page.url) else None
