"""What is said of an article is changed, and articles are taken out and put back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from index import (
    AS_IT_IS,
    Article,
    ArticleNotFoundError,
    ArticleQuery,
    Failure,
    Index,
    IndexConfig,
    UsageError,
    make_article,
)
from tests.fakes import CountingEmbedder, WordEmbedder

CONFIG = IndexConfig(passage_tokens=30)
SEA = "Das Meer ist tief. Im Meer leben Wale und Delfine."
ALPS = "Die Alpen sind hoch. Auf den Gipfeln liegt Schnee."
RAIL = "Die Bahn kommt spät. Am Gleis warten viele Reisende."


def article(name: str, text: str, **details: object) -> Article:
    details = {"language": "de", "fetched": datetime(2024, 1, 1, tzinfo=UTC), **details}
    return make_article(text, source=f"https://{name}", **details)  # type: ignore[arg-type]


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def opened(tmp_path: Path, embedder: CountingEmbedder) -> Iterator[Index]:
    with Index.open(tmp_path / "index", CONFIG, embedder=embedder) as index:
        index.add_articles(
            [
                article("sea", SEA, title="Ozean", publisher="Bote", published=date(2024, 1, 2)),
                article("alps", ALPS, title="Gebirge"),
                article("rail", RAIL),
            ]
        )
        embedder.texts.clear()
        yield index


def found(index: Index, query: str) -> list[str]:
    """The sources of the passages that hold a term of the query."""
    return [h.passage.article.source[8:] for h in index.search(query) if h.lexical is not None]


class TestEditing:
    def test_publisher_and_date_cost_no_embedding(
        self, opened: Index, embedder: CountingEmbedder
    ) -> None:
        segments = sorted((opened.path / "segments").iterdir())
        edited = opened.edit("https://sea", publisher="Kurier", published=date(2025, 3, 4))
        assert (edited.publisher, edited.published) == ("Kurier", date(2025, 3, 4))
        assert edited.title == "Ozean"
        assert opened.article("https://sea") == edited
        assert embedder.texts == []
        assert sorted((opened.path / "segments").iterdir()) == segments

    def test_a_title_is_found_and_the_one_before_no_more(
        self, opened: Index, embedder: CountingEmbedder
    ) -> None:
        opened.edit("https://sea", title="Tiefsee")
        assert embedder.texts == [f"Tiefsee\n{SEA}"], "the passage, and none of its sentences"
        assert found(opened, "Tiefsee") == ["sea"]
        assert found(opened, "Ozean") == []
        assert opened.verify().damage == ()

    def test_like_an_index_that_was_built_so(self, opened: Index, tmp_path: Path) -> None:
        opened.edit("https://sea", title="Tiefsee", publisher=None)
        opened.edit("https://alps", title="")
        with Index.open(tmp_path / "anew", CONFIG, embedder=WordEmbedder()) as anew:
            anew.add_articles(
                [
                    article("sea", SEA, title="Tiefsee", published=date(2024, 1, 2)),
                    article("alps", ALPS),
                    article("rail", RAIL),
                ]
            )
            for query in ("Tiefsee", "Gebirge Schnee", "Wale und Reisende"):
                ours, theirs = opened.search(query), anew.search(query)
                assert [h.passage.article for h in ours] == [h.passage.article for h in theirs]
                assert [h.score for h in ours] == pytest.approx([h.score for h in theirs], abs=1e-3)

    def test_what_is_not_named_stays_and_none_takes_away(self, opened: Index) -> None:
        edited = opened.edit("https://sea", title=AS_IT_IS, publisher=None)
        assert (edited.title, edited.publisher) == ("Ozean", None)
        assert edited.published == date(2024, 1, 2)
        before = opened.article("https://sea")
        assert opened.edit("https://sea") == before
        assert opened.edit("https://sea", title="Ozean") == before

    def test_keeps_its_place_and_its_fetching(self, opened: Index) -> None:
        before = opened.article("https://sea")
        opened.edit("https://sea", title="Neu")
        assert opened.articles()[0].source == "https://sea"
        assert opened.article("https://sea").fetched == before.fetched

    def test_one_of_several_with_the_text_changes_itself_alone(
        self, opened: Index, embedder: CountingEmbedder
    ) -> None:
        opened.add_articles([article("copy", SEA, title="Ozean")])
        opened.edit("https://copy", title="Anders")
        assert embedder.texts == []
        assert opened.article("https://sea").title == "Ozean"
        assert opened.article("https://copy").title == "Anders"
        assert opened.verify().damage == ()

    def test_what_could_not_be_read_of_it_is_still_listed(self, opened: Index) -> None:
        opened.add_articles([Failure("https://sea", "not there")])
        opened.edit("https://sea", title="Neu")
        assert opened.failures() == (Failure("https://sea", "not there"),)

    def test_unknown_and_unstorable(self, opened: Index) -> None:
        with pytest.raises(ArticleNotFoundError):
            opened.edit("https://nowhere", title="Neu")
        with pytest.raises(UsageError, match="surrogate"):
            opened.edit("https://sea", title="\ud800")
        assert opened.article("https://sea").title == "Ozean"

    def test_read_only_is_refused(self, opened: Index) -> None:
        [sea] = opened.article_page(ArticleQuery(words="ozean")).articles
        with Index.open(opened.path, read_only=True, embedder=WordEmbedder()) as readable:
            for change in (
                lambda: readable.edit("https://sea", title="Neu"),
                lambda: readable.withdraw([sea.article_id]),
            ):
                with pytest.raises(UsageError, match="read only"):
                    change()


class TestEditedAndSynced:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        made = tmp_path / "articles"
        made.mkdir()
        (made / "sea.md").write_text(f"# Ozean\n\n{SEA}\n", "utf-8")
        (made / "alps.md").write_text(f"# Gebirge\n\n{ALPS}\n", "utf-8")
        return made

    def test_what_was_changed_stays_while_the_file_does(self, tmp_path: Path, folder: Path) -> None:
        with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
            index.sync(folder)
            name = str(folder / "sea.md")
            index.edit(name, title="Von Hand", published=date(2020, 2, 2))
            report = index.sync(folder)
            assert (len(report.unchanged), report.updated) == (2, ())
            assert index.article(name).title == "Von Hand"
            (folder / "sea.md").write_text(f"# Weltmeer\n\n{SEA}\n", "utf-8")
            assert len(index.sync(folder).updated) == 1
            assert index.article(name).title == "Weltmeer"

    def test_so_it_does_after_it_was_taken_out_and_put_back(
        self, tmp_path: Path, folder: Path
    ) -> None:
        with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
            index.sync(folder)
            edited = index.edit(str(folder / "sea.md"), title="Von Hand")
            index.put_back(index.withdraw([edited.id]))
            report = index.sync(folder)
            assert (len(report.unchanged), report.updated, report.added) == (2, (), ())
            assert index.article(edited.id).title == "Von Hand"


class TestWithdrawing:
    def test_put_back_as_they_were_without_embedding(
        self, opened: Index, embedder: CountingEmbedder
    ) -> None:
        before, hits = opened.articles(), opened.search("Wale Schnee Gleis")
        ids = [item.article_id for item in before[:2]]
        taken = opened.withdraw(ids)
        assert [a.source for a in taken.articles] == ["https://sea", "https://alps"]
        assert taken.characters == len(SEA) + len(ALPS)
        assert [item.source for item in opened.articles()] == ["https://rail"]
        assert found(opened, "Wale Schnee Gleis") == ["rail"]
        assert opened.put_back(taken) == tuple(ids)
        assert embedder.texts == []
        assert opened.articles() == before
        again = opened.search("Wale Schnee Gleis")
        assert [h.passage.article for h in again] == [h.passage.article for h in hits]
        assert [h.score for h in again] == pytest.approx([h.score for h in hits], abs=1e-3)
        assert opened.verify().damage == ()

    def test_all_of_a_segment_whose_files_are_gone_by_then(
        self, opened: Index, embedder: CountingEmbedder
    ) -> None:
        before = opened.articles()
        taken = opened.withdraw([item.article_id for item in before])
        assert list((opened.path / "segments").iterdir()) == []
        opened.put_back(taken)
        assert embedder.texts == []
        assert opened.articles() == before
        assert opened.verify().damage == ()

    def test_those_that_are_not_there_are_left_out(self, opened: Index) -> None:
        sea = opened.articles()[0].article_id
        taken = opened.withdraw([sea, "0" * 12, sea])
        assert len(taken.articles) == 1
        assert opened.withdraw([sea]).articles == ()
        assert opened.put_back(opened.withdraw([])) == ()

    def test_one_that_was_added_since_stays(self, opened: Index) -> None:
        taken = opened.withdraw([article("sea", SEA).id, article("alps", ALPS).id])
        opened.add_articles([article("sea", "Ein ganz anderer Text steht nun da.")])
        assert opened.put_back(taken) == (article("alps", ALPS).id,)
        assert opened.article("https://sea").text.startswith("Ein ganz anderer")
        assert opened.verify().damage == ()

    def test_a_text_that_another_article_has_by_then(self, opened: Index) -> None:
        taken = opened.withdraw([article("sea", SEA).id])
        opened.add_articles([article("copy", SEA)])
        opened.put_back(taken)
        [hit, *_] = opened.search("Wale im Meer")
        assert {hit.passage.article.source, *(a.source for a in hit.also_in)} == {
            *("https://sea", "https://copy")
        }
        assert opened.verify().damage == ()

    def test_copies_come_back_together(self, opened: Index) -> None:
        opened.add_articles([article("copy", SEA)])
        before = opened.articles()
        opened.put_back(opened.withdraw([article("copy", SEA).id, article("sea", SEA).id]))
        assert opened.articles() == before
        assert opened.verify().damage == ()

    def test_a_damaged_vector_is_embedded_anew(
        self, opened: Index, embedder: CountingEmbedder
    ) -> None:
        [file] = opened.path.glob("segments/*/vectors.npy")
        vectors = np.load(file)
        vectors[0, 0] += 1
        np.save(file, vectors)
        opened.put_back(opened.withdraw([article("sea", SEA).id, article("rail", RAIL).id]))
        assert [text for text in embedder.texts if SEA in text] == [f"Ozean\n{SEA}"]
        assert not any(RAIL in text for text in embedder.texts)

    def test_many_come_back_in_several_commits(self, tmp_path: Path) -> None:
        with Index.open(tmp_path / "many", embedder=WordEmbedder()) as index:
            index.add_articles(article(f"a{n}", f"Satz {n}.") for n in range(150))
            before = index.articles()
            assert len(index.put_back(index.withdraw([a.article_id for a in before]))) == 150
            assert index.articles() == before
            assert index.verify().damage == ()


def test_an_addition_stops_between_articles(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    rows = [f'{{"text": "Das ist Satz {n}.", "id": "{n}"}}\n' for n in range(10)]
    file.write_text("".join([*rows, "kaputt\n"]), "utf-8")
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        index.add([file])
        index.remove([item.article_id for item in index.articles()])
        [failure] = index.failures()
        answers = iter([False] * 4 + [True] * 99)
        report = index.add([file, tmp_path / "other.txt"], stop=lambda: next(answers))
        assert len(report.added) == 3, "asked before the file, and before each of its rows"
        assert report.failed == ()
        assert index.failures() == (failure,), "what comes after was not read"
        assert index.verify().damage == ()
        synced = index.sync(tmp_path)
        assert (len(synced.added), len(synced.unchanged)) == (7, 3), "it does not count as read"


def test_failed_files_are_those_that_were_named_here(tmp_path: Path) -> None:
    table, empty = tmp_path / "t.jsonl", tmp_path / "empty.txt"
    table.write_text("kaputt\n", "utf-8")
    empty.write_text("", "utf-8")
    other = tmp_path / "other.txt"
    other.write_text("Ein Text, den niemand genannt hat.", "utf-8")
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        index.add([table, empty])
        claimed = [
            *(Failure(other.as_uri(), "why"), Failure(f"{other.as_uri()}:1", "why")),
            *(Failure("upload:a.txt", "why"), Failure(f"{table.as_uri()}:x", "why")),
        ]
        index.add_articles(claimed)
        assert index.failed_files() == {
            f"{table.as_uri()}:1": table.as_uri(),
            empty.as_uri(): empty.as_uri(),
        }
