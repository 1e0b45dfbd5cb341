"""A reranker's place between search and reading, with a small cross-encoder made here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)

from index import Hit, Index, ModelError, make_article
from qa import ask
from qa.retrieval.rerank import RERANKED, Reranker, load_reranker, rerank
from tests.fakes import WordEmbedder

WORDS = ["turm", "ist", "hoch", "der", "brücke", "meter", "wie", "stadt", "fluss", "alt"]
QUESTION = "Wie hoch ist der Turm?"


def build(folder: Path, *, outputs: int = 1, head: bool = True) -> Path:
    """A random BERT of a few thousand weights, with or without a head that scores pairs."""
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, sep_token="[SEP]", **special
    ).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.7,
        num_labels=outputs,
    )
    model = BertForSequenceClassification(config) if head else BertModel(config)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("reranker"))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    texts = [f"Der {word} und die {other} sind alt." for word, other in pairwise(WORDS)]
    texts += [
        f"Die Stadt am Fluss hat {n} Häuser: {WORDS[n % 10]} {'turm ' * n}" for n in range(20)
    ]
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        opened.add_articles(
            make_article(text, source=f"test:{n}", language="de", title=f"Titel {WORDS[n % 10]}")
            for n, text in enumerate(texts)
        )
        yield opened


def _plain(hits: list[Hit]) -> dict[int, Hit]:
    return {hit.passage.id: hit for hit in hits}


def test_the_order_is_that_of_its_scores(folder: Path, index: Index) -> None:
    reranker = load_reranker(str(folder))
    hits = index.search(QUESTION, k=25)
    moved = rerank(QUESTION, hits, reranker)
    texts = [f"{hit.passage.article.title}\n{hit.passage.text}" for hit in moved[:RERANKED]]
    scores = reranker.scores(QUESTION, texts)
    assert len(set(scores)) > RERANKED // 2, "a reranker that cannot tell texts apart shows nothing"
    assert scores == sorted(scores, reverse=True)
    assert [hit.reranker and hit.reranker.score for hit in moved[:RERANKED]] == pytest.approx(
        scores
    )
    assert [hit.passage.id for hit in moved] != [hit.passage.id for hit in hits]
    assert moved[RERANKED:] == hits[RERANKED:]


def test_hits_keep_what_the_legs_say(folder: Path, index: Index) -> None:
    hits = index.search(QUESTION, k=12)
    before = _plain(hits)
    moved = rerank(QUESTION, hits, Reranker(folder))
    assert _plain(moved).keys() == before.keys()
    for rank, hit in enumerate(moved, start=1):
        old = before[hit.passage.id]
        assert (hit.dense, hit.lexical, hit.passage) == (old.dense, old.lexical, old.passage)
        assert hit.rank == rank
        assert hit.reranker is not None
        assert hit.reranker.rank == rank
    assert [hit.score for hit in moved] == [hit.score for hit in hits], "scores belong to places"


def test_passages_are_read_in_its_order(folder: Path, index: Index) -> None:
    plain = ask(QUESTION, index, reader=None)
    ordered = ask(QUESTION, index, reader=None, reranker=str(folder))
    expected = rerank(QUESTION, index.search(QUESTION, k=20, language="de"), Reranker(folder))
    got = [hit.passage.id for hit in ordered.passages]
    assert got == [hit.passage.id for hit in expected[: len(got)]]
    assert got != [hit.passage.id for hit in plain.passages]
    told = ordered.to_json()["passages"]
    assert [passage["reranker"]["rank"] for passage in told] == list(range(1, len(got) + 1))
    assert all(passage["reranker"] is None for passage in plain.to_json()["passages"])


def test_a_long_passage_is_cut_to_the_model_s_positions(folder: Path) -> None:
    scores = Reranker(folder).scores("Wie? " * 300, ["turm " * 600, ""])
    assert len(scores) == 2


def test_nothing_to_order(folder: Path) -> None:
    assert rerank(QUESTION, [], Reranker(folder)) == []


def test_an_encoder_without_a_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no head that scores pairs.*Name one"):
        load_reranker(str(build(tmp_path, head=False)))


def test_a_classifier_of_several_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gives 3 numbers.*Name a cross-encoder"):
        load_reranker(str(build(tmp_path, outputs=3)))


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="safetensors"):
        load_reranker(str(tmp_path))


def test_a_broken_folder_is_named(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match=r"cannot be loaded as a reranker.*--reranker") as error:
        load_reranker(str(tmp_path))
    assert str(tmp_path) in str(error.value)
    (tmp_path / "config.json").write_text(json.dumps([]), "utf-8")
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        Reranker(tmp_path)


def test_scores_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    build(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["classifier.weight"] = torch.full_like(weights["classifier.weight"], float("nan"))
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"no numbers.*fetch the model again"):
        Reranker(tmp_path).scores(QUESTION, ["turm"])
