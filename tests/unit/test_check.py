"""What a check of the whole index finds, and what a repair makes of it."""

from __future__ import annotations

import os
import random
import re
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index import Index, IndexDamagedError, IndexFolderError, IndexMismatchError, make_article
from index.maintenance.check import verify
from index.maintenance.repair import repair
from index.storage import segment
from index.storage.schema import FORMAT, TABLES
from index.storage.store import Store
from tests.fakes import WordEmbedder

WORDS = [
    "Haus",
    "Meer",
    "Berg",
    "Wald",
    "Stadt",
    "Brücke",
    "Schiff",
    "Zug",
    "Straße",
    "Fluss",
    "Garten",
    "Turm",
]


def text(seed: int, sentences: int = 12) -> str:
    chosen = random.Random(seed)
    return " ".join(
        f"{' '.join(chosen.choices(WORDS, k=8))} {chosen.randrange(10**6)}."
        for _ in range(sentences)
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with several segments, removals, a copy, a failure and files; to be read only."""
    folder = tmp_path_factory.mktemp("check")
    articles = folder / "articles"
    articles.mkdir()
    for n in range(20):
        (articles / f"{n}.txt").write_text(text(n), "utf-8")
    (articles / "bad.txt").write_bytes(b"")
    with Index.open(folder / "index", embedder=WordEmbedder()) as opened:
        opened.sync(articles)
        opened.add_articles(
            [
                make_article(
                    text(n),
                    source=f"https://x/{n}",
                    language="en",
                    title="Ein Titel",
                    authors=("A",),
                )
                for n in (1, 30, 31, 32)
            ]
        )
        opened.remove("https://x/31")
        (articles / "3.txt").write_text(text(3, 13), "utf-8")
        opened.sync(articles)
    return folder / "index"


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    copied = Path(shutil.copytree(sound, tmp_path / "index"))
    _without_log(copied)
    return copied


def _without_log(folder: Path) -> None:
    for suffix in ("-wal", "-shm"):
        (folder / f"articles.db{suffix}").unlink(missing_ok=True)


def _content(folder: Path) -> list[object]:
    with closing(Store(folder / "articles.db", read_only=True)) as store:
        tables = (*TABLES, "checks", "sqlite_sequence")
        return [store.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in tables]


def _flip(path: Path, position: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= bit
    path.write_bytes(data)


def _articles(folder: Path) -> set[str]:
    with Index.open(folder, embedder=WordEmbedder(), read_only=True) as opened:
        return {entry.article_id for entry in opened.articles()}


class TestVerify:
    def test_a_sound_index(self, folder: Path) -> None:
        report = verify(folder)
        assert report.damage == ()
        assert (report.articles, report.texts, report.segments) == (23, 22, 3)
        assert report.bytes > 0

    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(IndexFolderError, match="no index"):
            verify(tmp_path)

    def test_every_flip_of_the_record_that_changes_what_is_read(self, folder: Path) -> None:
        """1,000 flips on an index of this kind: 0 missed; here a sample of them."""
        path = folder / "articles.db"
        data, before = path.read_bytes(), _content(folder)
        chosen = random.Random(7)
        found = without_effect = 0
        for n in range(150):
            position = n % 100 if n < 30 else chosen.randrange(len(data))
            path.write_bytes(data)
            _without_log(folder)
            _flip(path, position, 1 << chosen.randrange(8))
            try:
                report = verify(folder)
            except IndexMismatchError:
                assert position in (62, 63), "the number of the format, as of a newer one"
                found += 1
                continue
            if report.damage:
                found += 1
                assert all("articles.db" in entry.where for entry in report.damage[:1])
            else:
                without_effect += 1
                assert _content(folder) == before, f"byte {position} was changed and not reported"
        assert found > 40, (found, without_effect)

    def test_every_flip_and_truncation_of_a_segment_s_files(self, folder: Path) -> None:
        chosen = random.Random(3)
        for path in sorted(folder.glob("segments/*/*.npy"))[:17]:
            data = path.read_bytes()
            for position in (0, 9, 12, chosen.randrange(len(data)), len(data) - 1, None):
                if position is None:
                    path.write_bytes(data[: len(data) // 2])
                else:
                    path.write_bytes(data)
                    _flip(path, position)
                where = {entry.where for entry in verify(folder).damage}
                assert f"segments/{path.parent.name}/{path.name}" in where
            path.unlink()
            assert "is missing" in {entry.problem for entry in verify(folder).damage}
            path.write_bytes(data)
        assert not verify(folder).damage

    @pytest.mark.parametrize(
        ("statement", "problem"),
        [
            ("DELETE FROM articles WHERE number = 5", "no article has this text"),
            ("UPDATE passages SET start = 100000 WHERE id = 2", "is not within its text"),
            ("UPDATE passages SET sentences = '[[5,4]]' WHERE id = 2", "or out of order"),
            ("UPDATE texts SET title = 'X' WHERE id = 2", "are not those of its text"),
            ("UPDATE texts SET text = text || '.' WHERE id = 2", "does not match its checksum"),
            ("DELETE FROM passages WHERE id = 2", "neither stored nor removed"),
            ("DELETE FROM removed", "neither stored nor removed"),
            ("INSERT INTO removed VALUES (2)", "both stored and removed"),
            ("DELETE FROM segments WHERE rowid = 1", "is in no segment"),
            (
                "UPDATE checks SET rows = rows + 1 WHERE name = 'failures'",
                "rows were stored|rows where",
            ),
            (
                "UPDATE checks SET total = total + 1 WHERE name = 'failures'",
                "sum of their checksums",
            ),
            (
                "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'passages'",
                "sum of their checksums",
            ),
            ("DROP INDEX articles_of_text", "not those of this format"),
            ("PRAGMA user_version = 0", "."),
        ],
    )
    def test_what_does_not_fit_together(self, folder: Path, statement: str, problem: str) -> None:
        with closing(Store(folder / "articles.db", read_only=False)) as store:
            store._connection.execute(statement)
        damage = verify(folder).damage
        assert any(re.search(problem, entry.problem) for entry in damage), damage

    def test_vectors_that_are_not_of_length_1(self, folder: Path) -> None:
        self._rewrite(folder, "vectors", lambda array: array * 2)
        assert any("has the length 2.0" in entry.problem for entry in verify(folder).damage)

    def test_postings_that_do_not_add_up(self, folder: Path) -> None:
        self._rewrite(folder, "lexical_counts", lambda array: array + 1)
        assert any("as its length says" in entry.problem for entry in verify(folder).damage)

    def _rewrite(self, folder: Path, name: str, change: object) -> None:
        """Write a wrong array with a right checksum, as a defect of the program would."""
        with closing(Store(folder / "articles.db", read_only=False)) as store:
            record = store.segments.all()[0]
            arrays = {
                key: np.array(array)
                for key, array in segment.open_arrays(folder / "segments", record).items()
            }
            arrays[name] = change(arrays[name]).astype(arrays[name].dtype)  # type: ignore[operator]
            with store.atomic():
                store.segments.delete(record.name)
                store.segments.put(segment.write(folder / "segments", arrays))


class TestRepair:
    def test_a_sound_index_is_left_alone(self, folder: Path) -> None:
        before = {path: path.read_bytes() for path in folder.rglob("*.npy")}
        report = repair(folder, WordEmbedder())
        assert (report.damage, report.lost, report.kept) == ((), (), None)
        assert {path: path.read_bytes() for path in folder.rglob("*.npy")} == before

    @pytest.mark.parametrize("name", ["ids", "lexical_blob", "language_sums", "lexical_rows"])
    def test_what_follows_from_the_rest_is_made_again(self, folder: Path, name: str) -> None:
        before = self._answers(folder)
        path = next(folder.glob(f"segments/*/{name}.npy"))
        path.unlink() if name == "lexical_rows" else _flip(path, -1)
        report = repair(folder, WordEmbedder())
        assert report.damage
        assert not report.lost
        assert report.segments == 1
        # Without the ids no vector can be found again; otherwise all can.
        assert report.embedded <= (report.passages if name == "ids" else 0)
        assert self._answers(folder) == pytest.approx(before, abs=0.1)

    def test_only_the_damaged_vectors_are_embedded_again(self, folder: Path) -> None:
        before = self._answers(folder)
        path = min(folder.glob("segments/*/vectors.npy"))
        _flip(path, -1)
        report = repair(folder, WordEmbedder())
        assert report.embedded == 1
        assert report.passages > 5
        assert self._answers(folder) == pytest.approx(before, abs=0.1)

    def test_all_segments_gone(self, folder: Path) -> None:
        before = self._answers(folder)
        shutil.rmtree(folder / "segments")
        report = repair(folder, WordEmbedder())
        assert report.embedded == report.passages > 20
        assert self._answers(folder) == pytest.approx(before, abs=0.1)

    def test_several_segments_keep_the_order_of_ids(self, folder: Path) -> None:
        first, _, last = sorted((folder / "segments").iterdir())
        _flip(first / "ids.npy", -1)
        _flip(last / "ids.npy", -1)
        assert repair(folder, WordEmbedder()).segments == 2
        with closing(Store(folder / "articles.db", read_only=True)) as store:
            held = [
                segment.open_array(folder / "segments", record, "ids")
                for record in store.segments.all()
            ]
        assert (np.diff(np.concatenate(held)) > 0).all()

    @pytest.mark.parametrize(
        ("statement", "lost"),
        [
            ("UPDATE articles SET title = 'X' WHERE number = 2", 2),  # and its text
            ("UPDATE texts SET text = 'X' WHERE id = 2", 2),  # two articles have it
            ("UPDATE passages SET start = start + 1 WHERE id = 2", 0),
            ("UPDATE segments SET passages = 1 WHERE rowid = 1", 0),
            ("UPDATE settings SET value = '' WHERE name = 'dimension'", 0),
            ("UPDATE files SET sha256 = 'x' WHERE rowid = 1", 0),
            ("UPDATE checks SET rows = 5", 0),
        ],
    )
    def test_damaged_records_are_named(self, folder: Path, statement: str, lost: int) -> None:
        before = _articles(folder)
        self._change_behind_the_checksums(folder, statement)
        assert verify(folder).damage
        report = repair(folder, WordEmbedder())
        assert not verify(folder).damage
        assert report.kept
        assert Path(report.kept).is_file()
        gone = before - _articles(folder)
        named = " ".join(report.lost)
        assert all(name in named for name in gone)
        assert (len(gone) > 0) == (lost > 0) == bool(report.lost)
        if "segments" in statement:
            assert report.embedded == 0, "the vectors of a segment without a row are of use"

    def test_the_header_of_the_record(self, folder: Path) -> None:
        before = _articles(folder)
        _without_log(folder)
        _flip(folder / "articles.db", 3)
        assert verify(folder).damage
        assert not repair(folder, WordEmbedder()).lost
        assert _articles(folder) == before

    @pytest.mark.parametrize("version", [FORMAT + 1, 99])
    def test_a_newer_format_is_refused_and_left_alone(self, folder: Path, version: int) -> None:
        with closing(Store(folder / "articles.db", read_only=False)) as store:
            store._connection.execute("CREATE TABLE news (x)")
            store._connection.execute("INSERT INTO news VALUES (1)")
            store._connection.execute(f"PRAGMA user_version = {version}")
        before = (folder / "articles.db").read_bytes()
        for action in (verify, lambda folder: repair(folder, WordEmbedder())):
            with pytest.raises(IndexMismatchError, match=rf"{version}.*pip install --upgrade"):
                action(folder)
        assert (folder / "articles.db").read_bytes() == before
        assert not list(folder.glob("articles.db.*"))

    def test_a_newer_layout_is_refused_and_left_alone(self, folder: Path) -> None:
        with closing(Store(folder / "articles.db", read_only=False)) as store, store.atomic():
            store.put_settings({"segments": str(int(segment.LAYOUT) + 1)})
        next(folder.glob("segments/*/ids.npy")).unlink()
        for action in (verify, lambda folder: repair(folder, WordEmbedder())):
            with pytest.raises(IndexMismatchError, match=r"layout.*pip install --upgrade"):
                action(folder)

    @pytest.mark.parametrize("end", [-1, -4_096, -12_512, -40_000])
    def test_a_record_that_was_cut_off(self, folder: Path, end: int) -> None:
        """What can be read is kept, what cannot is named, and nothing is left over."""
        path = folder / "articles.db"
        before = _articles(folder)
        os.truncate(path, path.stat().st_size + end)
        assert verify(folder).damage
        report = repair(folder, WordEmbedder())
        assert not verify(folder).damage
        after = _articles(folder)
        assert after <= before
        assert after
        assert bool(report.lost) == (after < before)
        assert not list(folder.glob("articles.db.new*"))

    def test_a_record_that_lost_nothing_but_zeros_was_cut_off_too(self, folder: Path) -> None:
        path = folder / "articles.db"
        before = _articles(folder)
        os.truncate(path, path.stat().st_size + 7)
        assert [entry.where for entry in verify(folder).damage] == ["articles.db"]
        assert not repair(folder, WordEmbedder()).lost
        assert not verify(folder).damage
        assert _articles(folder) == before

    @pytest.mark.parametrize("end", [0, 99, 4_096, 20_000])
    def test_a_record_of_which_too_little_is_left(self, folder: Path, end: int) -> None:
        os.truncate(folder / "articles.db", end)
        before = sorted(folder.rglob("*.npy"))
        with pytest.raises(IndexDamagedError, match="qa restore"):
            repair(folder, WordEmbedder())
        assert sorted(folder.rglob("*.npy")) == before
        assert not list(folder.glob("articles.db.*"))

    def test_rows_behind_a_page_that_cannot_be_read(self, tmp_path: Path) -> None:
        """Those between are found one by one, whichever page of the texts is lost."""
        with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
            opened.add_articles(
                make_article(text(n, 60), source=f"https://{n}", language="de") for n in range(40)
            )
        _without_log(tmp_path / "index")
        path = tmp_path / "index/articles.db"
        data = bytearray(path.read_bytes())
        wanted = [text(n, 60)[:40].encode("utf-8") for n in (7, 25)]
        for place in (data.index(words) for words in wanted):
            page = place // 4096 * 4096
            data[page : page + 4096] = bytes(4096)
        path.write_bytes(data)
        report = repair(tmp_path / "index", WordEmbedder())
        assert not verify(tmp_path / "index").damage
        assert len(_articles(tmp_path / "index")) >= 30
        assert report.lost

    def test_after_it_the_index_goes_on(self, folder: Path) -> None:
        self._change_behind_the_checksums(folder, "UPDATE texts SET text = 'X' WHERE id = 2")
        repair(folder, WordEmbedder())
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            opened.add_articles([make_article(text(50), source="https://new", language="de")])
            opened.remove("https://new")
            opened.add_articles([make_article(text(51), source="https://new", language="de")])
        assert not verify(folder).damage

    def test_no_record_is_refused(self, folder: Path) -> None:
        (folder / "articles.db").unlink()
        with pytest.raises(IndexFolderError, match="qa restore"):
            repair(folder, WordEmbedder())

    def test_random_damage_never_loses_silently(self, sound: Path, tmp_path: Path) -> None:
        chosen = random.Random(11)
        before = _articles(sound)
        for n in range(12):
            folder = Path(shutil.copytree(sound, tmp_path / str(n)))
            _without_log(folder)
            path = folder / "articles.db"
            _flip(path, chosen.randrange(100, path.stat().st_size), 1 << chosen.randrange(8))
            if not verify(folder).damage:
                continue
            try:
                report = repair(folder, WordEmbedder())
            except IndexDamagedError:
                continue
            if before - _articles(folder):
                assert report.lost
            assert not verify(folder).damage

    def _answers(self, folder: Path) -> dict[tuple[str, str, int], float]:
        """What is found, and how well: removed passages have still a part in the centres."""
        with Index.open(folder, embedder=WordEmbedder(), read_only=True) as opened:
            return {
                (question, hit.passage.article.id, hit.passage.start): hit.score
                for question in ("Brücke Schiff", "Garten Turm Wald")
                for hit in opened.search(question, k=100)
            }

    def _change_behind_the_checksums(self, folder: Path, statement: str) -> None:
        """As damage does: the row changes, the sums and checks do not."""
        with closing(Store(folder / "articles.db", read_only=False)) as store:
            store._connection.create_function("row_check", -1, lambda *_: 12345)
            for table in TABLES:
                for event in ("insert", "update", "delete"):
                    store._connection.execute(f"DROP TRIGGER {table}_{event}")
            store._connection.execute(statement)
