"""CSV and JSON lines: what people's files hold, and rows that are refused one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.options import Columns, ReadOptions
from index.ingest.table import read_csv, read_jsonl
from index.records import Article, Failure

URI = "file:///data/rows"
GOOD = '{"text": "Der gute Satz."}'
Reader = Callable[[Document, ReadOptions], Iterator[Article | Failure]]


def read(
    reader: Reader, data: str | bytes, options: ReadOptions | None = None
) -> list[Article | Failure]:
    raw = data.encode() if isinstance(data, str) else data
    return list(reader(Document(URI, raw), options or ReadOptions()))


def articles(items: list[Article | Failure]) -> list[Article]:
    assert all(isinstance(item, Article) for item in items), items
    return [item for item in items if isinstance(item, Article)]


def test_jsonl_with_german_names() -> None:
    row = {
        "artikel": "Ein Text.",
        "Titel": "Ein Titel",
        "quelle": "https://example.org/1",
        "Datum": "12. Juni 2025",
        "autor": ["Anna Maier", "Bernd Kunz"],
        "medium": "Der Anzeiger",
        "sprache": "de-AT",
    }
    (article,) = articles(read(read_jsonl, json.dumps(row)))
    assert article.text == "Ein Text."
    assert article.title == "Ein Titel"
    assert article.source == "https://example.org/1"
    assert article.published == date(2025, 6, 12)
    assert article.authors == ("Anna Maier", "Bernd Kunz")
    assert article.publisher == "Der Anzeiger"
    assert article.language == "de"


def test_source_of_a_row() -> None:
    lines = '{"text": "a a", "id": "ä/1"}\n\n{"text": "b b"}\n{"text": "c c", "id": 7}\n'
    sources = [article.source for article in articles(read(read_jsonl, lines))]
    assert sources == [f"{URI}#%C3%A4%2F1", f"{URI}#3", f"{URI}#7"]


def test_a_source_column_of_names_is_the_publisher_unless_named_by_the_caller() -> None:
    table = "quelle,text\nDer Anzeiger,Ein Text.\nDer Anzeiger,Noch ein Text.\n"
    first, second = articles(read(read_csv, table))
    assert (first.publisher, first.source) == ("Der Anzeiger", f"{URI}#2")
    assert first.id != second.id
    named = ReadOptions(columns=Columns(source="quelle"))
    assert articles(read(read_csv, table, named))[0].source == "Der Anzeiger"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (r'{"text": "\ud800"}', "surrogate"),
        (r'{"text": "ok", "title": "\ud800"}', "title"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"text": ' + "[" * 100_000, "nested too deeply"),
        ('{"text": "a", "n": ' + "1" * 5000 + "}", "a number of 5,000 digits; write it"),
        ('{"text": "a", "n": NaN}', "NaN"),
        ('{"text": "a", "n": -Infinity}', "Infinity"),
        ('{"text": "cut o', "not JSON"),
        ('{"text": "  "}', "empty"),
        ('{"text": null}', "the 'text' of this row is empty"),
        ('{"text": "", "x": 1}', "the 'text' of this row is empty"),
        ('{"text": "a", "n": 1e999}', "the number 1e999 is too large"),
        ('{"text": "a", "n": -1e999}', "the number -1e999 is too large"),
        ("kaputt", "not JSON: expecting value at character 1 of the line"),
        ('{"text": 5}', "int"),
        ('{"name": "a"}', "name"),
        ('["text"]', "object"),
        ('"text"', "object"),
    ],
)
def test_a_bad_json_line_is_refused_and_the_rest_goes_on(line: str, reason: str) -> None:
    before, bad, after = read(read_jsonl, f"{GOOD}\n{line}\n{GOOD}")
    assert isinstance(before, Article)
    assert isinstance(after, Article)
    assert isinstance(bad, Failure)
    assert bad.source == f"{URI}:2"
    assert reason in bad.reason


def test_json_strings_may_hold_any_line_separator() -> None:
    text = "eins\u2028zwei\x85drei\r\nvier"
    (article,) = articles(read(read_jsonl, json.dumps({"text": text}, ensure_ascii=False)))
    assert article.text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_of_tables(encoding: str, newline: str) -> None:
    table = newline.join(["titel;text", "Größe;Äpfel für Übermorgen", ""])
    (article,) = articles(read(read_csv, table.encode(encoding)))
    assert (article.title, article.text) == ("Größe", "Äpfel für Übermorgen")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    rows = [["id", "titel", "text"], ["1", "T", "Ein, Text; mit | allem"]]
    table = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    (article,) = articles(read(read_csv, table))
    assert article.text == "Ein, Text; mit | allem"


def test_the_header_decides_even_when_the_rows_are_full_of_commas() -> None:
    (article,) = articles(read(read_csv, "titel;text\nA;eins, zwei, drei, vier, fünf\n"))
    assert article.text == "eins, zwei, drei, vier, fünf"


def test_excel_names_its_delimiter_and_lines_count_on() -> None:
    items = read(read_csv, "sep=|\r\ntext|a,b\r\nHallo Welt|1\r\nnur eins\r\n")
    assert isinstance(items[0], Article)
    assert items[1] == Failure(f"{URI}:4", "1 fields, where the header has 2")


def test_one_column_is_enough() -> None:
    assert [a.text for a in articles(read(read_csv, "text\nEins\n\nZwei\n"))] == ["Eins", "Zwei"]


def test_a_field_longer_than_the_csv_module_s_limit() -> None:
    text = "Wort " * 60_000
    (article,) = articles(read(read_csv, f'text,id\n"{text}",1\n'))
    assert article.text == text


def test_quotes_over_lines_stay_as_they_are() -> None:
    (article,) = articles(read(read_csv, 'id,text\n1,"Zeile ""eins""\r\n\nZeile zwei"\n'))
    assert article.text == 'Zeile "eins"\r\n\nZeile zwei'


def test_an_unclosed_quote_is_refused_with_its_line() -> None:
    items = read(read_csv, 'id,text\n1,gut gut\n2,"nie zu\n3,verschluckt\n')
    assert isinstance(items[0], Article)
    (bad,) = items[1:]
    assert isinstance(bad, Failure)
    assert bad.source == f"{URI}:3"
    assert "never closed" in bad.reason


def test_bad_csv_rows_are_refused_and_the_rest_goes_on() -> None:
    table = 'id,text\n1,gut gut\n2\n3,a,b\n"4"x,y\n5,\n6,"auch gut",\n7,trunc\n8'
    items = read(read_csv, table)
    failed = {item.source: item.reason for item in items if isinstance(item, Failure)}
    assert list(failed) == [f"{URI}:{line}" for line in (3, 4, 5, 6, 9)]
    assert [a.source for a in items if isinstance(a, Article)] == [
        f"{URI}#{key}" for key in (1, 6, 7)
    ]


def test_a_table_without_text_is_refused_as_a_whole() -> None:
    with pytest.raises(SourceError, match="there are: a, b"):
        read(read_csv, "a,b\n1,2\n")
    with pytest.raises(SourceError, match="'body2'"):
        read(read_csv, "text,b\n1,2\n", ReadOptions(columns=Columns(text="body2")))
    with pytest.raises(SourceError, match="2 columns are called 'text'"):
        read(read_csv, "text,id,Text\na,1,b\n")
    for table in ("id,text\n", "id,text\n\n", ",,\n,,\n"):
        with pytest.raises(SourceError, match="without rows"):
            read(read_csv, table)
    with pytest.raises(SourceError, match="empty"):
        read(read_csv, "\n\n")
    with pytest.raises(SourceError, match="empty"):
        read(read_jsonl, "\n \n")


def test_named_columns_win() -> None:
    options = ReadOptions(columns=Columns(text="Lead", id="key"), language="fr")
    (article,) = articles(read(read_csv, "text,lead,key\nA,Der Vorspann,9\n", options))
    assert article.text == "Der Vorspann"
    assert article.source == f"{URI}#9"
    assert article.language == "fr"


def test_a_date_that_is_none_does_not_cost_the_row(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (article,) = articles(read(read_csv, "text,date\nHallo Welt,irgendwann\n"))
    assert article.published is None
    assert f"{URI}:2" in caplog.text
