"""Segment files: written once, checked when they are opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index import IndexDamagedError
from index.digest import sha256_of
from index.storage import segment

ARRAYS: segment.Arrays = {
    "ids": np.arange(5, 9, dtype=np.int64),
    "vectors": np.linspace(0, 1, 12, dtype=np.float16).reshape(4, 3),
    "none": np.zeros(0, dtype=np.int32),
}


@pytest.fixture
def written(tmp_path: Path) -> segment.SegmentRecord:
    return segment.write(tmp_path / "segments", ARRAYS)


def test_arrays_come_back(tmp_path: Path, written: segment.SegmentRecord) -> None:
    opened = segment.open_arrays(tmp_path / "segments", written)
    assert opened.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert opened[name].dtype == array.dtype
        assert np.array_equal(opened[name], array)
    assert written.passages == 4
    assert segment.damage(tmp_path / "segments", written) == []


def test_opened_arrays_cannot_be_written(tmp_path: Path, written: segment.SegmentRecord) -> None:
    vectors = segment.open_arrays(tmp_path / "segments", written)["vectors"]
    with pytest.raises(ValueError, match="read-only"):
        vectors[0, 0] = 3


def test_names_sort_in_order_of_writing(tmp_path: Path) -> None:
    names = [
        segment.write(tmp_path, {"ids": np.array([first])}).name for first in (1, 9, 10, 1234567)
    ]
    assert names == sorted(names)


@pytest.mark.parametrize("name", [f"{name}.npy" for name in ARRAYS])
@pytest.mark.parametrize("place", [0, 7, 20, -1])
def test_one_flipped_bit(
    tmp_path: Path, written: segment.SegmentRecord, name: str, place: int
) -> None:
    path = tmp_path / "segments" / written.name / name
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    assert_damaged(tmp_path, written, path)


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_truncated(tmp_path: Path, written: segment.SegmentRecord, kept: int) -> None:
    path = tmp_path / "segments" / written.name / "vectors.npy"
    path.write_bytes(path.read_bytes()[:kept])
    assert_damaged(tmp_path, written, path)


def test_grown(tmp_path: Path, written: segment.SegmentRecord) -> None:
    path = tmp_path / "segments" / written.name / "ids.npy"
    path.write_bytes(path.read_bytes() + b"\0")
    assert_damaged(tmp_path, written, path)


def test_missing(tmp_path: Path, written: segment.SegmentRecord) -> None:
    path = tmp_path / "segments" / written.name / "ids.npy"
    path.unlink()
    assert_damaged(tmp_path, written, path)


def test_large_files_are_checked_in_full_on_demand(tmp_path: Path) -> None:
    large = {"ids": np.arange(segment.CHECKED_AT_OPEN // 8 + 1)}
    written = segment.write(tmp_path / "segments", large)
    path = tmp_path / "segments" / written.name / "ids.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 4
    path.write_bytes(data)
    segment.open_arrays(tmp_path / "segments", written)
    assert segment.damage(tmp_path / "segments", written) == [
        segment.FileDamage(path, "does not match its checksum")
    ]


@pytest.mark.parametrize("place", [0, 7, 60, 127])
def test_the_header_of_a_large_file_is_compared_before_it_is_mapped(
    tmp_path: Path, place: int
) -> None:
    large = {"ids": np.arange(segment.CHECKED_AT_OPEN // 8 + 1)}
    written = segment.write(tmp_path / "segments", large)
    path = tmp_path / "segments" / written.name / "ids.npy"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"The header of .*ids\.npy is not the recorded"):
        segment.open_arrays(tmp_path / "segments", written)


def assert_damaged(tmp_path: Path, written: segment.SegmentRecord, path: Path) -> None:
    with pytest.raises(IndexDamagedError) as error:
        segment.open_arrays(tmp_path / "segments", written)
    assert str(path) in str(error.value)
    assert "backup" in str(error.value)
    assert [found.path for found in segment.damage(tmp_path / "segments", written)] == [path]


def test_pickles_are_refused(tmp_path: Path, written: segment.SegmentRecord) -> None:
    """Even where somebody has made the recorded checksum fit."""
    path = tmp_path / "segments" / written.name / "ids.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    files = {"ids.npy": segment.FileRecord(path.stat().st_size, sha256_of(path))}
    forged = segment.SegmentRecord(written.name, 1, files)
    with pytest.raises(IndexDamagedError, match="not an array file"):
        segment.open_arrays(tmp_path / "segments", forged)


class TestLeftOvers:
    def test_unknown_segments_go_and_known_ones_stay(
        self, tmp_path: Path, written: segment.SegmentRecord
    ) -> None:
        folder = tmp_path / "segments"
        other = segment.write(folder, ARRAYS)
        (folder / "half-written").mkdir()
        gone = segment.remove_leftovers(folder, {written.name})
        assert sorted(gone) == sorted([other.name, "half-written"])
        assert [entry.name for entry in folder.iterdir()] == [written.name]

    def test_files_that_are_no_segments_are_left_alone(
        self, tmp_path: Path, written: segment.SegmentRecord
    ) -> None:
        """Such as the .DS_Store of a file manager, or a link to somewhere else."""
        folder, elsewhere = tmp_path / "segments", tmp_path / "elsewhere"
        (folder / ".DS_Store").write_bytes(b"x")
        elsewhere.mkdir()
        (folder / "link").symlink_to(elsewhere, target_is_directory=True)
        assert segment.remove_leftovers(folder, {written.name}) == []
        assert (folder / ".DS_Store").is_file()
        assert elsewhere.is_dir()

    def test_no_folder_yet(self, tmp_path: Path) -> None:
        assert segment.remove_leftovers(tmp_path / "segments", set()) == []
