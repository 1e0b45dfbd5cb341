"""The index as a caller sees it: what goes in, what is found, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import index.storage.segment_rows
from index import (
    Article,
    ArticleNotFoundError,
    Failure,
    Filters,
    Index,
    IndexBusyError,
    IndexConfig,
    IndexDamagedError,
    IndexFolderError,
    IndexMismatchError,
    Progress,
    UsageError,
    default_path,
    make_article,
)
from index.indexing.writer import ARTICLES_PER_COMMIT
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]

SEA = "Das Meer ist tief. Im Meer leben Wale und Delfine."
ALPS = "Die Alpen sind hoch. Auf den Gipfeln liegt Schnee."
RAIL = "Die Bahn kommt spät. Am Gleis warten viele Reisende."


def open_index(folder: Path, **options: object) -> Index:
    options = {"embedder": WordEmbedder(), **options}
    return Index.open(folder, **options)  # type: ignore[arg-type]


def article(name: str, text: str, **details: object) -> Article:
    details = {"language": "de", **details}
    return make_article(text, source=f"https://{name}", **details)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def empty(folder: Path) -> Iterator[Index]:
    with open_index(folder) as opened:
        yield opened


def found(opened: Index, query: str, **options: object) -> list[str]:
    """The sources of the hits without "https://", best first."""
    hits = opened.search(query, **options)  # type: ignore[arg-type]
    return [hit.passage.article.source.removeprefix("https://") for hit in hits]


class TestAdding:
    def test_report_and_status(self, empty: Index) -> None:
        report = empty.add_articles([article("sea", SEA), Failure("bad", "why")])
        assert report.added == (article("sea", SEA).id,)
        assert report.failed == (Failure("bad", "why"),)
        assert report.passages == 1
        status = empty.status()
        assert (status.articles, status.texts, status.passages, status.segments) == (1, 1, 1, 1)
        assert status.languages == {"de": 1}
        assert (status.model, status.dimension) == ("words", 48)
        assert status.bytes > 0

    def test_same_again_is_unchanged(self, empty: Index) -> None:
        first = article("sea", SEA, fetched=datetime(2024, 1, 1, tzinfo=UTC))
        again = article("sea", SEA, fetched=datetime(2025, 1, 1, tzinfo=UTC))
        empty.add_articles([first])
        report = empty.add_articles([again])
        assert report.unchanged == (first.id,)
        assert (report.added, report.updated, report.copies, report.passages) == ((), (), (), 0)
        assert empty.status().segments == 1
        assert len(list((empty.path / "segments").iterdir())) == 1

    def test_changed_text_is_an_update(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("rail", RAIL)])
        report = empty.add_articles([article("sea", ALPS)])
        assert report.updated == (article("sea", ALPS).id,)
        assert empty.article("https://sea").text == ALPS
        assert empty.status().articles == 2
        assert found(empty, "Schnee Gipfel")[0] == "sea"
        assert all(hit.passage.text != SEA for hit in empty.search("Meer Wale Delfine"))

    def test_changed_title_alone_is_an_update(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA, title="Ozean"), article("rail", RAIL)])
        report = empty.add_articles([article("sea", SEA, title="Tiefsee")])
        assert report.updated == (article("sea", SEA).id,)
        assert empty.article("https://sea").title == "Tiefsee"
        assert empty.status().articles == 2

    def test_passages_are_found_by_a_changed_title(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA, title="Ozean"), article("rail", RAIL)])
        empty.add_articles([article("sea", SEA, title="Seekrankheit")])
        assert [hit.lexical is not None for hit in empty.search("Seekrankheit")] == [True, False]
        assert all(hit.lexical is None for hit in empty.search("Ozean"))

    @pytest.mark.parametrize("field", ["title", "publisher", "language", "authors", "source"])
    def test_an_article_that_cannot_be_stored_is_refused_alone(
        self, empty: Index, field: str
    ) -> None:
        changed: dict[str, Any] = {field: ("\ud800",) if field == "authors" else "\ud800"}
        bad = replace(article("bad", RAIL), **changed)
        odd = Failure("file:///\ud800", "not found \udcff")
        report = empty.add_articles([article("sea", SEA), bad, odd, article("alps", ALPS)])
        assert len(report.added) == 2
        refused, other = report.failed
        assert refused.source == ("\\ud800" if field == "source" else "https://bad")
        assert f"the {field} holds half of a surrogate pair" in refused.reason
        assert other == Failure("file:///\\ud800", "not found \\udcff")
        assert set(empty.status().failures) == {refused, other}

    def test_of_a_source_twice_in_a_batch_the_later_counts(self, empty: Index) -> None:
        report = empty.add_articles([article("sea", SEA), article("sea", ALPS)])
        assert len(report.added) == 1
        assert empty.article("https://sea").text == ALPS
        assert empty.status().passages == 1

    def test_a_text_from_two_sources_is_stored_once(self, empty: Index) -> None:
        report = empty.add_articles(
            [article("sea", SEA, published=date(2024, 1, 2)), article("rail", RAIL)]
        )
        copy = article("copy", SEA, published=date(2024, 1, 1))
        report = empty.add_articles([copy])
        assert report.copies == (copy.id,)
        assert report.passages == 0
        assert empty.status().texts == 2
        hit = empty.search("Wale im Meer")[0]
        # The one published first is named, the other beside it.
        assert hit.passage.article == copy
        assert [a.source for a in hit.also_in] == ["https://sea"]

    def test_copies_within_a_batch(self, empty: Index) -> None:
        report = empty.add_articles([article("sea", SEA), article("copy", SEA)])
        assert (len(report.added), len(report.copies)) == (1, 1)
        assert [summary.copy for summary in empty.articles()] == [False, True]

    def test_a_copy_outlives_the_first_source(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("copy", SEA), article("rail", RAIL)])
        empty.remove(["https://sea"])
        hit = empty.search("Wale im Meer")[0]
        assert hit.passage.article.source == "https://copy"
        assert hit.also_in == ()
        assert not empty.articles()[0].copy

    def test_a_text_moves_to_another_source_in_one_batch(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA)])
        empty.add_articles([article("sea", ALPS), article("new", SEA)])
        assert found(empty, "Wale im Meer")[0] == "new"
        assert found(empty, "Schnee Gipfel")[0] == "sea"

    def test_removed_and_added_again(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA)])
        empty.remove(["https://sea"])
        assert empty.add_articles([article("sea", SEA)]).added
        assert found(empty, "Meer") == ["sea"]

    def test_nothing_to_add(self, empty: Index) -> None:
        report = empty.add_articles([])
        assert (report.added, report.failed) == ((), ())
        assert empty.status().segments == 0

    @pytest.mark.parametrize("text", ["", " \n", "***", "Foto: dpa", "漢字", "a\0b"])
    def test_texts_with_little_in_them(self, empty: Index, text: str) -> None:
        empty.add_articles([article("odd", text), article("sea", SEA)])
        assert empty.article("https://odd").text == text
        assert found(empty, "Wale im Meer")[0] == "sea"

    def test_progress(self, empty: Index) -> None:
        told: list[Progress] = []
        empty.add_articles(
            (article(f"a{n}", f"Satz {n}.") for n in range(ARTICLES_PER_COMMIT + 1)),
            total=ARTICLES_PER_COMMIT + 1,
            progress=told.append,
        )
        assert (told[-1].articles, told[-1].total) == (65, 65)
        assert told[-1].passages == 65
        assert [p.articles for p in told] == sorted(p.articles for p in told)

    def test_searching_while_adding_sees_each_commit(self, empty: Index) -> None:
        """A callback runs after the commit, when what was read before it is old."""
        empty.add_articles([article("sea", SEA)])
        assert found(empty, "Meer Wale Schnee") == ["sea"]
        texts = []
        empty.add_articles(
            [article("sea", ALPS)],
            progress=lambda done: texts.append(empty.search("Meer Wale Schnee")[0].passage.text),
        )
        assert texts[-1] == ALPS

    @pytest.mark.parametrize("as_given", [str, Path], ids=["str", "Path"])
    def test_one_source_needs_no_list(
        self, empty: Index, tmp_path: Path, as_given: type[str] | type[Path]
    ) -> None:
        """A string is a sequence too: read letter by letter it would name "/", and all below."""
        file = tmp_path / "sea.txt"
        file.write_text(SEA, "utf-8")
        report = empty.add(as_given(file))
        assert (len(report.added), report.failed) == (1, ())
        assert empty.remove(report.added[0]) == report.added


class TestFailures:
    def test_listed_until_it_succeeds(self, empty: Index) -> None:
        empty.add_articles([Failure("https://sea", "no text")])
        assert empty.status().failures == (Failure("https://sea", "no text"),)
        empty.add_articles([article("rail", RAIL)])
        assert len(empty.status().failures) == 1
        empty.add_articles([article("sea", SEA)])
        assert empty.status().failures == ()

    def test_a_file_that_appears(self, empty: Index, tmp_path: Path) -> None:
        path = tmp_path / "später.txt"
        assert empty.add([path]).failed[0].source == path.as_uri()
        path.write_text(SEA, "utf-8")
        assert empty.add([path]).failed == ()
        assert empty.status().failures == ()

    def test_a_page_whose_article_has_another_address(self, empty: Index, tmp_path: Path) -> None:
        path = tmp_path / "page.html"
        path.write_text("", "utf-8")
        assert empty.add([path]).failed
        path.write_text(
            f"""<html lang="de"><head><title>Das Meer</title>
            <link rel="canonical" href="https://zeitung.example/meer"></head>
            <body><article><h1>Das Meer</h1>{f"<p>{SEA} {ALPS} {RAIL}</p>" * 3}</article></body>
            </html>""",
            "utf-8",
        )
        report = empty.add([path])
        assert report.failed == ()
        assert empty.article(report.added[0]).source == "https://zeitung.example/meer"
        assert empty.status().failures == ()

    def test_a_line_of_a_table(self, empty: Index, tmp_path: Path) -> None:
        path = tmp_path / "many.jsonl"
        good = '{"text": "%s"}'
        path.write_text(f"{good % SEA}\nbroken\nbroken too\n", "utf-8")
        assert len(empty.add([path]).failed) == 2
        path.write_text(f"{good % SEA}\n{good % ALPS}\nbroken too\n", "utf-8")
        assert len(empty.add([path]).failed) == 1
        assert [f.source for f in empty.status().failures] == [f"{path.as_uri()}:3"]


class TestInterruption:
    def test_committed_batches_stay(self, folder: Path) -> None:
        def articles() -> Iterator[Article]:
            for number in range(ARTICLES_PER_COMMIT + 10):
                yield article(f"a{number}", f"Satz Nummer {number}.")
            raise KeyboardInterrupt

        with open_index(folder) as opened:
            with pytest.raises(KeyboardInterrupt):
                opened.add_articles(articles())
            assert opened.status().articles == ARTICLES_PER_COMMIT
            assert opened.status().segments == 1
            # The lock is free again.
            opened.add_articles([article("sea", SEA)])
            assert found(opened, "Wale im Meer", k=1) == ["sea"]

    def test_left_over_segments_go_with_the_next_writer(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full_disk(rows: object, record: object) -> None:
            raise OSError(28, "No space left on device")

        with open_index(folder) as opened:
            opened.add_articles([article("sea", SEA)])
            with monkeypatch.context() as patch:
                patch.setattr(index.storage.segment_rows.SegmentRows, "put", full_disk)
                with pytest.raises(OSError, match="No space"):
                    opened.add_articles([article("rail", RAIL)])
            assert len(list((folder / "segments").iterdir())) == 2
            assert found(opened, "Bahn Gleis") == ["sea"]
        with open_index(folder) as opened:
            assert opened.status().articles == 1
            opened.add_articles([article("rail", RAIL)])
            assert len(list((folder / "segments").iterdir())) == opened.status().segments == 2
            assert found(opened, "Bahn Gleis")[0] == "rail"


class TestRemoving:
    @pytest.fixture(autouse=True)
    def _articles(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS), article("rail", RAIL)])

    def test_by_id_beginning_and_source(self, empty: Index) -> None:
        sea, alps = article("sea", SEA).id, article("alps", ALPS).id
        assert empty.remove([sea, sea[:8], "https://alps"]) == (sea, alps)
        assert [summary.source for summary in empty.articles()] == ["https://rail"]
        assert found(empty, "Meer Alpen Wale Schnee") == ["rail"]
        status = empty.status()
        assert (status.articles, status.texts, status.passages) == (1, 1, 1)

    def test_removes_none_where_one_is_unknown(self, empty: Index) -> None:
        with pytest.raises(ArticleNotFoundError, match="'nope'"):
            empty.remove(["https://sea", "nope"])
        assert empty.status().articles == 3

    @pytest.mark.parametrize("name", ["", "nope", "%", "https://", "zzzz"])
    def test_unknown_article(self, empty: Index, name: str) -> None:
        with pytest.raises(ArticleNotFoundError, match="qa list"):
            empty.article(name)

    def test_ambiguous_beginning(self, empty: Index) -> None:
        empty.add_articles([article(f"n{n}", f"Satz {n}.") for n in range(20)])
        # Of 23 articles two begin with the same of 16 digits.
        first, _ = Counter(summary.article_id[0] for summary in empty.articles()).most_common(1)[0]
        with pytest.raises(ArticleNotFoundError, match=r"fits \d+ articles.*more of the id"):
            empty.article(first)


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "a/b\ud800.txt", "a" * 5_000])
def test_a_name_that_nothing_can_have_names_nothing(empty: Index, name: str) -> None:
    empty.add_articles([article("sea", SEA), Failure("https://gone", "not found")])
    for use in (empty.article, empty.remove, empty.forget):
        with pytest.raises(ArticleNotFoundError):
            use(name)


def test_what_came_from_a_file_is_named_by_its_path(empty: Index, tmp_path: Path) -> None:
    path = tmp_path / "Meer ü.txt"
    path.write_text(SEA, "utf-8")
    empty.add([path, tmp_path / "fehlt.txt"])
    assert empty.article(str(path)).text == SEA
    assert empty.article(path.as_uri()).text == SEA
    assert empty.forget(str(tmp_path / "fehlt.txt")) == ((tmp_path / "fehlt.txt").as_uri(),)
    path.unlink()
    assert len(empty.remove(str(path))) == 1


class TestSearching:
    def test_ranks_scores_and_legs(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS), article("rail", RAIL)])
        hits = empty.search("Wale im Meer")
        assert [hit.rank for hit in hits] == [1, 2, 3]
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[0].passage.article.source == "https://sea"
        assert hits[0].dense is not None
        assert hits[0].dense.rank == 1
        assert hits[0].lexical is not None
        assert hits[0].lexical.rank == 1
        assert hits[-1].lexical is None

    @pytest.mark.parametrize("k", [1, 2, 3, 500])
    def test_k(self, empty: Index, k: int) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS), article("rail", RAIL)])
        assert len(empty.search("Meer", k=k)) == min(k, 3)

    @pytest.mark.parametrize("k", [0, -1])
    def test_k_below_one_is_refused(self, empty: Index, k: int) -> None:
        with pytest.raises(UsageError, match="k is"):
            empty.search("Meer", k=k)

    def test_empty_index(self, empty: Index) -> None:
        assert empty.search("Meer") == []
        assert empty.articles() == []
        with empty.snapshot() as snapshot:
            assert snapshot.idf(["meer"])["meer"] > 0.0
            assert snapshot.sentence_cosines([], np.zeros((1, 48), np.float32)) == []

    def test_everything_removed(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA)])
        empty.remove(["https://sea"])
        assert empty.search("Meer") == []

    @pytest.mark.parametrize(
        "query",
        [
            "",
            " ",
            '"',
            "AND",
            "NEAR(",
            "C++",
            "' OR 1=1--",
            "(a+)+$",
            "\0",
            "👩‍👩‍👧",
            "Meer " * 5000,
        ],
    )
    def test_any_text_is_a_query(self, empty: Index, query: str) -> None:
        empty.add_articles([article("sea", SEA), article("cpp", "Wer C++ kann, kann auch C.")])
        assert len(empty.search(query)) == 2

    def test_titles_are_searched(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA, title="Zoologie"), article("rail", RAIL)])
        hit = empty.search("Zoologie")[0]
        assert hit.passage.article.source == "https://sea"
        assert hit.passage.text == SEA

    def test_sentence_cosines(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS)])
        hits = empty.search("Meer")
        queries = empty.embed_queries(["Meer", "Berge"])
        with empty.snapshot() as snapshot:
            found = snapshot.sentence_cosines([hit.passage for hit in hits], queries)
        for hit, cosines in zip(hits, found, strict=True):
            texts = [span.of(hit.passage.article.text) for span in hit.passage.sentences]
            expected = queries @ WordEmbedder().embed_passages(texts).T
            assert cosines == pytest.approx(expected, abs=5e-3)
            assert hit.best_sentence == pytest.approx(float(cosines[0].max()), abs=1e-6)

    def test_sentence_cosines_of_a_passage_that_is_gone(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS)])
        passage = next(h.passage for h in empty.search("Meer") if h.passage.text == SEA)
        queries = empty.embed_queries(["Meer"])
        gone = replace(passage, id=10_000)
        with empty.snapshot() as snapshot:
            before, after = snapshot.sentence_cosines([passage, gone], queries)
        assert after == pytest.approx(before, abs=1e-3)

    def test_rarity_counts_live_passages(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS), article("rail", RAIL)])
        with empty.snapshot() as snapshot:
            before = snapshot.idf(["meer"])["meer"]
            empty.remove(["https://sea"])
            assert snapshot.idf(["meer"])["meer"] == before
        with empty.snapshot() as snapshot:
            assert snapshot.idf(["meer"])["meer"] > before

    def test_a_snapshot_stays_what_it_was(self, empty: Index) -> None:
        """An answer takes several steps; what another thread does between them is not seen."""
        empty.add_articles([article("sea", SEA), article("alps", ALPS)])
        with empty.snapshot() as snapshot:
            first = snapshot.search("Meer Alpen")
            queries = snapshot.embed_queries(["Meer"])
            cosines = snapshot.sentence_cosines([hit.passage for hit in first], queries)
            empty.remove(["https://sea", "https://alps"])
            empty.add_articles([article("rail", RAIL)])
            assert snapshot.search("Meer Alpen") == first
            again = snapshot.sentence_cosines([hit.passage for hit in first], queries)
            assert [c.tolist() for c in again] == [c.tolist() for c in cosines]
            assert snapshot.search("Gleis", filters=Filters(sources=("rail",))) == []
            assert found(empty, "Meer Alpen Gleis") == ["rail"]
        assert found(empty, "Meer Alpen Gleis") == ["rail"]

    def test_a_snapshot_ends_in_another_thread(self, empty: Index) -> None:
        """Whoever serves several people may begin, read and end in different threads."""
        empty.add_articles([article("sea", SEA)])
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            snapshot = pool.submit(stack.enter_context, empty.snapshot()).result()
            assert len(pool.submit(snapshot.search, "Meer").result()) == 1
            assert len(snapshot.search("Meer")) == 1

    def test_a_closed_index_says_so(self, empty: Index) -> None:
        empty.close()
        with pytest.raises(UsageError, match="was closed"):
            empty.search("Meer")

    def test_from_several_threads(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("alps", ALPS)])
        errors: list[BaseException] = []
        stop = threading.Event()

        def search() -> None:
            try:
                while not stop.is_set():
                    for hit in empty.search("Meer Alpen Gleis"):
                        assert hit.passage.text in (SEA, ALPS, RAIL)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            empty.add_articles([article("rail", RAIL)])
            empty.remove(["https://rail"])
        stop.set()
        for thread in threads:
            thread.join()
        assert errors == []


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    crowd = [
        article(
            f"crowd.de/{n}",
            f"Wale, Wale, Wale im Meer Nummer {n}.",
            published=date(2024, 6, 1),
        )
        for n in range(30)
    ]
    wanted = make_article(
        "Whales once. And much else about hills, rails, snow and trees (Meer).",
        source="https://wanted.com/x",
        language="en",
        published=date(2020, 1, 1),
    )
    config = IndexConfig(candidates=5)
    with open_index(tmp_path_factory.mktemp("crowd") / "index", config=config) as opened:
        opened.add_articles([*crowd[:15], wanted, *crowd[15:]])
        yield opened


class TestFilters:
    """More articles than either leg hands on fit the query better than the one that is let in."""

    def test_without_a_filter_it_is_not_found(self, crowded: Index) -> None:
        assert "wanted.com/x" not in found(crowded, "Wale im Meer", k=5)

    @pytest.mark.parametrize(
        "filters",
        [
            Filters(until=date(2020, 1, 1)),
            Filters(since=date(2019, 1, 1), until=date(2021, 1, 1)),
            Filters(languages=("en",)),
            Filters(sources=("wanted.com",)),
            Filters(article_ids=(article("wanted.com/x", "").id,)),
        ],
    )
    def test_applies_before_the_best_are_taken(self, crowded: Index, filters: Filters) -> None:
        hits = crowded.search("Wale im Meer", k=5, filters=filters)
        assert [hit.passage.article.source for hit in hits] == ["https://wanted.com/x"]
        assert hits[0].dense is not None
        assert hits[0].dense.rank == 1
        assert hits[0].lexical is not None
        assert hits[0].lexical.rank == 1
        assert [summary.language for summary in crowded.articles(filters)] == ["en"]

    def test_nothing_passes(self, crowded: Index) -> None:
        assert crowded.search("Wale", filters=Filters(languages=("fr",))) == []
        assert crowded.articles(Filters(since=date(2030, 1, 1))) == []

    def test_also_in_names_only_what_passes(self, empty: Index) -> None:
        empty.add_articles([article("sea", SEA), article("copy", SEA), article("third", SEA)])
        hits = empty.search("Meer", filters=Filters(sources=("copy", "third")))
        assert hits[0].passage.article.source == "https://copy"
        assert [a.source for a in hits[0].also_in] == ["https://third"]


class TestOpening:
    def test_opened_again_it_is_the_same(self, folder: Path) -> None:
        with open_index(folder) as opened:
            opened.add_articles([article("sea", SEA), article("copy", SEA), article("alps", ALPS)])
            opened.add_articles([article("rail", RAIL), Failure("bad", "why")])
            opened.remove(["https://alps"])
            before = (opened.search("Meer Bahn"), opened.articles(), opened.status().failures)
        for read_only in (False, True):
            with open_index(folder, read_only=read_only) as opened:
                after = (opened.search("Meer Bahn"), opened.articles(), opened.status().failures)
                assert after == before

    def test_sees_what_another_writes(self, empty: Index, folder: Path) -> None:
        with open_index(folder, read_only=True) as reader:
            assert reader.search("Meer") == []
            empty.add_articles([article("sea", SEA)])
            assert found(reader, "Meer") == ["sea"]
            empty.remove(["https://sea"])
            assert reader.search("Meer") == []

    def test_default_path(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("QA_INDEX", str(tmp_path / "named"))
        assert default_path() == tmp_path / "named"
        with Index.open(embedder=WordEmbedder()) as opened:
            assert opened.path == tmp_path / "named"
        monkeypatch.delenv("QA_INDEX")
        assert default_path().parts[-2:] == ("fundstelle", "index")

    @pytest.mark.parametrize("options", [{"read_only": True}, {"create": False}])
    def test_missing_index(self, folder: Path, options: dict[str, bool]) -> None:
        with pytest.raises(IndexFolderError, match="Add articles first") as error:
            open_index(folder, **options)
        assert str(folder) in str(error.value)
        assert not folder.exists()

    def test_folder_that_is_no_index(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "letter.txt").write_text("Dear reader", "utf-8")
        with pytest.raises(IndexFolderError, match="no index"):
            open_index(folder, create=False)
        assert [path.name for path in folder.iterdir()] == ["letter.txt"]

    def test_a_file_is_no_folder(self, folder: Path) -> None:
        folder.write_text("x", "utf-8")
        with pytest.raises(IndexFolderError, match="is a file"):
            open_index(folder)

    def test_folder_is_private(self, empty: Index) -> None:
        assert empty.path.stat().st_mode & 0o077 == 0

    def test_read_only_refuses_to_write(self, empty: Index, folder: Path) -> None:
        empty.add_articles([article("sea", SEA)])
        with open_index(folder, read_only=True) as reader:
            with pytest.raises(UsageError, match="read only"):
                reader.add_articles([article("rail", RAIL)])
            with pytest.raises(UsageError, match="read only"):
                reader.remove(["https://sea"])

    def test_another_model(self, empty: Index, folder: Path) -> None:
        empty.add_articles([article("sea", SEA)])
        with pytest.raises(IndexMismatchError, match="NEW_FOLDER") as error:
            open_index(folder, embedder=WordEmbedder(salt="other"))
        assert "model" in str(error.value)

    @pytest.mark.parametrize("name", ["splitter_version", "analysis_version"])
    def test_another_version_of_the_rules(
        self, empty: Index, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        empty.add_articles([article("sea", SEA)])
        monkeypatch.setattr(f"index.compatibility.{name}", "0")
        with pytest.raises(IndexMismatchError, match="NEW_FOLDER"):
            open_index(folder)

    def test_another_configuration(self, empty: Index, folder: Path) -> None:
        empty.add_articles([article("sea", SEA)])
        with pytest.raises(IndexMismatchError, match="passage_tokens"):
            open_index(folder, config=IndexConfig(passage_tokens=50))
        # What is not stored may differ.
        with open_index(folder, config=IndexConfig(lexical_weight=0.9)) as opened:
            assert found(opened, "Meer") == ["sea"]

    def test_keeps_what_it_was_built_with(self, folder: Path) -> None:
        with open_index(folder, config=IndexConfig(passage_tokens=20)) as opened:
            opened.add_articles([article("sea", f"{SEA} {ALPS} {RAIL}")])
            passages = opened.status().passages
            assert passages > 1
        with open_index(folder) as opened:
            assert opened.config.passage_tokens == 20
            opened.add_articles([article("other", f"{RAIL} {ALPS} {SEA}")])
            assert opened.status().passages == 2 * passages

    def test_two_models_that_open_an_empty_index(self, empty: Index, folder: Path) -> None:
        """Neither is stored yet; the one that writes first is, and the other must not mix in."""
        with open_index(folder, embedder=WordEmbedder(dimension=32)) as late:
            empty.add_articles([article("sea", SEA)])
            with pytest.raises(IndexMismatchError, match=r"dimension|model"):
                late.add_articles([article("rail", RAIL)])
            with pytest.raises(IndexMismatchError, match=r"dimension|model"):
                late.search("Meer")
        assert found(empty, "Meer") == ["sea"]

    def test_newer_format(self, empty: Index, folder: Path) -> None:
        empty._store._connection.execute(f"PRAGMA user_version = {index.storage.schema.FORMAT + 1}")
        with pytest.raises(IndexMismatchError, match="newer version"):
            open_index(folder)


class TestDamage:
    @pytest.fixture
    def small_file(self, folder: Path) -> Path:
        with open_index(folder) as opened:
            opened.add_articles([article("sea", SEA)])
        return next((folder / "segments").glob("*/vectors.npy"))

    @pytest.mark.parametrize("kind", ["flipped", "truncated", "missing"])
    def test_is_reported_with_the_file(self, folder: Path, small_file: Path, kind: str) -> None:
        data = bytearray(small_file.read_bytes())
        data[-3] ^= 1
        small_file.write_bytes(data if kind == "flipped" else data[:-3])
        if kind == "missing":
            small_file.unlink()
        with open_index(folder) as opened:
            with pytest.raises(IndexDamagedError, match="backup") as error:
                opened.search("Meer")
            assert str(small_file) in str(error.value)
            # What does not need the file still works.
            assert opened.article("https://sea").text == SEA
            assert opened.status().articles == 1


HOLD_THE_LOCK = """
import sys
from index import Index
from tests.fakes import WordEmbedder

def articles():
    print("writing", flush=True)
    sys.stdin.readline()
    yield from ()

with Index.open(sys.argv[1], embedder=WordEmbedder()) as index:
    index.add_articles(articles())
"""


class TestTwoWriters:
    def test_second_process_is_told_at_once(self, empty: Index, folder: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD_THE_LOCK, str(folder)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            for articles in ([], [article("rail", RAIL)]):
                started = time.perf_counter()
                with pytest.raises(IndexBusyError, match="Wait until it has ended") as error:
                    empty.add_articles(articles)
                assert time.perf_counter() - started < 1.0
                assert str(folder) in str(error.value)
            assert empty.search("Meer") == []  # reading goes on
            writer.communicate("\n", timeout=60)
        assert writer.returncode == 0
        empty.add_articles([article("sea", SEA)])

    def test_second_index_of_one_process(self, empty: Index, folder: Path) -> None:
        def articles() -> Iterator[Article]:
            with open_index(folder) as second, pytest.raises(IndexBusyError):
                second.add_articles([article("rail", RAIL)])
            yield article("sea", SEA)

        assert len(empty.add_articles(articles()).added) == 1

    def test_writing_inside_writing(self, empty: Index) -> None:
        def remove(done: Progress) -> None:
            empty.remove(["https://sea"])

        empty.add_articles([article("sea", SEA)])
        with pytest.raises(IndexBusyError):
            empty.add_articles([article("rail", RAIL)], progress=remove)
        assert empty.article("https://sea").text == SEA

    def test_the_lock_ends_with_its_process(self, empty: Index, folder: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD_THE_LOCK, str(folder)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            writer.kill()
        empty.add_articles([article("sea", SEA)])
        assert found(empty, "Meer") == ["sea"]
