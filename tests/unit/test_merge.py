"""Merging: which segments, what is in the new one, and what happens when it does not get that far."""

from __future__ import annotations

import errno
import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from index import Article, Index, IndexDamagedError, make_article
from index.errors import writing_to
from index.indexing import merge
from index.indexing.merge import FACTOR, SMALLEST, Sized, due
from index.legs import dense
from index.storage import segment
from index.storage.segment import FileRecord, SegmentRecord
from index.storage.segment_rows import SegmentRows
from tests.fakes import WordEmbedder


def sized(*sizes: int | tuple[int, int]) -> list[Sized]:
    """Segments of so many passages, or (passages, removed)."""
    pairs = [size if isinstance(size, tuple) else (size, 0) for size in sizes]
    return [
        Sized(SegmentRecord(f"{n:010d}-x", passages, {"ids.npy": FileRecord(1, "")}), n, removed)
        for n, (passages, removed) in enumerate(pairs)
    ]


class TestPlan:
    def test_too_few_of_a_size(self) -> None:
        assert due(sized(*[1] * (FACTOR - 1))) is None
        assert due(sized(*[9000] * (FACTOR - 1), *[1000] * (FACTOR - 1), 1)) is None
        assert due([]) is None

    def test_neighbours_of_one_size(self) -> None:
        assert due(sized(*[9000] * 3, *[5] * FACTOR)) == slice(3, 3 + FACTOR)
        assert due(sized(*[9000] * FACTOR, 5)) == slice(0, FACTOR)

    def test_a_small_one_between_large_ones_goes_with_them(self) -> None:
        assert due(sized(9000, 3, *[9000] * (FACTOR - 2))) == slice(0, FACTOR)

    def test_a_segment_of_which_much_is_removed(self) -> None:
        assert due(sized(1000, (1000, 250))) is None
        assert due(sized(1000, (1000, 251))) == slice(1, 2)

    def test_a_small_one_goes_when_nothing_is_left(self) -> None:
        assert due(sized((SMALLEST, SMALLEST - 1), 5)) is None
        assert due(sized((SMALLEST, SMALLEST), 5)) == slice(0, 1)

    @pytest.mark.parametrize("batch", [1, 3, 300, 20_000])
    def test_segments_stay_few_and_passages_are_rarely_written_again(self, batch: int) -> None:
        sizes: list[int] = []
        added = written = 0
        for _ in range(600):
            sizes.append(batch)
            added += batch
            while found := due(sized(*sizes)):
                written += sum(sizes[found])
                sizes[found] = [sum(sizes[found])]
            classes = 1 + max(1, math.log(max(FACTOR, added / SMALLEST), FACTOR))
            assert len(sizes) <= (FACTOR - 1) * (classes + 1)
        assert sum(sizes) == added
        # Single passages are written often while all are of the smallest class: 256 at most.
        assert written <= added * (2 + math.log(600, FACTOR)) + 20 * added / batch * 1.0


WORDS = ("Berge", "Züge", "Wale", "Äpfel", "Schnee", "Gleise", "Birnen", "Robben")


def article(number: int) -> Article:
    words = [WORDS[(number * step) % 8] for step in (1, 3, 5)]
    language = "en" if number % 3 == 0 else "de"
    text = f"{words[0]} und {words[1]} sind hier {number}.\n\n{words[2]} kommen dazu {number}."
    return make_article(text, source=f"s{number}", language=language)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that merges every four segments and uses codes from two passages on."""
    monkeypatch.setattr(merge, "FACTOR", 4)
    monkeypatch.setattr(dense, "CODED", 2)
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        yield index


def fill(index: Index, numbers: Sequence[int]) -> None:
    for number in numbers:
        index.add_articles([article(number)])


def found(index: Index) -> dict[str, float]:
    hits = index.search("Wo sind Berge und Wale?", k=50, language="de")
    return {f"{hit.passage.article.source} {hit.passage.text}": hit.score for hit in hits}


def _refused(finish: Callable[..., SegmentRecord], at: int) -> Callable[..., SegmentRecord]:
    """The ``at``th segment finds no room."""
    calls = count(1)

    def wrapped(writer: segment.Writer) -> SegmentRecord:
        if next(calls) == at:
            with writing_to(Path("here")):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return finish(writer)

    return wrapped


class TestIndex:
    def test_segments_become_one(self, index: Index) -> None:
        fill(index, range(3))
        before = found(index)
        assert index.status().segments == 3
        fill(index, [3])
        assert index.status().segments == 1
        after = found(index)
        assert {name: after[name] for name in before}.keys() == before.keys()
        assert len(list((index.path / "segments").iterdir())) == 1

    def test_like_an_index_of_one_addition(self, index: Index, tmp_path: Path) -> None:
        fill(index, range(16))
        assert index.status().segments == 1
        with Index.open(tmp_path / "fresh", embedder=WordEmbedder()) as fresh:
            fresh.add_articles([article(number) for number in range(16)])
            assert found(index) == pytest.approx(found(fresh), abs=1e-5)
            mine, other = (stored(one) for one in (index, fresh))
        assert mine.keys() == other.keys()
        for name in mine:
            assert mine[name].dtype == other[name].dtype
            if name in ("code_steps", "language_sums"):
                assert mine[name] == pytest.approx(other[name], abs=1e-4)
            else:
                assert np.array_equal(mine[name], other[name]), name

    def test_what_was_removed_is_gone(self, index: Index, tmp_path: Path) -> None:
        fill(index, range(3))
        index.remove(["s0", "s2"])
        assert index.status().segments == 1
        fill(index, [4, 5, 7])
        assert index.status().segments == 1
        assert len(stored(index)["ids"]) == index.status().passages == 4
        assert index._store.segments.removed() == []
        with Index.open(tmp_path / "fresh", embedder=WordEmbedder()) as fresh:
            fresh.add_articles([article(number) for number in (1, 4, 5, 7)])
            assert found(index) == pytest.approx(found(fresh), abs=1e-5)
            assert (
                stored(index)["lexical_blob"].tobytes() == stored(fresh)["lexical_blob"].tobytes()
            )

    def test_everything_removed(self, index: Index) -> None:
        fill(index, range(3))
        index.remove([f"s{number}" for number in range(3)])
        assert index.status().segments == 0
        assert found(index) == {}
        fill(index, [5])
        assert len(found(index)) == 1

    def test_damage_is_named_and_not_copied(self, index: Index) -> None:
        fill(index, range(3))
        path = next((index.path / "segments").iterdir()) / "lexical_counts.npy"
        data = bytearray(path.read_bytes())
        data[-1] ^= 4
        path.write_bytes(data)
        with pytest.raises(IndexDamagedError, match=r"lexical_counts\.npy.*before a merge"):
            fill(index, [3])
        # What was added is there all the same.
        assert index.article("s3").text == article(3).text
        assert index.status().segments == 4

    def test_a_full_disk_is_told_and_undoes_nothing(
        self, index: Index, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        fill(index, range(3))
        with monkeypatch.context() as full:
            full.setattr(segment.Writer, "finish", _refused(segment.Writer.finish, at=2))
            report = index.add_articles([article(3)])
        assert report.added == (article(3).id,)
        assert "could not be merged" in caplog.text
        assert "Make room" in caplog.text
        assert index.status().segments == 4
        fill(index, [4])
        assert index.status().segments == 2
        assert len(list((index.path / "segments").iterdir())) == 2

    @pytest.mark.parametrize("step", range(1, 25, 4))
    def test_interrupted(self, index: Index, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        """Ctrl-C while the files are written: the addition stands, the next one merges."""
        fill(index, range(3))
        before = found(index)
        original, calls = segment.Writer.append, iter(range(1, 1000))

        def interrupted(*arguments: object) -> None:
            if next(calls) == step:
                raise KeyboardInterrupt
            original(*arguments)  # type: ignore[arg-type]

        writer = type("Interrupted", (segment.Writer,), {"append": interrupted})
        with monkeypatch.context() as patch:
            patch.setattr(merge, "Writer", writer)
            with pytest.raises(KeyboardInterrupt):
                fill(index, [3])
        assert index.status().segments == 4
        assert found(index).keys() > before.keys()
        left_over = len(list((index.path / "segments").iterdir()))
        assert left_over == 5
        fill(index, [4])
        assert index.status().segments == 2
        assert len(list((index.path / "segments").iterdir())) == 2

    def test_interrupted_at_the_commit(self, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(index, range(3))
        index.remove("s1")
        original, calls = SegmentRows.put, iter(range(100))

        def interrupted(rows: SegmentRows, record: SegmentRecord) -> None:
            original(rows, record)
            if next(calls) == 2:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(SegmentRows, "put", interrupted)
            with pytest.raises(KeyboardInterrupt):
                fill(index, [3, 4])
        # The old ones are there again.
        before = found(index)
        assert index.status().segments == len(before) == 4
        fill(index, [5])
        assert found(index).keys() > before.keys()


class TestReaders:
    def test_a_reader_keeps_what_it_has_open(self, index: Index) -> None:
        fill(index, range(3))
        with Index.open(index.path, read_only=True, embedder=WordEmbedder()) as reader:
            with reader.snapshot() as snapshot:
                fill(index, [3])
                assert index.status().segments == 1
                assert len(snapshot.search("Berge", k=50)) == 3
            assert len(found(reader)) == 4

    def test_a_segment_that_goes_before_it_is_opened(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The rows are read, a merge takes the files away, and only then they are opened."""
        fill(index, range(3))
        with Index.open(index.path, read_only=True, embedder=WordEmbedder()) as reader:
            original, calls = SegmentRows.all, iter(range(100))

            def late(rows: SegmentRows) -> list[SegmentRecord]:
                records = original(rows)
                if rows._connection._read_only and next(calls) == 0:
                    fill(index, [3])
                return records

            monkeypatch.setattr(SegmentRows, "all", late)
            assert len(found(reader)) == 4
            assert next(calls) == 2

    def test_what_did_not_change_is_not_opened_again(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(index, range(2))
        found(index)
        opened: list[str] = []
        original = segment.open_arrays

        def counted(folder: Path, record: SegmentRecord) -> object:
            opened.append(record.name)
            return original(folder, record)

        monkeypatch.setattr(segment, "open_arrays", counted)
        fill(index, [2])
        found(index)
        assert len(opened) == 1


def stored(index: Index) -> dict[str, np.ndarray]:
    """The arrays of the only segment."""
    (record,) = index._store.segments.all()
    arrays = segment.open_arrays(index.path / "segments", record)
    return {name: np.asarray(array) for name, array in arrays.items()}


class TestEarlierLayout:
    """An index of layout 3, whose sentences have vectors of 16 bits."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        golden = Path(__file__).parents[1] / "golden/index-3"
        return Path(shutil.copytree(golden, tmp_path / "index"))

    def test_no_room_to_bring_it_up_to_date(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both kinds of segments beside each other are read; the next change goes on."""
        with Index.open(folder, embedder=WordEmbedder()) as index:
            before = found(index)
            with monkeypatch.context() as full:
                full.setattr(segment.Writer, "finish", _refused(segment.Writer.finish, at=3))
                index.add_articles([article(1)])
            assert layouts(index) == [False, True, False]
            assert index._store.settings()["segments"] == "3"
            assert not index.verify().damage
            assert found(index).keys() >= before.keys()
            index.add_articles([article(2)])
            assert layouts(index) == [False] * 4
            assert index._store.settings()["segments"] == segment.LAYOUT
            assert not index.verify().damage
            assert found(index).keys() >= before.keys()

    def test_it_is_read_as_it_is(self, folder: Path) -> None:
        with Index.open(folder, embedder=WordEmbedder(), read_only=True) as index:
            assert not index.verify().damage
            assert layouts(index) == [True, True]

    @pytest.mark.parametrize("name", ["sentences", "vectors", "ids"])
    def test_it_is_repaired(self, folder: Path, name: str) -> None:
        path = min(folder.glob(f"segments/*/{name}.npy"))
        data = bytearray(path.read_bytes())
        data[-1] ^= 4
        path.write_bytes(data)
        with Index.open(folder, embedder=WordEmbedder()) as index:
            report = index.repair()
            assert report.damage
            assert not report.lost
            assert not index.verify().damage
            assert len(found(index)) == len(index.articles())


def layouts(index: Index) -> list[bool]:
    """Whether each segment is of layout 3."""
    return [merge.is_earlier(record) for record in index._store.segments.all()]
