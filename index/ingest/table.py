"""CSV and JSON lines to articles, row by row; a bad row is reported and the rest goes on."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NoReturn
from urllib.parse import quote

from index import translation
from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.encoding import checked, decode
from index.ingest.metadata import language_of, parse_published, split_authors
from index.ingest.options import SYNONYMS, Columns, ReadOptions
from index.ingest.refusal import refusal
from index.records import Article, Failure, make_article

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_CHARACTERS = 100_000
_MAX_DIGITS = 4_000  # Python itself converts no more than 4,300
_URI = re.compile(r"[a-z][a-z0-9+.-]+:\S+", re.IGNORECASE)


def read_jsonl(document: Document, options: ReadOptions) -> Iterator[Article | Failure]:
    """One article a line, blank lines skipped. Raises ``SourceError`` for the whole file."""
    text = decode(document.data, document.uri, options.encoding)
    for number, line in enumerate(_lines(text), start=1):
        if not line.strip():
            continue
        place = f"{document.uri}:{number}"
        try:
            yield _to_article(_parse_json(line, place), number, document, options)
        except Exception as error:
            yield refusal(error, place)


def read_csv(document: Document, options: ReadOptions) -> Iterator[Article | Failure]:
    """One article a row; the first row names the columns, the delimiter is found from it.

    Raises ``SourceError`` for the whole file: no text column, no rows, or nothing but blanks.
    """
    text = decode(document.data, document.uri, options.encoding)
    # The limit is one for the whole process, so it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), options.max_bytes))
    declared = re.match(r"sep=([,;|\t])\r?\n", text)  # what Excel writes and reads
    rows = _csv_rows(
        text[declared.end() :] if declared else text,
        declared[1] if declared else _delimiter(text, options.columns),
        document.uri,
        first_line=2 if declared else 1,
    )
    header: list[str] | None = None
    empty = True
    for number, row in rows:
        empty = empty and header is None
        if isinstance(row, Failure):
            if header is None:
                raise SourceError(row.source, row.reason)
            yield row
        elif header is None:
            header = [cell.strip() for cell in row]
            _check_header(header, options.columns, document.uri)
        else:
            place = f"{document.uri}:{number}"
            try:
                yield _to_article(_name_cells(header, row, place), number, document, options)
            except Exception as error:
                yield refusal(error, place)
    if empty:
        raise SourceError(
            document.uri, translation.text("a table without rows: there is no article in it")
        )


def _lines(text: str) -> Iterator[str]:
    """Lines at "\\n" alone: JSON strings may hold the other characters that splitlines cuts at."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _parse_json(line: str, place: str) -> Mapping[str, Any]:
    try:
        row = json.loads(
            line, parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer
        )
    except RecursionError:
        raise SourceError(
            place, translation.text("not JSON that can be read: nested too deeply")
        ) from None
    except json.JSONDecodeError as error:
        # The place has the line's number in it, so its own count of lines would mislead.
        reason = translation.text(
            "not JSON: {reason} at character {character} of the line",
            reason=error.msg.lower(),
            character=error.pos + 1,
        )
        raise SourceError(place, reason) from None
    except ValueError as error:
        raise SourceError(place, translation.text("not JSON: {error}", error=error)) from None
    if not isinstance(row, dict):
        raise SourceError(place, translation.text("not a JSON object with names and values"))
    return row


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(translation.text("{name} is not a JSON value", name=name))


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(
            translation.text(
                "the number {digits} is too large; write it as a string", digits=digits[:20]
            )
        )
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(
            translation.text(
                "a number of {digits} digits; write it as a string",
                digits=translation.numeral(len(digits)),
            )
        )
    return int(digits)


def _csv_rows(
    text: str, delimiter: str, uri: str, first_line: int
) -> Iterator[tuple[int, list[str] | Failure]]:
    """(the line a row begins at, the row), blank rows left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + first_line
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = translation.text("not CSV: {error}", error=error)
            if "unexpected end" in str(error):
                reason = translation.text("not CSV: a quote opened in this row is never closed")
            yield number, Failure(f"{uri}:{number}", reason)
            continue
        if any(cell.strip() for cell in row):
            yield number, row


def _delimiter(text: str, columns: Columns) -> str:
    """The one under which the header has the most names that are known, then the most names."""
    known = {name for names in SYNONYMS.values() for name in names}
    known |= {name.lower() for name in _asked_for(columns).values()}

    def score(delimiter: str) -> tuple[int, int]:
        head = io.StringIO(text[:_HEADER_CHARACTERS].lstrip(), newline="")
        try:
            cells = next(csv.reader(head, delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return sum(cell.strip().lower() in known for cell in cells), len(cells)

    return max(_DELIMITERS, key=score)


def _check_header(header: Sequence[str], columns: Columns, uri: str) -> None:
    present = Counter(name.lower() for name in header if name)
    for name, times in present.items():
        if times > 1:
            raise SourceError(
                uri,
                translation.text(
                    "{times} columns are called {name!r}; name each once", times=times, name=name
                ),
            )
    for field, name in _asked_for(columns).items():
        if name.lower() not in present:
            raise SourceError(
                uri,
                translation.text(
                    "no column {name!r} for the {field}; {there_are}",
                    name=name,
                    field=field,
                    there_are=_there_are(header),
                ),
            )
    if columns.text is None and present.keys().isdisjoint(SYNONYMS["text"]):
        raise SourceError(
            uri,
            translation.text(
                "no column of text; {there_are}; name the one that holds the text",
                there_are=_there_are(header),
            ),
        )


def _name_cells(header: Sequence[str], row: Sequence[str], place: str) -> Mapping[str, str]:
    if len(row) < len(header) or any(cell.strip() for cell in row[len(header) :]):
        raise SourceError(
            place,
            translation.text(
                "{fields} fields, where the header has {expected}",
                fields=len(row),
                expected=len(header),
            ),
        )
    return dict(zip(header, row, strict=False))


def _to_article(
    row: Mapping[str, Any], number: int, document: Document, options: ReadOptions
) -> Article:
    place = f"{document.uri}:{number}"
    cells = _Cells(row, options.columns, place)
    text = cells.text()
    publisher = cells.value("publisher")
    source = cells.value("source")
    if source and options.columns.source is None and not _URI.fullmatch(source):
        # A column called "Quelle" may hold the paper's name: as source it would make one
        # article of all its rows. It counts as an address only when the caller names it.
        publisher, source = publisher or source, None
    key = cells.value("id") or str(number)
    return make_article(
        text,
        source=source or f"{document.uri}#{quote(key, safe='')}",
        language=language_of(text, cells.value("language"), options),
        title=cells.value("title") or "",
        authors=cells.authors(),
        publisher=publisher,
        published=parse_published(cells.value("published"), place),
    )


class _Cells:
    """One row's values by the names of ``Columns``. Raises ``SourceError`` naming the row."""

    def __init__(self, row: Mapping[str, Any], columns: Columns, place: str) -> None:
        self._row = {key.strip().lower(): value for key, value in row.items()}
        self._asked_for = _asked_for(columns)
        self._place = place

    def text(self) -> str:
        value = self._raw("text")
        if value is None:
            raise SourceError(self._place, self._why_no_text())
        if not isinstance(value, str):
            raise SourceError(
                self._place,
                translation.text("the text is no string but {name}", name=type(value).__name__),
            )
        return checked(value, self._place)

    def _why_no_text(self) -> str:
        names = (self._asked_for.get("text", "").strip().lower(), *SYNONYMS["text"])
        if name := next((name for name in names if name in self._row), None):
            return translation.text("the {name!r} of this row is empty", name=name)
        return translation.text(
            "nothing in this row is called {name!r}; {there}",
            name=names[0] or "text",
            there=_there_are(self._row),
        )

    def value(self, name: str) -> str | None:
        """The stripped string, a number as string; None where it is missing or blank."""
        value = self._raw(name)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return None
        return self._clean(str(value), name)

    def authors(self) -> tuple[str, ...]:
        value = self._raw("authors")
        if isinstance(value, list):
            names = [self._clean(name, "authors") for name in value if isinstance(name, str)]
            return tuple(name for name in names if name)
        return split_authors(self.value("authors"))

    def _raw(self, name: str) -> Any:
        if name in self._asked_for:
            return self._row.get(self._asked_for[name].strip().lower())
        values = (self._row.get(synonym) for synonym in SYNONYMS[name])
        return next((value for value in values if value not in (None, "")), None)

    def _clean(self, value: str, name: str) -> str | None:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise SourceError(
                self._place, translation.text("the {name} is no valid Unicode", name=name)
            ) from None
        return value.replace("\0", "").strip() or None


def _asked_for(columns: Columns) -> dict[str, str]:
    """The columns that the caller named."""
    named = {name: getattr(columns, name) for name in SYNONYMS}
    return {name: column for name, column in named.items() if column is not None}


def _there_are(names: Iterable[str]) -> str:
    names = [name[:30] for name in islice(names, 12)]
    shown = ", ".join(name if name.isprintable() else ascii(name) for name in names)
    return translation.text("there are: {names}", names=shown or translation.text("none"))
