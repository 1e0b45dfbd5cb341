"""The promises of the store, in a short form; make test-durability shows the whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from index.storage import segment
from tests.durability import (
    agree,
    children,
    crash,
    damage,
    faults,
    golden,
    power,
    readers,
    replaced,
    seeded,
    traced,
)
from tests.durability.bugs import BUGS
from tests.durability.check import open_index
from tests.durability.disk import Disk, Fate, Op
from tests.durability.layer import Layer
from tests.durability.outcome import Outcome, total

watched = pytest.mark.skipif(
    children.unavailable() is not None,
    reason=f"SQLite cannot be watched here: {children.unavailable()}",
)


def assert_kept(outcome: Outcome, at_least: int) -> None:
    assert not outcome.problems
    assert outcome.kept == outcome.cases >= at_least


@watched
def test_what_was_acknowledged_survives_kills() -> None:
    assert_kept(total(crash.run(seed, kills=7) for seed in range(3)), 20)


@watched
@pytest.mark.parametrize("kill", [0, 75])
def test_what_was_acknowledged_survives_power_loss(kill: int) -> None:
    assert_kept(power.run(0, steps=2, slices=17, kill=kill), 12)


@watched
def test_a_failing_operation_leaves_what_was_there() -> None:
    outcomes = []
    for merging, every in ((False, 23), (True, 61)):
        numbers = range(1, len(faults.operations(merging=merging)) + 1, every)
        outcomes += [
            faults.run(number, (faults.KINDS[i % 4],), merging=merging)
            for i, number in enumerate(numbers)
        ]
    assert_kept(total(outcomes), 14)


def test_damage_is_found_in_every_kind_of_file() -> None:
    assert len(damage.kinds()) > 10
    assert_kept(total(damage.run(kind, 20, 5) for kind in damage.kinds()), 250)


def test_readers_see_whole_commits() -> None:
    outcome = readers.run(0, commits=30)
    assert_kept(outcome, 30)
    assert outcome.counts["searches"] > 50


def test_a_second_writer_is_refused_within_a_second() -> None:
    assert_kept(readers.second_writer(), 1)


@pytest.mark.parametrize("how", replaced.HOW)
def test_a_record_that_is_replaced_while_it_is_open(how: str) -> None:
    cases = [case for case in replaced.CASES if case[0] == how]
    assert_kept(total(replaced.run(*case) for case in cases), len(cases))


def test_index_and_dict_agree() -> None:
    assert_kept(total(agree.run(seed, steps=20) for seed in range(3)), 60)


@watched
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    assert_kept(seeded.run(bug), 1)


@pytest.mark.parametrize("path", sorted(golden.FOLDER.glob("index-*")), ids=lambda p: str(p.name))
def test_an_old_index_opens_or_is_refused_clearly(path: Path) -> None:
    assert_kept(golden.run(path), 1)


def test_this_layout_has_a_golden_index() -> None:
    folder = golden.folder_of_this_layout()
    assert folder.is_dir(), f"for layout {segment.LAYOUT}: python -m tests.durability.golden"
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 200_000


# --- the instruments --------------------------------------------------------------------------------


@watched
def test_the_layer_sees_everything_that_is_written() -> None:
    """What the recorded operations make of an empty folder is what lies there, byte for byte."""
    assert children.call(_unseen_after_all_ways_to_write) == []


@watched
@pytest.mark.skipif(not traced.can_trace(), reason="strace is not there, or may not trace")
def test_the_layer_sees_what_the_system_sees() -> None:
    order, sizes = traced.by_layer()
    assert len(order) > 100
    assert (order, sizes) == traced.by_system()


def _unseen_after_all_ways_to_write() -> list[str]:
    import os
    import shutil

    import numpy as np

    from tests.durability.check import scratch

    with scratch() as root:
        layer = Layer(root)
        layer.install()
        (root / "folder").mkdir()
        (root / "folder/a").write_text("über")
        with (root / "folder/a").open("a") as stream:
            stream.write(" und über")
        with (root / "b").open("w+b") as binary:
            binary.write(bytes(100_000))
            binary.seek(50)
            binary.write(b"x")
            binary.truncate(70_000)
        shutil.copyfile(root / "b", root / "c")
        os.replace(root / "c", root / "folder/d")
        os.link(root / "folder/d", root / "e")
        (root / "b").unlink()
        np.save(root / "f.npy", np.arange(10_000))
        mapped = np.lib.format.open_memmap(root / "g.npy", "w+", np.int64, (1000,))
        mapped[:] = 7
        mapped.flush()
        with (root / "g.npy").open("r+b") as binary:
            os.fsync(binary.fileno())
        shutil.rmtree(root / "folder")
        connection = sqlite3.connect(root / "h.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t AS SELECT randomblob(9000) AS x")
        connection.close()
        kinds = {op.kind for op in layer.ops}
        missing = {"create", "write", "sync", "rename", "link", "unlink", "rmdir"} - kinds
        return [*layer.unseen(), *missing]


def test_the_disk_loses_what_was_not_synced(tmp_path: Path) -> None:
    disk = Disk()
    for op in (
        Op("create", "a"),
        Op("write", "a", 0, b"safe"),
        Op("sync", "a"),
        Op("syncdir", ""),
        Op("write", "a", 4, b" not"),
        Op("create", "b"),
        Op("write", "b", 0, b"nameless"),
        Op("sync", "b"),
    ):
        disk.apply(op)
    assert _image(disk, tmp_path / "1", "lost") == {"a": b"safe"}
    assert _image(disk, tmp_path / "2", "kept") == {"a": b"safe not", "b": b"nameless"}
    # A sync that failed has lost what it was to force, whatever a later one says.
    disk.apply(Op("sync", "a", error=5))
    disk.apply(Op("sync", "a"))
    disk.apply(Op("syncdir", ""))
    assert _image(disk, tmp_path / "3", "lost") == {"a": b"safe", "b": b"nameless"}
    assert disk.files()["a"] == b"safe not"


def _image(disk: Disk, folder: Path, fate: str) -> dict[str, bytes]:
    disk.write_image(folder, Fate(fate, 0))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_that_cannot_be_forced_is_an_error_of_ours(tmp_path: Path) -> None:
    from index import IndexFolderError

    with open_index(tmp_path / "index") as index:
        (tmp_path / "index/segments").write_text("in the way")
        with pytest.raises(IndexFolderError, match=r"segments.* cannot be written: "):
            index.add_articles(golden.ARTICLES)
        (tmp_path / "index/segments").unlink()
        index.add_articles(golden.ARTICLES)
        assert len(index.articles()) == len(golden.ARTICLES)
