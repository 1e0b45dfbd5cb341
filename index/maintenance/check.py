"""Everything that is stored, read and compared: with its checksums, and with each other.

Works on a folder, without a model, so that an index can be checked that cannot be opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.compatibility import problem_of, refuse_newer
from index.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexFolderError,
    IndexMismatchError,
)
from index.indexing.reuse import is_sound, stored_piece
from index.legs.dense import CODED, NORM_TOLERANCE, codes_arrays, in_blocks
from index.legs.lexical import Postings, term_keys
from index.legs.sentence_vectors import vectors_of
from index.records import CheckReport, Damage
from index.storage import segment
from index.storage.identity import refuse_strange
from index.storage.layout import wrong_shapes
from index.storage.rows import StoredPassage
from index.storage.schema import TABLES, row_check, total_of
from index.storage.segment import SegmentRecord
from index.storage.store import Store
from index.storage.texts import StoredText

ROWS_AT_ONCE = 4_096
_NAMED = 20
"""Places of one kind that are named; the rest is counted."""

_ATTEMPTS = 10
"""Each time a writer has just merged away what was being read."""

OnRead = Callable[[str], None]


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


def verify(folder: Path, progress: OnRead | None = None) -> CheckReport:
    """Read a whole index and report all damage. ``progress`` is told what is read next.

    Others may read and write meanwhile. Raises IndexFolderError where there is no index, or one of
    a newer format.
    """
    database = folder / "articles.db"
    if not database.is_file():
        raise IndexFolderError(
            f"There is no index in {folder}. Add articles first: qa --index {folder} add PATH"
        )
    refuse_strange(database)
    for _ in range(_ATTEMPTS):
        report, names = _verify(folder, progress or (lambda what: None))
        if not report.damage or not _are_merged_away(database, names):
            return report
    raise IndexBusyError(f"{folder} is being changed too fast to be checked. Wait, then try again.")


def _verify(folder: Path, told: OnRead) -> tuple[CheckReport, set[str]]:
    """One attempt on the newest commit; returns the names of its segments too."""
    database = folder / "articles.db"
    told(str(database))
    try:
        store = Store(database, read_only=True, undecoded=True)
    except IndexDamagedError as error:
        return CheckReport(str(folder), files=1, damage=(Damage("articles.db", str(error)),)), set()
    except IndexMismatchError:
        raise  # of a newer format: what this version does not know is no damage
    except IndexFolderError as error:
        if not _was_an_index(folder):
            raise
        return CheckReport(str(folder), files=1, damage=(Damage("articles.db", str(error)),)), set()
    try:
        with store.snapshot():
            refuse_newer(_readable_settings(store), folder)
            record = check_record(store)
            found = list(record.damage)
            texts = _Texts(store)
            held: list[NDArray[np.int64]] = []
            files, size = 1, database.stat().st_size
            for entry in record.segments:
                told(str(folder / "segments" / entry.name))
                files += len(entry.files)
                size += sum(file.bytes for file in entry.files.values())
                found += check_segment(folder / "segments", entry, record, texts, held)
            found += _check_cover(record, held)
    finally:
        store.close()
    report = CheckReport(
        path=str(folder),
        articles=record.articles,
        texts=len(record.lengths),
        passages=len(record.sentences),
        segments=len(record.segments),
        files=files,
        bytes=size,
        damage=tuple(found),
    )
    return report, {entry.name for entry in record.segments}


def _readable_settings(store: Store) -> dict[str, str]:
    """The settings that are as they were written."""
    try:
        return {
            raw.values["name"]: raw.values["value"]
            for raw in store.audit.raw_rows("settings")
            if raw.sound
        }
    except IndexDamagedError:
        return {}


def _are_merged_away(database: Path, names: set[str]) -> bool:
    """Whether a segment of these is named no longer, so that its files may have gone meanwhile."""
    try:
        with closing(Store(database, read_only=True)) as store:
            return bool(names - {entry.name for entry in store.segments.all()})
    except IndexFolderError:
        return False  # the record itself is damaged


def _was_an_index(folder: Path) -> bool:
    """Whether what cannot be opened was ours: its segments or its lock lie beside it."""
    return (folder / "segments").is_dir() or (folder / "writer.lock").exists()


# ---- the record ----------------------------------------------------------------------------------


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
        record.damage.append(Damage(f"articles.db: texts: {text_id}", "no article has this text"))
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
        yield Damage("articles.db: checks", f"sums a table {name!r} that is not there")
    for name, (rows, total) in found.items():
        if name not in recorded:
            yield Damage("articles.db: checks", f"has no sum of {name}")
        elif recorded[name][0] != rows:
            yield Damage(
                f"articles.db: {name}", f"has {rows:,} rows where {recorded[name][0]:,} were stored"
            )
        elif recorded[name][1] != total:
            yield Damage(f"articles.db: {name}", "its rows do not match the sum of their checksums")


def _name(table: str, values: Mapping[str, Any]) -> str:
    """A row by its name, and an article by its source too."""
    if table == "articles":
        return f"{values['id']} ({values['source']})"
    return str(values[TABLES[table][0]])


# ---- segments ------------------------------------------------------------------------------------


class _Texts:
    """Texts by their ids, the last one remembered: passages of a text follow each other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: StoredText | None = None

    def passages(self, ids: list[int]) -> Iterator[tuple[StoredPassage, StoredText]]:
        found = self._store.texts.passages(ids)
        for number in ids:
            passage = found.get(number)
            if passage is None:
                continue
            if self._last is None or self._last.id != passage.text_id:
                self._last = self._store.texts.get(passage.text_id)
            if self._last is not None:
                yield passage, self._last


def check_segment(
    folder: Path,
    entry: SegmentRecord,
    record: Record,
    texts: _Texts,
    held: list[NDArray[np.int64]],
) -> list[Damage]:
    """Compare a segment's files with their checksums, and what is in them with the record.

    The passages it holds are added to ``held``.
    """
    found = []
    for problem in segment.damage(folder, entry):
        path, _, reason = problem.rpartition(": ")
        found.append(Damage(str(Path(path).relative_to(folder.parent)), reason))
    where = f"segments/{entry.name}"
    unsound = {Path(damage.where).stem for damage in found}
    arrays: dict[str, NDArray[Any]] = {}
    for file in entry.files:
        name = file.removesuffix(".npy")
        if name not in unsound:
            try:
                opened = segment.open_array(folder, entry, name)
                arrays[name] = opened.view(np.ndarray)
            except IndexDamagedError as error:
                found.append(Damage(f"{where}/{file}", str(error)))
    if "ids" in arrays:
        held.append(arrays["ids"])
    found += [Damage(where, problem) for problem in _check_shapes(entry, arrays)]
    if not found and (wrong := wrong_shapes(arrays, entry.passages)):
        found.append(Damage(where, wrong))
    if not found:
        found += [Damage(where, p) for p in _first(_check_postings(arrays))]
        found += [Damage(where, p) for p in _first(_check_vectors(arrays))]
        if not record.damage:
            found += [Damage(where, p) for p in _first(_check_passages(arrays, record, texts))]
    return found


_PER_PASSAGE = ("ids", "vectors", "sentence_ends", "vector_checks", "language_rows")
_NEEDED = (
    *(*_PER_PASSAGE, "sentences", "language_names", "language_sums", "language_sizes"),
    *(f"lexical_{name}" for name in ("blob", "term_ends", "list_ends", "keys", "by_ending")),
    *(f"lexical_{name}" for name in ("rows", "counts", "lengths")),
)
_OF_LARGE = ("codes", "code_steps")


def _check_shapes(entry: SegmentRecord, arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    for name in (*_NEEDED, *(_OF_LARGE if entry.passages >= CODED else ())):
        if f"{name}.npy" not in entry.files:
            yield f"has no {name}"
    for name in (*_PER_PASSAGE, "lexical_lengths"):
        if name in arrays and len(arrays[name]) != entry.passages:
            yield f"{name} has {len(arrays[name]):,} rows for {entry.passages:,} passages"
    if {"sentence_scales", "sentences"} <= arrays.keys() and len(arrays["sentences"]) != len(
        arrays["sentence_scales"]
    ):
        yield "the sentences have not as many scales as vectors"
    if {"sentence_ends", "sentences"} <= arrays.keys():
        ends = arrays["sentence_ends"]
        if (np.diff(ends, prepend=0) < 0).any() or (
            len(ends) and ends[-1] != len(arrays["sentences"])
        ):
            yield "sentence_ends does not divide the sentences"
    if "ids" in arrays and (np.diff(arrays["ids"]) <= 0).any():
        yield "ids do not ascend"


def _check_postings(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    blob, term_ends, list_ends, rows, counts, lengths = (
        arrays[f"lexical_{name}"]
        for name in ("blob", "term_ends", "list_ends", "rows", "counts", "lengths")
    )
    for name, ends, whole in (("term_ends", term_ends, blob), ("list_ends", list_ends, rows)):
        if (np.diff(ends, prepend=0) <= 0).any() or int(ends[-1] if len(ends) else 0) != len(whole):
            yield f"lexical_{name} does not divide what it stands for"
            return
    keys, by_ending = arrays["lexical_keys"], arrays["lexical_by_ending"]
    if not len(term_ends) == len(list_ends) == len(keys) == len(by_ending) or len(rows) != len(
        counts
    ):
        yield "the postings have not as many lists or keys as terms, or counts as rows"
        return
    if len(rows) and not (int(rows.min()) >= 0 and int(rows.max()) < len(lengths)):
        yield "the postings name passages that are not there"
        return
    if (counts <= 0).any():
        yield "the postings count a term less than once"
    summed = np.bincount(rows, weights=counts, minlength=len(lengths))
    for row in np.flatnonzero(summed != lengths):
        yield f"passage {arrays['ids'][row]}: its terms are not as many as its length says"
    yield from _check_terms(Postings.from_arrays(arrays))


def _check_terms(postings: Postings) -> Iterator[str]:
    """Whether the terms are in order, forwards and backwards, and have their keys."""
    before = b""
    for first in range(0, len(postings.keys), ROWS_AT_ONCE):
        keys = postings.keys[first : first + ROWS_AT_ONCE]
        terms = [postings.term(number) for number in range(first, first + len(keys))]
        if any(b <= a for a, b in pairwise([before, *terms])):
            yield "the terms are not in order"
            return
        if (term_keys(terms) != keys).any():
            yield "lexical_keys are not the terms' first bytes"
            return
        before = terms[-1]
    numbers = postings.by_ending
    if (np.sort(numbers) != np.arange(len(numbers))).any():
        yield "lexical_by_ending does not name each term once"
        return
    backwards = (postings.term(number)[::-1] for number in numbers.tolist())
    if any(b <= a for a, b in pairwise(backwards)):
        yield "lexical_by_ending is not in the order of the terms read backwards"


def _check_vectors(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    for name in ("vectors", "sentences"):
        array = arrays[name]
        for first in range(0, len(array), ROWS_AT_ONCE):
            block = slice(first, first + ROWS_AT_ONCE)
            rows = (
                array[block].astype(np.float32) if name == "vectors" else vectors_of(arrays, block)
            )
            norms = np.linalg.norm(rows, axis=1)
            # Written this way round, a NaN is wrong too.
            for row in np.flatnonzero(~(np.abs(norms - 1.0) <= NORM_TOLERANCE)):
                yield f"{name}: row {first + int(row)} has the length {norms[row]:.3f}, not 1"
    if "codes" in arrays:
        yield from _check_codes(arrays)


def _check_codes(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    vectors = arrays["vectors"]
    places = dict.fromkeys(_OF_LARGE, 0)
    for name, part in codes_arrays(lambda: in_blocks(vectors), len(vectors)):
        stored = arrays[name][places[name] : places[name] + len(part)]
        places[name] += len(part)
        # Another processor may round the last digit otherwise.
        tolerance = 1.0 if name == "codes" else 1e-6
        if stored.shape != part.shape or not np.allclose(
            stored.astype(np.float32), part.astype(np.float32), rtol=0, atol=tolerance
        ):
            yield f"{name} are not those of the vectors"
            return
    if any(places[name] != len(arrays[name]) for name in _OF_LARGE):
        yield "the codes are not as many as the vectors"


def _check_passages(
    arrays: Mapping[str, NDArray[Any]], record: Record, texts: _Texts
) -> Iterator[str]:
    """Whether each live passage has its sentences, and the vectors of its own text."""
    ids, ends = arrays["ids"].tolist(), [0, *arrays["sentence_ends"].tolist()]
    rows = {number: row for row, number in enumerate(ids) if number in record.sentences}
    wanted = list(rows)
    for first in range(0, len(wanted), 500):
        for passage, text in texts.passages(wanted[first : first + 500]):
            row = rows[passage.id]
            start, end = ends[row], ends[row + 1]
            piece = stored_piece(passage, text.text, text.title, text.language)
            if end - start != len(piece.sentences):
                yield (
                    f"passage {passage.id}: {end - start} sentences have vectors, it has "
                    f"{len(piece.sentences)}"
                )
            elif not is_sound(piece, arrays, row, slice(start, end)):
                yield f"passage {passage.id}: its vectors are not those of its text"


def _check_cover(record: Record, held: list[NDArray[np.int64]]) -> list[Damage]:
    """Whether each passage of the record stands in exactly one segment, and nothing else does.

    The segments are in the order of their names, which is to be that of their ids.
    """
    filled = [ids for ids in held if len(ids)]
    found = []
    if any(after[0] <= before[-1] for before, after in pairwise(filled)):
        found.append(Damage("segments", "their passages do not ascend from one to the next"))
    ids = np.sort(np.concatenate([np.zeros(0, np.int64), *held]))
    live = np.sort(np.fromiter(record.sentences, np.int64, len(record.sentences)))
    removed = np.fromiter(record.removed, np.int64, len(record.removed))
    problems = {
        "is in no segment": np.setdiff1d(live, ids),
        "is in more than one segment": np.unique(ids[:-1][np.diff(ids) == 0]),
        "is in a segment, but neither stored nor removed": np.setdiff1d(
            ids, np.concatenate([live, removed])
        ),
        "is both stored and removed": np.intersect1d(live, removed),
    }
    return found + [
        Damage("segments", problem)
        for what, numbers in problems.items()
        for problem in _first(f"passage {number} {what}" for number in numbers.tolist())
    ]


def _first(problems: Iterator[str]) -> list[str]:
    """The first of many problems, and how many more there are."""
    found = list(problems)
    more = len(found) - _NAMED
    return found if more <= 0 else [*found[:_NAMED], f"and {more:,} more of the kind"]
