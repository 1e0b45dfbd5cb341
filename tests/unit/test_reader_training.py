"""The reader's training on a small scale: the model, the drawn examples, saving and going on."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from torch.nn import functional
from transformers import BertConfig, BertModel

from index.model import ModelFolder
from qa.reader import LINEARS, EncoderReader
from training import train_reader
from training.export_reader import export
from training.reader_data import BUCKET, MAX_TOKENS, Batch, ReaderData
from training.reader_model import AdapterSettings, SpanModel, _LowRank
from training.reader_scores import normalised, overlap
from training.train_reader import Settings, Trainer

SETTINGS = AdapterSettings(rank=4, scale=2.0, first_layer=1)
WORDS = [f"wort{i}" for i in range(300)]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    path = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(2)
    vocabulary = {w: i for i, w in enumerate(["<s>", "<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(path / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=300,
        initializer_range=0.3,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(path)
    return ModelFolder("tiny", path, "tiny-fingerprint")


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sources with groups of two passages; an answer is two words found nowhere else."""
    folder = tmp_path_factory.mktemp("questions")
    rng = np.random.default_rng(4)
    for source, lang, groups in (
        ("norquad", "no", 110),
        ("squadshifts-new-wiki", "en", 150),
        ("squadshifts-amazon", "en", 20),
    ):
        with gzip.open(folder / f"{source}.jsonl.gz", "wt", encoding="utf-8") as stream:
            for number in range(2 * groups):
                words = rng.choice(WORDS, int(rng.integers(20, 500))).tolist()
                at = int(rng.integers(0, len(words) - 2))
                words[at : at + 2] = [f"{source}-{number}", "wort7"]
                context = " ".join(words)
                start = context.index(words[at])
                entry = {
                    "lang": lang,
                    "group": f"{source}{number // 2}",
                    "context": context,
                    "questions": [
                        {
                            "question": " ".join(words[max(0, at - 4) : at]) or "wort1",
                            "start": start,
                            "end": start + len(words[at]) + 1 + len("wort7"),
                        }
                    ],
                }
                stream.write(json.dumps(entry) + "\n")
    return folder


def _data(encoder: ModelFolder, questions: Path) -> ReaderData:
    tokenizer = Tokenizer.from_file(str(encoder.path / "tokenizer.json"))
    return ReaderData(questions, tokenizer, seed=1)


# --- the model ---------------------------------------------------------------------------------


def test_the_forward_pass_is_that_of_bert(encoder: ModelFolder) -> None:
    model = SpanModel(encoder.path, SETTINGS, 1, torch.float32)
    with torch.no_grad():
        for name, value in model.trained.items():
            if name.endswith(".b"):
                value.copy_(torch.randn(value.shape, generator=torch.Generator().manual_seed(8)))
    model.merge()
    bert = BertModel.from_pretrained(encoder.path, add_pooling_layer=False).eval()
    with torch.no_grad():
        for key, value in bert.named_parameters():
            for merged_name, merged in model._merged.items():
                layer, short = merged_name.split(".")
                if key == f"encoder.layer.{layer}.{LINEARS[short]}.weight":
                    value.copy_(merged)
        tokens = torch.randint(4, 300, (3, 40), generator=torch.Generator().manual_seed(6))
        states = bert(tokens).last_hidden_state
        wanted = functional.linear(states, model.trained["head.weight"], model.trained["head.bias"])
        torch.testing.assert_close(model.logits(tokens), wanted, atol=1e-5, rtol=1e-4)


def test_the_factors_get_the_gradients_of_the_plain_formula() -> None:
    generator = torch.Generator().manual_seed(1)
    states, a, b = (
        torch.randn(*shape, generator=generator, requires_grad=True)
        for shape in ((9, 6), (3, 6), (5, 3))
    )
    base, bias = torch.randn(5, 6, generator=generator), torch.randn(5, generator=generator)
    target = torch.randn(9, 5, generator=generator)
    plain = functional.linear(states, base + 2.0 * b @ a, bias)
    wanted = torch.autograd.grad((plain * target).sum(), (states, a, b))
    merged = (base + 2.0 * b @ a).detach()
    ours = _LowRank.apply(states, merged, bias, a, b, 2.0)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(ours, plain)
    found = torch.autograd.grad((ours * target).sum(), (states, a, b))
    torch.testing.assert_close(found, wanted)


# --- the examples ------------------------------------------------------------------------------


def test_batches_have_one_length_and_hold_the_answers(
    encoder: ModelFolder, questions: Path
) -> None:
    data = _data(encoder, questions)
    answerable = unanswerable = 0
    for batch in data.batches(0, 2048):
        length = batch.tokens.shape[1]
        assert length % BUCKET == 0
        assert length <= MAX_TOKENS
        assert batch.tokens.size <= 2048
        for example in batch.examples:
            question = data.questions[example.question]
            own, shown = data.paragraphs[question.paragraph], data.paragraphs[example.paragraph]
            answer = own.context[question.start : question.end]
            shift = example.offset - example.first
            begin = shown.spans[example.offset][0]
            end = shown.spans[len(example.tokens) - 2 + shift][1]
            if example.start:
                answerable += 1
                first = shown.spans[example.start + shift][0]
                assert shown.context[first : shown.spans[example.end + shift][1]] == answer
            else:
                unanswerable += 1
                assert answer not in shown.context[begin:end]
    assert 0.15 < unanswerable / (answerable + unanswerable) < 0.4


def test_a_pass_is_drawn_alike_again_and_the_next_one_otherwise(
    encoder: ModelFolder, questions: Path
) -> None:
    def drawn(number: int) -> list[list[int]]:
        batches = _data(encoder, questions).batches(number, 2048)
        return [[e.question for e in b.examples] for b in batches]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)


def test_no_group_is_both_trained_on_and_held_back(encoder: ModelFolder, questions: Path) -> None:
    data = _data(encoder, questions)

    def groups(numbers: list[int]) -> set[str]:
        return {data.paragraphs[data.questions[n].paragraph].group for n in numbers}

    assert data.held_back
    assert groups(data.held_back).isdisjoint(groups(data.training))


# --- the run -----------------------------------------------------------------------------------


def _trainer(run: Path, questions: Path, planned: int = 60) -> Trainer:
    run.mkdir(exist_ok=True)
    settings = Settings(
        data=str(questions),
        seed=1,
        rank=4,
        alpha=8.0,
        first_layer=1,
        rate=1e-2,
        weight_decay=0.01,
        warm_up=20,
        batch_tokens=1024,
        questions=planned,
        precision="fp32",
        init_from=None,
    )
    (run / "settings.json").write_text(json.dumps(asdict(settings)), "utf-8")
    options = Namespace(
        threads=2, log_every=2, save_every=999.0, examine_every=999.0, examine_questions=5
    )
    return Trainer(run, settings, None, options)


@pytest.fixture
def tiny(encoder: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_reader, "resolve", lambda: encoder)


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_run_ends_with_the_same_weights(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _trainer(tmp_path / "whole", questions)
    whole.train()

    stopped = _trainer(tmp_path / "parts", questions)
    step: Callable[[Batch], dict[str, float]] = stopped._step

    def stop_after_five(batch: Batch) -> dict[str, float]:
        if stopped.progress.steps == 4:
            stopped._ask_to_stop(15, None)
        return step(batch)

    monkeypatch.setattr(stopped, "_step", stop_after_five)
    stopped.train()
    assert stopped.progress.steps == 5
    resumed = _trainer(tmp_path / "parts", questions)
    resumed.train()

    assert resumed.progress.questions == whole.progress.questions >= 60
    first, second = (
        load_file(tmp_path / run / "checkpoint" / "reader.safetensors")
        for run in ("whole", "parts")
    )
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.mark.usefixtures("tiny")
def test_an_exported_checkpoint_is_a_reader(
    encoder: ModelFolder, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_DTYPE", "float32")
    trainer = _trainer(tmp_path / "run", questions, planned=40)
    trainer.train()
    export(tmp_path / "run", tmp_path / "reader.safetensors")
    card = (tmp_path / "reader.md").read_text("utf-8")
    assert "CC BY-SA 4.0" in card
    assert json.loads((tmp_path / "reader.json").read_text("utf-8"))["sha256"] in card
    reader = EncoderReader(encoder, tmp_path / "reader.safetensors")
    (reading,) = reader.read("wort1 wort2", ["wort3 wort4 wort5"])
    tokens = torch.tensor([[0, 5, 6, 2, 2, 7, 8, 9, 2]])
    with torch.no_grad():
        logits = trainer.model.logits(tokens)[0]
    assert reading.null_score == pytest.approx(float(logits[0].sum()), abs=0.05)


# --- the scores --------------------------------------------------------------------------------


def test_the_scores_are_squad_s() -> None:
    assert normalised("The „Tower“, a  big one.") == "tower big one"
    assert overlap("im Jahr 1889", "1889") == pytest.approx(0.5)
    assert overlap("Köln", "Bonn") == 0
