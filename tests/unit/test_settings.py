"""What an index says of itself is not believed unread, and loads and fetches nothing."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

import index.encoder.embedder
from index import (
    Article,
    Index,
    IndexConfig,
    IndexDamagedError,
    IndexFolderError,
    IndexMismatchError,
    ModelError,
    make_article,
)
from index.indexing import fresh
from index.storage import segment
from index.storage.store import Store
from tests.fakes import WordEmbedder

HUB_NAME = "someone/some-model"


def article(number: int, text: str = "Das Meer ist tief.") -> Article:
    return make_article(f"{text} {number}", source=f"mem:{number}", language="de")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index_:
        index_.add_articles([article(1)])
    return tmp_path / "index"


def put(folder: Path, **settings: str) -> None:
    with closing(Store(folder / "articles.db", read_only=False)) as store, store.atomic():
        store.put_settings(settings)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> NoReturn:
        raise AssertionError(f"the network was reached for: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("index.encoder.models._download", refuse)


@pytest.mark.usefixtures("offline")
class TestModel:
    def test_what_needs_no_model_opens_none(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*arguments: object, **named: object) -> NoReturn:
            raise AssertionError("a model was opened")

        monkeypatch.setattr("index.compatibility.open_embedder", refuse)
        with Index.open(folder, read_only=True) as opened:
            assert opened.status().model == "words"
            assert [a.source for a in opened.articles()] == ["mem:1"]
            assert opened.article("mem:1").text == article(1).text
            with opened.snapshot() as snapshot:
                assert snapshot.idf(["meer"])["meer"] > 0
        with Index.open(folder) as opened:
            opened.remove("mem:1")

    def test_a_model_of_the_hub_is_not_fetched_because_an_index_names_it(
        self, folder: Path
    ) -> None:
        put(folder, config=json.dumps(IndexConfig(model=HUB_NAME).built_with()))
        with Index.open(folder) as opened:
            assert opened.status().articles == 1
            for use in (lambda: opened.search("Meer"), lambda: opened.add_articles([article(2)])):
                with pytest.raises(ModelError, match=rf"unasked.*FUNDSTELLE_MODEL={HUB_NAME}"):
                    use()

    @pytest.mark.parametrize("named", ["by the caller", "in the environment"])
    def test_but_where_the_user_names_it(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, named: str
    ) -> None:
        asked: list[str] = []

        def fetch(name: str) -> Path:
            asked.append(name)
            raise ModelError(f"{name}: could not be fetched")

        monkeypatch.setattr("index.encoder.models._download", fetch)
        config = IndexConfig(model=HUB_NAME)
        put(folder, config=json.dumps(config.built_with()))
        if named == "in the environment":
            monkeypatch.setenv("FUNDSTELLE_MODEL", HUB_NAME)
        with (
            Index.open(folder, config if named == "by the caller" else None) as opened,
            pytest.raises(ModelError, match="could not be fetched"),
        ):
            opened.search("Meer")
        assert asked == [HUB_NAME]

    @pytest.mark.parametrize("name", ["/", ".", "a" * 5_000, "\0"])
    def test_a_name_that_is_no_model(self, folder: Path, name: str) -> None:
        put(folder, config=json.dumps(IndexConfig(model=name).built_with()))
        with Index.open(folder) as opened, pytest.raises(ModelError):
            opened.search("Meer")

    def test_another_model_is_refused_when_it_is_opened(self, folder: Path) -> None:
        index.encoder.embedder.open_embedder()
        with Index.open(folder) as opened, pytest.raises(IndexMismatchError, match="model"):
            opened.search("Meer")


class TestStored:
    @pytest.mark.parametrize("value", ["", "{", "[]", "null", '{"passage_tokens": -1}'])
    def test_a_configuration_that_cannot_be_read(self, folder: Path, value: str) -> None:
        put(folder, config=value)
        with pytest.raises(IndexDamagedError, match=r"config.*qa repair"):
            Index.open(folder, embedder=WordEmbedder())

    def test_a_key_that_is_not_known(self, folder: Path) -> None:
        put(folder, config='{"model": "default", "passage_tokens": 200, "colour": "red"}')
        with pytest.raises(IndexMismatchError, match=r"'colour'.*pip install --upgrade"):
            Index.open(folder, embedder=WordEmbedder())

    def test_a_newer_layout(self, folder: Path) -> None:
        put(folder, segments=str(int(segment.LAYOUT) + 1))
        with pytest.raises(IndexMismatchError, match=r"layout.*pip install --upgrade") as error:
            Index.open(folder, embedder=WordEmbedder())
        assert "Build it again" not in str(error.value)

    def test_segments_that_cannot_be_read(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*arguments: object, **named: object) -> NoReturn:
            raise OSError(24, "Too many open files")

        with Index.open(folder, embedder=WordEmbedder()) as opened:
            monkeypatch.setattr("numpy.load", refuse)
            with pytest.raises(IndexFolderError, match=r"Too many open files.*again") as error:
                opened.search("Meer")
            assert "qa repair" not in str(error.value)


class TestCommits:
    def test_by_articles_and_by_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fresh, "CHARACTERS_PER_COMMIT", 50)
        stream = [article(n) for n in range(5)]  # 20 characters each
        sizes = [len(batch) for batch in fresh.batches(stream, 64)]
        assert sizes == [3, 2]
        assert [len(batch) for batch in fresh.batches(stream, 2)] == [2, 2, 1]

    def test_a_long_article_is_one_commit_of_several_segments(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fresh, "PASSAGES_PER_SEGMENT", 5)
        text = "\n\n".join(f"Absatz {n} über das Meer. " + "Wort " * 120 for n in range(14))
        config = IndexConfig(passage_tokens=100)
        with Index.open(tmp_path / "index", config, embedder=WordEmbedder()) as opened:
            opened.add_articles([article(1, text)])
            status = opened.status()
            assert status.segments == -(-status.passages // 5) > 2
            assert not opened.verify().damage
            assert opened.search("Absatz 13 Meer")[0].passage.text
            # The same again after a change takes the vectors over from all of them.
            opened.add_articles([make_article(f"{text} Neu.", source="mem:1", language="de")])
            assert not opened.verify().damage


class TestVectors:
    @pytest.mark.parametrize("name", ["vectors", "sentence_scales"])
    @pytest.mark.parametrize("value", [np.nan, np.inf, 3.0, 0.0])
    def test_one_that_is_not_of_length_1_is_named(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: float
    ) -> None:
        [path] = folder.glob(f"segments/*/{name}.npy")
        monkeypatch.setattr(segment, "CHECKED_AT_OPEN", 0)
        array = np.load(path, mmap_mode="r+")
        array[0] = value
        array.flush()
        with (
            Index.open(folder, embedder=WordEmbedder()) as opened,
            pytest.raises(IndexDamagedError, match=path.parent.name),
        ):
            opened.search("Meer")
