"""CSV and JSON lines: a bad row is refused by its line, the rows around it are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.reading import Folder, some

ROW = '{"text": "Die gute Zeile."}'

BAD_LINES = {
    r'{"text": "\ud800"}': "surrogate",
    r'{"text": "a \udfff b"}': "surrogate",
    r'{"text": "a", "title": "\ud800"}': "title",
    r'{"text": "a", "url": "https://x/\ud800"}': "source",
    r'{"text": "a", "authors": ["\ud800"]}': "authors",
    r'{"text": "a", "author": "\ud800"}': "authors",
    r'{"text": "a", "medium": "\ud800"}': "publisher",
    "[" * 100_000 + "]" * 100_000: "nested too deeply",
    '{"text": ' + "[" * 100_000: "nested too deeply",
    '{"a":' * 100_000: "nested too deeply",
    '{"text": "a", "n": ' + "1" * 5_000 + "}": "5,000 digits",
    '{"text": "a", "n": -' + "9" * 50_000 + "}": "50,001 digits",
    '{"text": "a", "n": 1e999}': "too large",
    '{"text": "a", "n": -1E+400}': "too large",
    '{"text": "a", "n": NaN}': "NaN",
    '{"text": "a", "n": Infinity}': "Infinity",
    '{"text": "a", "n": -Infinity}': "Infinity",
    '{"text": "cut o': "character",
    '{"text": "a"': "character",
    '{"text": "a"},': "extra data",
    '{"text": "a"} {"text": "b"}': "extra data",
    "{'text': 'a'}": "character 2",
    "{text: a}": "character 2",
    '{"text": "tab\there"}': "control character",
    '{"text": "a" "b"}': "character",
    '{"text": "a", }': "character",
    "nur Text": "character 1",
    "// kein JSON": "character 1",
    "<html>": "character 1",
    '["text"]': "object",
    '"text"': "object",
    "5": "object",
    "true": "object",
    "null": "object",
    "{}": "nothing in this row",
    '{"name": "a"}': "name",
    '{"text": null}': "'text' of this row is empty",
    '{"text": ""}': "'text' of this row is empty",
    '{"content": "", "id": 1}': "'content' of this row is empty",
    '{"text": "  \\n"}': "empty",
    '{"text": "\\u0000"}': "empty",
    '{"text": "\\ufeff"}': "empty",
    '{"text": 5}': "int",
    '{"text": 5.5}': "float",
    '{"text": true}': "bool",
    '{"text": ["a"]}': "list",
    '{"text": {"a": 1}}': "dict",
}  # fmt: skip

ODD_LINES = {
    '{"text": "a\\u0000b"}': "ab",
    '{"text": "a\\u2028b\\u0085c"}': "a\u2028b\x85c",
    '{"text": "\\ud83c\\udf0d"}': "🌍",
    '{"TEXT": "groß"}': "groß",
    '{" text ": "mit Rand"}': "mit Rand",
    '{"artikel": "deutsch"}': "deutsch",
    '{"text": "", "content": "das andere"}': "das andere",
    '{"text": "a", "date": "99999-99-99"}': "a",
    '{"text": "a", "date": 99999999999999999999}': "a",
    '{"text": "a", "date": -1}': "a",
    '{"text": "a", "date": {"x": 1}}': "a",
    '{"text": "a", "id": null, "title": [1], "author": {"a": 1}}': "a",
    '{"text": "a", "url": "javascript:alert(1)"}': "a",
    '{"text": "a", "url": "x y"}': "a",
    '{"text": "a", "lang": "../../x"}': "a",
    '{"text": "=HYPERLINK(1)"}': "=HYPERLINK(1)",
    '{"text": "a", "text": "b"}': "b",
    '{"text": "a", "x": ' + "[" * 500 + "]" * 500 + "}": "a",
    '  {"text": "a"}  \r': "a",
    json.dumps({"text": "Wort " * 50_000}): "Wort " * 50_000,
    json.dumps({"text": "ü" * 1_000, "author": "a, " * 100_000}): "ü" * 1_000,
    json.dumps({"text": "a", "title": "T" * 1_000_000}): "a",
    json.dumps({"text": "a", **{f"k{n}": n for n in range(20_000)}}): "a",
}

BAD_ROWS = {
    "2": "1 fields, where the header has 2",
    "2,a,b": "3 fields",
    '"2"x,y': "not CSV",
    '2,"a"b': "not CSV",
    "2,": "is empty",
    "2,   ": "empty",
    "2,\u200b": "empty",
}
BAD_TABLES = {
    "": "empty", "\n\n": "empty", ",,\n": "without rows", "id,text\n": "without rows",
    "id;text\r\n\r\n": "without rows", "sep=;\nid;text\n": "without rows",
    "text\n": "without rows", "a,b\n1,2\n": "there are: a, b",
    "text,text\na,b\n": "2 columns are called 'text'", "id,Text,TEXT\n1,a,b\n": "2 columns",
    "text,a,a,a\nx,1,2,3\n": "3 columns are called 'a'", '"text\n1': "never closed",
    "nur ein Satz ohne Tabelle\nund noch einer\n": "no column of text",
    "\u202etext,b\n1,2\n": "no column of text",
}  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Tables in a folder, each between two good files."""
    files = Folder(folder)
    for line, reason in some(BAD_LINES.items(), quick):
        yield Case(f"JSON line {line[:40]!r}", partial(_is_refused_alone, files, line, reason))
    for line, text in some(ODD_LINES.items(), quick):
        data = f"{ROW}\n{line}\n".encode()
        yield Case(
            f"odd JSON line {line[:40]!r}", partial(_is_second, files, "m.jsonl", data, text)
        )
    for row, reason in BAD_ROWS.items():
        yield Case(f"CSV row {row!r}", partial(_is_a_refused_row, files, row, reason))
    for table, reason in some(BAD_TABLES.items(), quick, every=3):
        yield files.refused(f"CSV {table[:30]!r}", "m.csv", table.encode(), reason)
    yield from some(_right_tables(files), quick)
    yield from some(_cut_tables(files), quick, every=4)


def _is_refused_alone(files: Folder, line: str, reason: str) -> None:
    articles, failures = files.try_out("m.jsonl", f"{ROW}\n{line}\n{ROW}\n".encode())
    assert [article.text for article in articles] == ["Die gute Zeile."] * 2
    (failure,) = failures
    assert failure.source.endswith("/m.jsonl:2")
    assert reason in failure.reason, failure.reason
    assert "line 1" not in failure.reason  # the row's own number stands in the source


def _is_second(files: Folder, file: str, data: bytes, text: str) -> None:
    articles, failures = files.try_out(file, data)
    assert not failures, failures
    assert articles[1].text == text, articles[1].text[:200]


def _is_a_refused_row(files: Folder, row: str, reason: str) -> None:
    articles, failures = files.try_out("m.csv", f"id,text\n1,eins\n{row}\n3,drei\n".encode())
    assert [article.text for article in articles] == ["eins", "drei"]
    (failure,) = failures
    assert failure.source.endswith("/m.csv:3")
    assert reason in failure.reason, failure.reason


def _right_tables(files: Folder) -> Iterator[Case]:
    texts = (
        "Ein, Text; mit | allem\tdrin",
        'Er sagte "ja"',
        "Zeile\r\n\nZeile",
        "=1+1",
        "-2",
        "@x",
    )
    for delimiter in ",;\t|":
        for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
            for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
                buffer = io.StringIO(newline="")
                writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting)
                writer.writerows(
                    [["id", "titel", "text"], *([n, "Größe", t] for n, t in enumerate(texts))]
                )
                name = f"CSV with {delimiter!r} in {encoding}, quoting {int(quoting)}"
                data = buffer.getvalue().encode(encoding)
                yield Case(name, partial(_are_all, files, data, texts))
    long = "Wort " * 60_000
    yield Case("a long field", partial(_are_all, files, f'text,id\n"{long}",1\n'.encode(), (long,)))
    wide = ",".join(f"c{n}" for n in range(5_000))
    row = "," * 5_000
    yield Case("5,000 columns", partial(_are_all, files, f"text,{wide}\na{row}\n".encode(), ("a",)))
    many = "text\n" + "Zeile\n" * 3_000
    yield Case("3,000 rows", partial(_are_all, files, many.encode(), ("Zeile",) * 3_000))


def _are_all(files: Folder, data: bytes, texts: tuple[str, ...]) -> None:
    articles, failures = files.try_out("m.csv", data)
    assert not failures, failures
    assert tuple(article.text for article in articles) == texts


def _cut_tables(files: Folder) -> Iterator[Case]:
    """A file that ends anywhere gives the rows before, and at most one refusal."""
    whole = 'id,text\n1,"Zeile ""eins"""\n2,"Zeile\nzwei"\n3,drei\n'
    for end in range(9, len(whole), 2):
        yield Case(f"CSV cut at {end}", partial(_is_begun, files, "m.csv", whole[:end], 3))
    lines = "".join(f'{{"text": "Zeile {n}", "id": "ü{n}"}}\n' for n in range(3))
    for end in range(1, len(lines), 5):
        yield Case(f"JSON cut at {end}", partial(_is_begun, files, "m.jsonl", lines[:end], 3))


def _is_begun(files: Folder, file: str, table: str, most: int) -> None:
    articles, failures = files.try_out(file, table.encode())
    assert len(failures) <= 1
    assert len(articles) + len(failures) <= most
    assert articles or failures
