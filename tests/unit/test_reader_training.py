"""The reader's training on a small scale: the model, the drawn examples, saving and going on."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import Unigram
from torch.nn import functional
from transformers import BertConfig, BertModel

from index.encoder.graph import LINEARS
from index.encoder.models import ModelFolder
from index.encoder.pieces import prepare
from qa.reading.encoder import EncoderReader
from training import reader_sources, train_reader
from training.average import averaged
from training.evaluate_reader import evaluate_held_back
from training.export_reader import export, write_card
from training.reader_data import BUCKET, MAX_TOKENS, Batch, Example, ReaderData
from training.reader_model import AdapterSettings, SpanModel, _LowRank
from training.reader_scores import best_span, examine, normalised, overlap
from training.reader_settings import Settings, rate, weights_to_begin_with
from training.reader_sources import CLUSTERS, NEWS, read_sources
from training.train_reader import Trainer, begin

SETTINGS = AdapterSettings(rank=4, scale=2.0, first_layer=1)
WORDS = [f"wort{i}" for i in range(300)]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    path = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(2)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = [*((name, 0.0) for name in special), *((f"▁{word}", -1.0) for word in WORDS)]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=3))
    tokenizer.add_special_tokens(special)
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.save(str(path / "tokenizer.json"))
    prepare(path)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=300,
        initializer_range=0.3,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(path)
    return ModelFolder("tiny", path, "tiny-fingerprint")


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sources with groups of two passages; an answer is two words found nowhere else.

    The German one has titles, and a question that each paragraph does not answer.
    """
    folder = tmp_path_factory.mktemp("questions")
    rng = np.random.default_rng(4)
    for source, lang, groups in (
        ("norquad", "no", 110),
        ("squadshifts-new-wiki", "en", 150),
        ("squadshifts-amazon", "en", 20),
        ("fundstelle-de", "de", 90),
    ):
        with gzip.open(folder / f"{source}.jsonl.gz", "wt", encoding="utf-8") as stream:
            for number in range(2 * groups):
                entry = _paragraph(source, lang, number, rng)
                stream.write(json.dumps(entry) + "\n")
    (folder / f"{CLUSTERS}.jsonl").write_text(
        "".join(json.dumps(_cluster(number)) + "\n" for number in range(60)), "utf-8"
    )
    return folder


def _paragraph(source: str, lang: str, number: int, rng: np.random.Generator) -> dict[str, Any]:
    words = rng.choice(WORDS, int(rng.integers(20, 500))).tolist()
    at = int(rng.integers(0, len(words) - 2))
    words[at : at + 2] = [f"{source}-{number}", "wort7"]
    context = " ".join(words)
    start = context.index(words[at])
    asked = " ".join(words[max(0, at - 4) : at]) or "wort1"
    entry: dict[str, Any] = {
        "lang": lang,
        "group": f"{source}{number // 2}",
        "context": context,
        "questions": [
            {
                "question": asked,
                "start": start,
                "end": start + len(words[at]) + 1 + len("wort7"),
            }
        ],
    }
    if lang == "de":
        entry["group"] = f"wort{number // 2} wort299"
        tempting = context.rindex(" ") + 1
        entry["unanswerable"] = [{"question": asked, "tempting": [tempting, len(context)]}]
    return entry


def _cluster(number: int) -> dict[str, Any]:
    """Two articles; both say the first thing, one the second, and the third is only tempting."""
    said = [f"cluster-{number}-{i}" for i in range(4)]
    first = f"wort3 {said[0]} wort4 wort5 {said[1]} wort6"
    second = f"wort8 {said[2]} wort9 wort10 {said[3]} wort11"

    def view(article: str, value: str, quote: str) -> dict[str, str]:
        return {"article": article, "value": value, "quote": quote}

    return {
        "id": f"cluster{number}",
        "articles": [
            {"id": "a", "title": "wort20 wort21", "text": first},
            {"id": "b", "title": "wort8", "text": second},
        ],
        "questions": [
            {
                "question": "wort3 wort8",
                "kind": "name",
                "views": [view("a", said[0], first), view("b", said[2], second)],
            },
            {
                "question": "wort4",
                "kind": "name",
                "views": [view("a", said[1], f"{said[1]} wort6")],
            },
            {"question": "wort12", "kind": "name", "views": [], "tempting": said[3]},
        ],
    }


def _data(encoder: ModelFolder, questions: Path) -> ReaderData:
    tokenizer = Tokenizer.from_file(str(encoder.path / "tokenizer.json"))
    return ReaderData([questions], tokenizer, seed=1)


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
            if question.answer is None:
                assert (example.start, example.end) == (0, 0)
                continue
            own = data.paragraphs[question.paragraph]
            answer = own.context[slice(*question.answer)]
            if example.start:
                answerable += 1
                assert _text(data, example, example.start, example.end) == answer
            else:
                unanswerable += 1
                last = len(example.tokens) - 2
                assert answer not in _text(data, example, example.first, last)
    assert 0.08 < unanswerable / (answerable + unanswerable) < 0.4


def _text(data: ReaderData, example: Example, first: int, last: int) -> str:
    """The context between two positions of the input."""
    paragraph, shift = data.paragraphs[example.paragraph], example.offset - example.first
    return paragraph.context[paragraph.spans[first + shift][0] : paragraph.spans[last + shift][1]]


def test_a_title_stands_before_the_context_and_a_span_may_be_in_it(
    encoder: ModelFolder, questions: Path
) -> None:
    data = _data(encoder, questions)
    seen: dict[str, list[bool]] = {}
    for batch in data.batches(0, 2048):
        for example, allowed in zip(batch.examples, batch.allowed, strict=True):
            paragraph = data.paragraphs[example.paragraph]
            title = example.tokens[example.head : example.first]
            assert title.tolist() in ([], paragraph.head.tolist())
            assert allowed.nonzero()[0].tolist() == [0, *range(example.head, len(allowed) - 1)]
            if len(paragraph.head):
                seen.setdefault(paragraph.source, []).append(len(title) > 0)
    assert seen.keys() == {"fundstelle-de", CLUSTERS}, "other sources have no titles"
    assert 0.4 < np.mean(seen["fundstelle-de"]) < 0.6
    assert all(seen[CLUSTERS])


def test_an_unanswerable_question_sees_what_tempts(encoder: ModelFolder, questions: Path) -> None:
    data = _data(encoder, questions)
    count = 0
    for batch in data.batches(0, 2048):
        for example in batch.examples:
            question = data.questions[example.question]
            if question.tempting is not None:
                count += 1
                shown = _text(data, example, example.first, len(example.tokens) - 2)
                tempting = data.paragraphs[question.paragraph].context[slice(*question.tempting)]
                assert example.paragraph == question.paragraph
                assert tempting in shown
    assert count > 50


def test_each_article_of_a_cluster_is_asked_each_question(
    encoder: ModelFolder, questions: Path
) -> None:
    tokenizer = Tokenizer.from_file(str(encoder.path / "tokenizer.json"))
    paragraphs, asked = read_sources([questions / f"{CLUSTERS}.jsonl"], tokenizer)
    found = []
    for question in asked[:6]:
        context = paragraphs[question.paragraph].context
        place = question.answer or question.tempting
        found.append((question.text, question.answer is not None, place and context[slice(*place)]))
    assert found == [
        ("wort3 wort8", True, "cluster-0-0"),
        ("wort4", True, "cluster-0-1"),
        ("wort12", False, None),
        ("wort3 wort8", True, "cluster-0-2"),
        ("wort4", False, None),
        ("wort12", False, "cluster-0-3"),
    ]
    assert [p.title for p in paragraphs[:2]] == ["wort20 wort21", ""], "no title twice"


def test_a_cluster_s_question_has_no_foreign_passage_of_its_cluster(
    encoder: ModelFolder, questions: Path
) -> None:
    data = _data(encoder, questions)
    rng = np.random.default_rng(3)
    for number in data.training:
        question = data.questions[number]
        if data.source(number) == CLUSTERS and question.answer is not None:
            example = data.example(number, rng, foreign=True)
            if example is not None:
                own, shown = data.paragraphs[question.paragraph], data.paragraphs[example.paragraph]
                assert shown.group != own.group


def test_a_file_without_a_plan_is_german_news(
    encoder: ModelFolder, questions: Path, tmp_path: Path
) -> None:
    entry = _paragraph("own", "de", 3, np.random.default_rng(1)) | {"title": "wort1 wort2"}
    (tmp_path / "first-pack.jsonl").write_text(json.dumps(entry) + "\n", "utf-8")
    tokenizer = Tokenizer.from_file(str(encoder.path / "tokenizer.json"))
    (paragraph,), asked = read_sources([tmp_path], tokenizer)
    assert (paragraph.source, paragraph.title) == ("news-de", "wort1 wort2")
    assert [question.answer is None for question in asked] == [False, True]
    with pytest.raises(ValueError, match="does not exist"):
        read_sources([tmp_path / "missing"], tokenizer)


def test_german_is_two_fifths_of_a_pass() -> None:
    """With the sizes that the sources have; what is written later only adds to it."""
    sizes = {
        "fundstelle-de": 6264,
        CLUSTERS: 2100,
        NEWS: 8300,
        "squad-part": 4145,
        "squadshifts-new-wiki": 7581,
        "qed-nq": 8055,
        "norquad": 4536,
        "piaf": 3817,
        "swequad": 1195,
        "squadshifts-reddit": 9803,
        "squadshifts-amazon": 9885,
        "jaquad": 31748,
        "cmrc2018": 3216,
    }
    seen = {source: size * reader_sources.PLANS[source].copies for source, size in sizes.items()}
    german = sum(seen[source] for source in ("fundstelle-de", CLUSTERS, NEWS))
    assert 0.35 < german / sum(seen.values()) < 0.45


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

    assert {data.source(n) for n in data.held_back} >= {"fundstelle-de", CLUSTERS, "norquad"}
    assert groups(data.held_back).isdisjoint(groups(data.training))


def test_no_paragraph_that_is_held_back_is_shown_in_training(
    encoder: ModelFolder, questions: Path
) -> None:
    data = _data(encoder, questions)
    apart = {data.questions[n].paragraph for n in data.held_back}
    for number in range(3):
        for batch in data.batches(number, 2048):
            assert apart.isdisjoint(example.paragraph for example in batch.examples)


def test_what_is_held_back_of_a_source_stays_so_when_it_grows(
    encoder: ModelFolder, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.reader_data._HELD_BACK_SHARE", {"news-de": 0.3})
    rng = np.random.default_rng(1)
    lines = [json.dumps(_paragraph("own", "en", number, rng)) + "\n" for number in range(60)]

    def held_back(file: str, count: int) -> set[str]:
        (tmp_path / file).write_text("".join(lines[:count]), "utf-8")
        data = _data(encoder, tmp_path)
        return {data.paragraphs[data.questions[n].paragraph].group for n in data.held_back}

    few, more = held_back("a.jsonl", 30), held_back("a.jsonl", 60)
    assert few
    assert few < more
    assert {f"own{number}" for number in range(15)} & more == few


# --- the run -----------------------------------------------------------------------------------


OPTIONS = Namespace(
    threads=2, log_every=2, save_every=999.0, examine_every=999.0, examine_questions=5
)


def _trainer(
    run: Path, questions: Path, planned: int = 60, init_from: str | None = None
) -> Trainer:
    run.mkdir(exist_ok=True)
    settings = Settings(
        data=(str(questions),),
        seed=1,
        rank=4,
        alpha=8.0,
        first_layer=1,
        rate=1e-2,
        weight_decay=0.01,
        warm_up=20,
        batch_tokens=1024,
        questions=planned,
        cool_down=30,
        precision="fp32",
        init_from=init_from,
        seen_before=0,
    )
    settings.write(run)
    return Trainer(run, settings, None, OPTIONS)


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
def test_a_run_goes_on_with_a_new_pass_when_its_data_have_changed(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _trainer(tmp_path / "run", questions).train()
    monkeypatch.setattr(reader_sources, "SILENT", 0.9)
    resumed = _trainer(tmp_path / "run", questions, planned=90)
    assert (resumed.progress.pass_number, resumed.progress.batch) == (1, 0)
    resumed.train()
    assert resumed.progress.questions >= 90


@pytest.mark.usefixtures("tiny")
def test_a_cool_down_goes_on_from_a_copy_and_ends_at_rate_zero(
    questions: Path, tmp_path: Path
) -> None:
    trunk = _trainer(tmp_path / "trunk", questions, planned=1000)
    for batch in trunk.data.batches(0, 1024)[:12]:
        trunk._step(batch)
    assert trunk.progress.questions > trunk.settings.warm_up
    trunk.save()
    kept = (tmp_path / "trunk" / "checkpoint" / "state.json").read_bytes()
    (tmp_path / "cool").mkdir()

    options = Namespace(run=tmp_path / "cool", cool=tmp_path / "trunk", cool_down=300)
    settings = begin(options)
    cool = Trainer(tmp_path / "cool", settings, None, OPTIONS)
    assert cool.progress == trunk.progress
    assert torch.equal(cool.model.trained["head.weight"], trunk.model.trained["head.weight"])
    cool.train()

    assert cool.progress.questions >= trunk.progress.questions + 300
    curve = (tmp_path / "cool" / "curve.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in curve.splitlines()]
    rates = [line["rate"] for line in lines if line["event"] == "steps"]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.5 * settings.rate
    assert (tmp_path / "trunk" / "checkpoint" / "state.json").read_bytes() == kept
    assert begin(options) == settings, "begun again, it goes on where it was"


def test_the_rate_rises_stays_and_falls() -> None:
    settings = Settings(
        data=(), seed=1, rank=4, alpha=8.0, first_layer=1, rate=0.8, weight_decay=0.0,
        warm_up=100, batch_tokens=1, questions=1000, cool_down=200, precision="fp32",
        init_from=None, seen_before=0,
    )  # fmt: skip
    began = datetime(2026, 1, 1, tzinfo=UTC)
    assert [rate(settings, seen, began, None) for seen in (49, 99, 500, 800, 900, 1000)] == (
        pytest.approx([0.4, 0.8, 0.8, 0.8, 0.4, 0.0])
    )
    assert rate(settings, 500, began, began) == 0, "the deadline is reached"


@pytest.mark.usefixtures("tiny")
def test_a_run_begins_as_the_reader_of_a_lower_rank_that_it_is_given(
    encoder: ModelFolder, questions: Path, tmp_path: Path
) -> None:
    trained = _trainer(tmp_path / "run", questions, planned=40)
    trained.train()
    export([(tmp_path / "run", 1.0)], tmp_path / "reader.safetensors")
    wider = SpanModel(encoder.path, AdapterSettings(7, 2.0, 1), 5, torch.float32)
    for begun in (tmp_path / "reader.safetensors", tmp_path / "run" / "checkpoint"):
        wider.begin_with(weights_to_begin_with(begun, encoder.fingerprint, 2.0))
        tokens = torch.randint(4, 300, (3, 40), generator=torch.Generator().manual_seed(6))
        with torch.no_grad():
            ours, wanted = wider.logits(tokens), trained.model.logits(tokens)
        torch.testing.assert_close(ours, wanted, atol=0.02, rtol=0.01)
    with pytest.raises(ValueError, match="other encoder"):
        weights_to_begin_with(tmp_path / "run" / "checkpoint", "another", 2.0)
    with pytest.raises(ValueError, match="alpha"):
        weights_to_begin_with(tmp_path / "reader.safetensors", encoder.fingerprint, 1.0)


@pytest.mark.usefixtures("tiny")
def test_an_exported_checkpoint_is_a_reader(
    encoder: ModelFolder, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_DTYPE", "float32")
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "cache"))
    trainer = _trainer(tmp_path / "run", questions, planned=40)
    trainer.train()
    export([(tmp_path / "run", 1.0)], tmp_path / "reader.safetensors")
    card = (tmp_path / "reader.md").read_text("utf-8")
    assert "CC BY-SA 4.0" in card
    assert json.loads((tmp_path / "reader.json").read_text("utf-8"))["sha256"] in card
    (tmp_path / "reader.md").unlink()
    write_card([(tmp_path / "run", 1.0)], tmp_path / "reader.safetensors")
    assert (tmp_path / "reader.md").read_text("utf-8") == card
    reader = EncoderReader(encoder, tmp_path / "reader.safetensors")
    (reading,) = reader.read("wort1 wort2", ["wort3 wort4 wort5"])
    tokens = torch.tensor([[0, 5, 6, 2, 2, 7, 8, 9, 2]])
    with torch.no_grad():
        logits = trainer.model.logits(tokens)[0]
    assert reading.null_score == pytest.approx(float(logits[0].sum()), abs=0.05)


@pytest.mark.usefixtures("tiny")
def test_an_exported_reader_is_judged_on_what_was_held_back(
    encoder: ModelFolder, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_DTYPE", "float32")
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "cache"))
    _trainer(tmp_path / "run", questions, planned=20).train()
    export([(tmp_path / "run", 1.0)], tmp_path / "reader.safetensors")
    reader = EncoderReader(encoder, tmp_path / "reader.safetensors")
    data = _data(encoder, questions)
    numbers = [n for n in data.held_back if data.source(n) == CLUSTERS]
    figures = evaluate_held_back(reader, data, numbers)
    answered = [n for n in numbers if data.questions[n].answer is not None]
    tempting = [n for n in numbers if data.questions[n].tempting is not None]
    assert figures["questions"] == len(answered) > 0
    assert figures["unanswerable"] == len(tempting) > 0
    assert all(0 <= figures[name] <= 1 for name in ("exact", "f1", "auroc", "hard_auroc"))


def _reader(generator: torch.Generator, rank: int) -> dict[str, torch.Tensor]:
    return {
        "x.a": torch.randn(rank, 6, generator=generator),
        "x.b": torch.randn(5, rank, generator=generator),
        "head.bias": torch.randn(2, generator=generator),
    }


def test_the_mean_of_readers_is_that_of_their_changes() -> None:
    generator = torch.Generator().manual_seed(3)
    one, other = _reader(generator, 2), _reader(generator, 4)
    wanted = 0.25 * one["x.b"] @ one["x.a"] + 0.75 * other["x.b"] @ other["x.a"]
    mean = averaged([one, other], [0.25, 0.75])
    torch.testing.assert_close(mean["x.b"] @ mean["x.a"], wanted)
    bias = 0.25 * one["head.bias"] + 0.75 * other["head.bias"]
    torch.testing.assert_close(mean["head.bias"], bias)
    # Of a lower rank it is the nearest there is: what is lost are the other singular values.
    small = averaged([one, other], [0.25, 0.75], rank=3)
    lost = torch.linalg.matrix_norm(small["x.b"] @ small["x.a"] - wanted)
    values = torch.linalg.svdvals(wanted)
    assert small["x.a"].shape == (3, 6)
    torch.testing.assert_close(lost, torch.linalg.vector_norm(values[3:]))
    with pytest.raises(ValueError, match="weights"):
        averaged([one, other], [0.5, 0.6])
    with pytest.raises(ValueError, match="layers"):
        averaged([one, {"y.a": one["x.a"]}], [0.5, 0.5])


@pytest.mark.usefixtures("tiny")
def test_the_mean_of_two_runs_is_exported(
    encoder: ModelFolder, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_DTYPE", "float32")
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "cache"))
    trainers = [
        _trainer(tmp_path / name, questions, planned=n) for name, n in (("a", 20), ("b", 40))
    ]
    for trainer in trainers:
        trainer.train()
    runs = [(tmp_path / "a", 0.5), (tmp_path / "b", 0.5)]
    export(runs, tmp_path / "reader.safetensors", 7)
    assert "by weight: a (0.5), b (0.5)" in (tmp_path / "reader.md").read_text("utf-8")
    mean = SpanModel(encoder.path, AdapterSettings(8, 2.0, 1), 5, torch.float32)
    mean.load(averaged([dict(t.model.trained) for t in trainers], [0.5, 0.5]))
    reader = EncoderReader(encoder, tmp_path / "reader.safetensors")
    (reading,) = reader.read("wort1 wort2", ["wort3 wort4 wort5"])
    with torch.no_grad():
        logits = mean.logits(torch.tensor([[0, 5, 6, 2, 2, 7, 8, 9, 2]]))[0]
    assert reading.null_score == pytest.approx(float(logits[0].sum()), abs=0.05)


# --- the scores --------------------------------------------------------------------------------


def test_the_scores_are_squad_s() -> None:
    assert normalised("The „Tower“, a  big one.") == "tower big one"
    assert overlap("im Jahr 1889", "1889") == pytest.approx(0.5)
    assert overlap("Köln", "Bonn") == 0


def test_the_best_span_lies_in_the_context() -> None:
    logits = np.zeros((9, 2), np.float32)
    logits[3] = 9.0  # of the title
    logits[6, 0], logits[7, 1], logits[5, 1] = 3.0, 2.0, 4.0
    assert best_span(logits, 5) == (6, 7, 5.0), "no end before its start"


def test_the_examination_tells_easy_from_hard_refusals(
    encoder: ModelFolder, questions: Path
) -> None:
    data = _data(encoder, questions)

    def knowing(batches: Iterable[Batch]) -> Iterator[NDArray[np.float32]]:
        """Finds each answer, refuses where nothing tempts and never where something does."""
        for batch in batches:
            logits = np.zeros((*batch.tokens.shape, 2), np.float32)
            for row, example in zip(logits, batch.examples, strict=True):
                if example.start:
                    row[example.start, 0] = row[example.end, 1] = 5.0
                elif data.questions[example.question].tempting is None:
                    row[0] = 5.0
                else:
                    row[example.first] = 5.0
            yield logits

    figures = examine(data, knowing, None)
    assert figures["exact"] == figures["f1"] == figures["auroc"] == 1
    assert figures["hard_auroc"] == 0.5
    assert figures["sources"]["fundstelle-de"]["hard_auroc"] == 0.5
    assert figures["sources"][CLUSTERS]["hard_auroc"] == 0.5
    assert "hard_auroc" not in figures["sources"]["norquad"]
