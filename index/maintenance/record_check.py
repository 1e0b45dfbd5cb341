"""The record: every row compared with its checksum, and the rows with each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from index.compatibility import problem_of
from index.errors import IndexDamagedError, IndexFolderError
from index.records import Damage
from index.storage.schema import TABLES, row_check, total_of
from index.storage.segment import SegmentRecord
from index.storage.store import Store
from index.translation import numeral, text


@dataclass
class Record:
    """What of a record is sound, and the damage to it."""

    damage: list[Damage] = field(default_factory=list)
    lengths: dict[int, int] = field(default_factory=dict)
    """Code points of each text."""
    sentences: dict[int, int] = field(default_factory=dict)
    """How many sentences each passage has."""
    removed: set[int] = field(default_factory=set)
    segments: list[SegmentRecord] = field(default_factory=list)
    articles: int = 0


def check_record(store: Store) -> Record:
    """Compare every row of a record with its checksum, and the rows with each other."""
    record = Record()
    record.damage += [Damage("articles.db", problem) for problem in store.audit.own_checks()]
    texts_of_articles: dict[int, str] = {}
    readers: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
        "settings": problem_of,
        "texts": lambda row: record.lengths.__setitem__(row["id"], len(row["text"])),
        "articles": lambda row: texts_of_articles.__setitem__(row["text_id"], row["id"]),
        "passages": lambda row: _check_passage(row, record),
        "removed": lambda row: record.removed.add(row["passage_id"]),
        "segments": lambda row: record.segments.append(segment_record(row)),
    }
    sums: dict[str, tuple[int, int]] = {}
    for table in TABLES:
        rows, total, sound = 0, 0, True
        try:
            for raw in store.audit.raw_rows(table):
                rows += 1
                problem: str | None = "does not match its checksum"
                if raw.sound:
                    total += int(str(raw.check))
                    problem = _problem_of(readers.get(table), raw.values)
                if problem:
                    sound = False
                    where = f"articles.db: {table}: {_name(table, raw.values)}"
                    record.damage.append(Damage(where, problem))
        except IndexDamagedError as error:
            sound = False
            record.damage.append(Damage(f"articles.db: {table}", str(error)))
        if sound:
            sums[table] = rows, total_of([total])
        if table == "articles":
            record.articles = rows
    record.damage += _check_sums(store, sums)
    for text_id in record.lengths.keys() - texts_of_articles.keys():
        record.damage.append(
            Damage(
                f"articles.db: texts: {text_id}",
                text("no article has this text"),
            )
        )
    record.segments.sort(key=lambda entry: entry.name)
    return record


def _problem_of(
    read: Callable[[Mapping[str, Any]], str | None] | None, row: Mapping[str, Any]
) -> str | None:
    """What is wrong with a row that is as it was written, but may have been written wrongly."""
    try:
        return read(row) if read else None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        return f"cannot be read: {error}"


def segment_record(row: Mapping[str, Any]) -> SegmentRecord:
    """A row of the table of segments. Raises ValueError."""
    return SegmentRecord.of(row["name"], row["passages"], row["files"])


def _check_passage(row: Mapping[str, Any], record: Record) -> str | None:
    length = record.lengths.get(row["text_id"])
    if length is None:
        return "its text is not there"
    spans = json.loads(row["sentences"])
    record.sentences[row["id"]] = len(spans)
    if not 0 <= row["start"] < row["end"] <= length:
        return f"{row['start']} to {row['end']} is not within its text of {length} characters"
    end = row["start"]
    for start, stop in spans:
        if not end <= start < stop <= row["end"]:
            return f"its sentence from {start} to {stop} is not within it, or out of order"
        end = stop
    return None


def _check_sums(store: Store, found: dict[str, tuple[int, int]]) -> Iterator[Damage]:
    """Rows that are missing or there twice match their own checksums, but not the table's sum."""
    try:
        recorded = store.audit.sums()
        sequences = store.audit.sequences()
    except IndexFolderError as error:
        yield Damage("articles.db: checks", str(error))
        return
    found["sqlite_sequence"] = (
        len(sequences),
        total_of(row_check(*row) for row in sequences),
    )
    for name in sorted(recorded.keys() - TABLES.keys() - {"sqlite_sequence"}):
        yield Damage(
            "articles.db: checks", text("sums a table {name!r} that is not there", name=name)
        )
    for name, (rows, total) in found.items():
        if name not in recorded:
            yield Damage("articles.db: checks", text("has no sum of {name}", name=name))
        elif recorded[name][0] != rows:
            yield Damage(
                f"articles.db: {name}",
                text(
                    "has {rows} rows where {stored} were stored",
                    rows=numeral(rows),
                    stored=numeral(recorded[name][0]),
                ),
            )
        elif recorded[name][1] != total:
            yield Damage(
                f"articles.db: {name}", text("its rows do not match the sum of their checksums")
            )


def _name(table: str, values: Mapping[str, Any]) -> str:
    """A row by its name, and an article by its source too."""
    if table == "articles":
        return f"{values['id']} ({values['source']})"
    return str(values[TABLES[table][0]])
