"""A changed article embeds what changed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from index import Index, IndexConfig, make_article
from tests.fakes import CountingEmbedder, WordEmbedder

CONFIG = IndexConfig(passage_tokens=30)


def paragraphs(*changed: int) -> str:
    return "\n\n".join(
        f"Der Absatz {n} hat hier {'einen neuen' if n in changed else 'seinen alten'} Inhalt. "
        f"Darin steht ein zweiter Satz mit der Zahl {n * 1111}."
        for n in range(12)
    )


def test_only_what_changed_is_embedded(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    with Index.open(tmp_path / "a", CONFIG, embedder=embedder) as opened:
        opened.add_articles([make_article(paragraphs(), source="x", language="de", title="T")])
        first = len(embedder.texts)
        embedder.texts.clear()
        opened.add_articles([make_article(paragraphs(5), source="x", language="de", title="T")])
        assert len(embedder.texts) == 2, "the passage and its sentence"
        assert all("Absatz 5" in text for text in embedder.texts)
        assert first > 20
        _same_as_built_anew(opened, tmp_path, paragraphs(5), "T")


def test_another_title_embeds_passages_but_no_sentences(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    with Index.open(tmp_path / "a", CONFIG, embedder=embedder) as opened:
        opened.add_articles([make_article(paragraphs(), source="x", language="de", title="T")])
        embedder.texts.clear()
        opened.add_articles([make_article(paragraphs(), source="x", language="de", title="U")])
        assert embedder.texts
        assert all(text.startswith("U\n") for text in embedder.texts)
        _same_as_built_anew(opened, tmp_path, paragraphs(), "U")


def test_damaged_vectors_are_not_taken_over(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    with Index.open(tmp_path / "a", CONFIG, embedder=embedder) as opened:
        opened.add_articles([make_article(paragraphs(), source="x", language="de")])
        embedder.texts.clear()
        [file] = (tmp_path / "a").glob("segments/*/sentences.npy")
        data = bytearray(file.read_bytes())
        data[-20] ^= 1  # of the last passage's last sentence
        file.write_bytes(data)
        opened.add_articles([make_article(paragraphs(0), source="x", language="de")])
        assert {n for n in range(12) for t in embedder.texts if f"Absatz {n} " in t} == {0, 11}
        assert not opened.verify().damage or "sentences" in opened.verify().damage[0].where


def _same_as_built_anew(opened: Index, tmp_path: Path, text: str, title: str) -> None:
    assert not opened.verify().damage
    with Index.open(tmp_path / "b", CONFIG, embedder=WordEmbedder()) as anew:
        anew.add_articles([make_article(text, source="x", language="de", title=title)])
        for question in ("neuen Inhalt", "Zahl 5555", "Absatz 3"):
            ours, theirs = opened.search(question), anew.search(question)
            assert [hit.passage.start for hit in ours] == [hit.passage.start for hit in theirs]
            assert [hit.score for hit in ours] == pytest.approx(
                [hit.score for hit in theirs], abs=1e-3
            )
