"""Whatever text goes in comes out again; whatever bytes go in, nothing breaks."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.encoding import checked, decode
from index.ingest.html import decode_html, read_html
from index.ingest.markdown import read_markdown
from index.ingest.metadata import parse_published, split_authors
from index.ingest.options import ReadOptions
from index.ingest.table import read_csv, read_jsonl
from index.records import Article, Failure

URI = "file:///x"
OPTIONS = ReadOptions(language="de")

# Text that people write: no NUL, no lone surrogates, no control characters but white space.
WRITTEN = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]) | st.sampled_from("\n\r\t"),
    min_size=1,
).filter(lambda text: text.strip("\ufeff\u200b \t\r\n") and not text.isspace())
GERMAN = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJÄÖÜäöüß ,.\n\r–„“€0123456789"), min_size=1
).filter(lambda text: bool(text.strip()))


@given(WRITTEN)
def test_utf_8_round_trip(text: str) -> None:
    assume(not text.startswith("\ufeff"))
    assert decode(text.encode(), URI) == text
    assert decode(b"\xef\xbb\xbf" + text.encode(), URI) == text


@given(WRITTEN, st.sampled_from(["utf-16", "utf-32"]))
def test_round_trip_with_a_mark(text: str, encoding: str) -> None:
    assume(not text.startswith("\ufeff"))
    assert decode(text.encode(encoding), URI) == text


@given(GERMAN, st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_german_utf_16_without_a_mark(text: str, encoding: str) -> None:
    # A pair of bytes without a NUL is no evidence: "–“" alone could be anything.
    assume(sum(character < "\x80" for character in text) * 2 >= len(text))
    assert decode(text.encode(encoding), URI) == text


@given(st.text(st.sampled_from("abcdefghij ÄÖÜäöüß\n,."), min_size=1))
def test_german_cp1252(text: str) -> None:
    assume(text.strip())
    beyond = sum(character > "\x7f" for character in text)
    assume(beyond < 12 or beyond * 4 < len(text))  # as in German, where it is one in twenty
    assert decode(text.encode("cp1252"), URI) == text


@given(st.binary(max_size=400))
def test_any_bytes_are_valid_text_or_refused(data: bytes) -> None:
    for decoder in (decode, decode_html):
        try:
            text = decoder(data, URI)
        except SourceError:
            continue
        text.encode("utf-8")
        assert "\0" not in text
        assert text.strip()


@given(st.text(st.characters(exclude_categories=[])))
def test_checked_lets_no_surrogate_through(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        with pytest.raises(SourceError, match="surrogate"):
            checked(text, URI)


@given(st.lists(st.tuples(WRITTEN, WRITTEN), min_size=1, max_size=5), st.sampled_from(",;\t|"))
def test_csv_round_trip(rows: list[tuple[str, str]], delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["title", "text"])
    writer.writerows(rows)
    items = list(read_csv(Document(URI, buffer.getvalue().encode()), OPTIONS))
    texts = [item.text for item in items if isinstance(item, Article)]
    assert texts == [text.removeprefix("\ufeff") for _, text in rows]


@given(st.lists(WRITTEN, min_size=1, max_size=5), st.booleans())
def test_jsonl_round_trip(texts: list[str], ascii_only: bool) -> None:
    lines = "\n".join(json.dumps({"text": text}, ensure_ascii=ascii_only) for text in texts)
    items = list(read_jsonl(Document(URI, lines.encode()), OPTIONS))
    read = [item.text for item in items if isinstance(item, Article)]
    assert read == [text.removeprefix("\ufeff") for text in texts]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "id", "date", "authors", "url", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)  # the first date loads its parser
@given(st.lists(JSON, min_size=1, max_size=4))
def test_any_json_gives_one_result_a_line(values: list[Any]) -> None:
    lines = "\n".join(json.dumps(value) for value in values)
    items = list(read_jsonl(Document(URI, lines.encode()), OPTIONS))
    assert len(items) == len(values)
    for number, item in enumerate(items, start=1):
        if isinstance(item, Failure):
            assert item.source == f"{URI}:{number}"
        else:
            f"{item.text}{item.title}{item.source}{item.publisher}{item.authors}".encode()


@pytest.mark.parametrize("reader", [read_csv, read_jsonl])
@given(data=st.binary(max_size=200) | WRITTEN.map(str.encode))
def test_tables_of_anything_never_break(reader: Any, data: bytes) -> None:
    try:
        items = list(reader(Document(URI, b"text,id\n" + data), OPTIONS))
    except SourceError:
        return
    assert all(isinstance(item, (Article, Failure)) for item in items)


@settings(max_examples=50, deadline=None)  # dateparser takes some 20 ms for nonsense
@given(st.text(st.sampled_from("0123456789.-/:T+ Juniapr,Z"), max_size=30) | st.text(max_size=30))
def test_any_date_and_author_is_harmless(value: str) -> None:
    parse_published(value, URI)
    assert all(name.strip() == name and name for name in split_authors(value))


@settings(max_examples=100)
@given(st.dates())
def test_iso_and_german_dates(day: Any) -> None:
    assert parse_published(day.isoformat(), URI) == day


MARKUP = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<div", ">", "<table><td>", "<!DOCTYPE html [", "<!--", "]]>", "\x0b"),
            *('<meta charset="utf-16"', "&#0;", "&amp;lt;", "&#xD800;", "<script>", "<svg>", "\0"),
            *("---\n", "# ", "title: x\n", "- ", "> ", "[", "](", "```", "\n", "Ein Satz. "),
        ]
    )
    | st.text(max_size=5),
    max_size=30,
).map("".join)


@settings(max_examples=60, deadline=None)  # the first page loads trafilatura
@given(MARKUP)
def test_any_markup_is_an_article_or_refused(markup: str) -> None:
    for reader in (read_html, read_markdown):
        try:
            article = reader(Document(URI, markup.encode("utf-8", "replace")), OPTIONS)
        except SourceError:
            continue
        assert article.text.strip()
        f"{article.text}{article.title}{article.source}{article.publisher}".encode()
