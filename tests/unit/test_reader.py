"""The reader, with a small random encoder built here: offsets, windows, checks of its file."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import Unigram
from transformers import BertConfig, BertForQuestionAnswering, BertModel, PreTrainedTokenizerFast

from index.encoder.graph import LINEARS, WEIGHTS, rounded
from index.encoder.models import ModelFolder
from index.encoder.pieces import prepare
from index.encoder.tensors import mapped
from index.errors import ModelError
from qa.reading.base import load_reader
from qa.reading.encoder import FORMAT, MAX_TOKENS, EncoderReader, _Adapter
from qa.reading.hub import HubReader
from qa.reading.spans import Reading, Window, _trimmed, reading_of

RANK, SCALE, LAYERS, HIDDEN, INNER = 4, 2.0, 2, 32, 64
FINGERPRINT = "encoder-of-the-test"
QUESTION = "Wie hoch ist der Turm?"
PASSAGE = "Der Turm ist 96\u00a0Meter hoch, seit 1889 („Eiffels Werk“). Er steht in Köln."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    path = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(3)
    vocabulary = _tokenizer().get_vocab_size()
    BertModel(_config(vocabulary), add_pooling_layer=False).save_pretrained(path)
    _wrapped(_tokenizer()).save_pretrained(path)
    prepare(path)
    return ModelFolder("tiny", path, FINGERPRINT)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_weights(tmp_path_factory.mktemp("reader") / "reader.safetensors")


@pytest.fixture(scope="module")
def reader(folder: ModelFolder, weights: Path) -> EncoderReader:
    return EncoderReader(folder, weights)


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Small readers leave nothing in the user's cache, and run in float32."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUNDSTELLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("FUNDSTELLE_DTYPE", "float32")
        yield


def _tokenizer() -> Tokenizer:
    """Like the default encoder's: NFKC, words by white space, pieces of a Unigram vocabulary."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁Meter", "Meter", "▁Der", "ein", "en", "fi"]
    letters = {chr(c) for c in range(33, 127)} | set("äöüßé„“👩💻南京大学") | {"\u0301", "\u200d"}
    scored = [(p, 0.0 if p.startswith("<") else -2.0) for p in pieces]
    scored += [(letter, -5.0) for letter in sorted(letters)]
    tokenizer = Tokenizer(Unigram(scored, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    return tokenizer


def _wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    from tokenizers.processors import TemplateProcessing

    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    special = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=MAX_TOKENS,
        pad_token="<pad>",
        unk_token="<unk>",
        **special,
    )


def _config(vocabulary: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=INNER,
        max_position_embeddings=512,
        initializer_range=0.6,
    )


def _write_weights(path: Path, encoder: str = FINGERPRINT, form: str = FORMAT) -> Path:
    generator = torch.Generator().manual_seed(5)
    tensors = {
        "head.weight": torch.randn(2, HIDDEN, generator=generator),
        "head.bias": torch.zeros(2),
    }
    for short in LINEARS:
        out = INNER if short == "fi" else HIDDEN
        into = INNER if short == "fo" else HIDDEN
        tensors[f"layer.1.{short}.a"] = 0.3 * torch.randn(RANK, into, generator=generator)
        tensors[f"layer.1.{short}.b"] = 0.3 * torch.randn(out, RANK, generator=generator)
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    content = save(halves, {"format": form, "encoder": encoder, "scale": str(SCALE)})
    path.write_bytes(content)
    described = {"sha256": hashlib.sha256(content).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(described), "utf-8")
    return path


def _spans(reading: Reading, text: str) -> list[str]:
    return [text[span.start : span.end] for span in reading.spans]


# --- reading -----------------------------------------------------------------------------------


def test_a_reading_has_distinct_spans_best_first_with_their_margins(reader: EncoderReader) -> None:
    (reading,) = reader.read(QUESTION, [PASSAGE])
    assert len(reading.spans) == 5
    ordered = sorted(reading.spans, key=lambda span: span.start)
    assert all(a.end <= b.start for a, b in pairwise(ordered))
    assert [s.margin for s in reading.spans] == sorted(
        (s.margin for s in reading.spans), reverse=True
    )
    for span in reading.spans:
        assert span.margin == pytest.approx(span.score - reading.null_score)
    assert reading.margin == reading.spans[0].margin


def test_passages_of_other_lengths_do_not_change_a_reading(reader: EncoderReader) -> None:
    (alone,) = reader.read(QUESTION, [PASSAGE])
    together = reader.read(QUESTION, ["Kurz.", PASSAGE, PASSAGE * 2, ""])
    assert together[1] == alone
    assert together[3] == Reading((), together[3].null_score)
    assert together[3].margin == -math.inf
    assert reader.read(QUESTION, []) == []


def test_the_low_rank_change_is_added_to_the_weights(folder: ModelFolder, weights: Path) -> None:
    from safetensors.torch import load_file

    base = BertModel.from_pretrained(folder.path, add_pooling_layer=False).state_dict()
    tensors = load_file(weights)
    merged = {
        name: torch.from_numpy(np.array(tensor))
        for name, tensor in _Adapter.read(weights).merged(mapped(folder.path / WEIGHTS)).items()
    }
    for short, long in LINEARS.items():
        name = f"encoder.layer.1.{long}.weight"
        a, b = (tensors[f"layer.1.{short}.{part}"].float() for part in "ab")
        wanted = base[name] + SCALE * b @ a
        torch.testing.assert_close(merged[name], wanted)
        assert not torch.allclose(wanted, base[name], atol=2e-2)
        untouched = name.replace("layer.1", "layer.0")
        torch.testing.assert_close(merged[untouched], base[untouched])


def test_it_reads_as_bert_itself_does(folder: ModelFolder, weights: Path) -> None:
    """Beside transformers, in float32, with the same changed and rounded weights."""
    adapter = _Adapter.read(weights)
    bert = BertModel.from_pretrained(folder.path, add_pooling_layer=False).eval()
    merged = adapter.merged(mapped(folder.path / WEIGHTS))
    linear = tuple(f"{name}.weight" for name in LINEARS.values())
    held = {
        name: rounded(tensor).weights if name.endswith(linear) else np.array(tensor)
        for name, tensor in merged.items()
    }
    bert.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in held.items()})
    asked, passage = (
        _tokenizer().encode(text, add_special_tokens=False).ids for text in (QUESTION, PASSAGE)
    )
    with torch.no_grad():
        ids = torch.tensor([[0, *asked, 2, 2, *passage, 2]])
        states = bert(input_ids=ids).last_hidden_state[0]
    weight, bias = (torch.from_numpy(part) for part in adapter.head)
    wanted = float((states[0] @ weight.T + bias).sum())
    (reading,) = EncoderReader(folder, weights).read(QUESTION, [PASSAGE])
    assert reading.null_score == pytest.approx(wanted, abs=2e-2)


def test_an_answer_past_the_first_window_is_read_as_if_it_stood_there(
    reader: EncoderReader,
) -> None:
    filler = "Der Weg ist weit. " * 60
    (reading,) = reader.read(QUESTION, [filler + PASSAGE])
    assert len(reading._windows) > 2
    covered: set[tuple[int, int]] = set()
    for window in reading._windows:
        covered.update(zip(window.begins.tolist(), window.stops.tolist(), strict=True))
    tokens = reader._pieces.encode(filler + PASSAGE)
    assert covered == set(tokens.offsets)
    last = reading.best_within(len(filler), len(filler) + len(PASSAGE))
    assert last is not None
    assert last.start >= len(filler)


def test_a_long_question_leaves_room_for_the_passage(reader: EncoderReader) -> None:
    (reading,) = reader.read("Warum " * 400, [PASSAGE])
    assert reading.spans


# --- offsets -----------------------------------------------------------------------------------

AWKWARD = [
    "Preis:\u00a014\u00a0Mrd.\u202fEuro",
    "Das Team 👩\u200d💻 gewann 3\u00a0Punkte",
    "Das Cafe\u0301 und das Café",
    "Der ﬁnale ① Wert ½ …",
    "南京大学 und 大学",
    "Zeile\r\n\r\n\tzwei\u200b drei\ufeff",
    "\u00a0 nur Rand \u00a0",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_offsets_are_code_points_of_the_passage_as_it_is(reader: EncoderReader, text: str) -> None:
    passage = "Vorher. " + text + " Nachher."
    (reading,) = reader.read(QUESTION, [passage])
    assert reading.spans
    for span, said in zip(reading.spans, _spans(reading, passage), strict=True):
        assert 0 <= span.start < span.end <= len(passage)
        assert said == said.strip()
        assert unicodedata.category(said[0]) not in ("Mn", "Cf", "Cc")
        following = passage[span.end : span.end + 1]
        assert not following or unicodedata.category(following) != "Mn"
        assert following != "\u200d"


@pytest.mark.parametrize("text", AWKWARD)
def test_every_word_can_be_said(reader: EncoderReader, text: str) -> None:
    """Each word's own span is found, when nothing beside it may be said, and it is that word."""
    (reading,) = reader.read(QUESTION, [text])
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        span = reading.best_within(start, at)
        if any(c.isalnum() for c in word):
            assert span is not None
            assert start <= span.start < span.end <= at


@pytest.mark.parametrize(
    ("text", "start", "end", "wanted"),
    [
        ("Es kostet 14 Mrd., sagt er", 9, 18, "14 Mrd."),
        ("die „Elphi“ dort", 4, 11, "Elphi"),
        ("das Werk „Elphi“ dort", 0, 17, "das Werk „Elphi“"),
        ("im Jahr (1987), dann", 7, 15, "1987"),
        ("Otto (der Große), dann", 0, 17, "Otto (der Große)"),
        ("(a) oder (b)", 0, 12, "(a) oder (b)"),
        ("im Jahr (1987), dann", 8, 13, "1987"),
        ("ein Cafe\u0301 hier", 4, 8, "Cafe\u0301"),
        ("a 👩\u200d💻 b", 2, 3, "👩\u200d💻"),
        ("a 👩\u200d💻 b", 4, 5, "👩\u200d💻"),
        ("a\u00a0\u200b14\u00a0b", 1, 6, "14"),
    ],
)
def test_spans_are_trimmed_and_whole(text: str, start: int, end: int, wanted: str) -> None:
    bounds = _trimmed(text, start, end)
    assert bounds is not None
    assert text[slice(*bounds)] == wanted


def test_a_span_of_marks_alone_is_none() -> None:
    assert _trimmed("a „ , “ b", 1, 8) is None


# --- spans from logits -------------------------------------------------------------------------


def _window(starts: list[float], ends: list[float], null: float = 1.0) -> Window:
    text = "ab " * len(starts)
    offsets = [(3 * i, 3 * i + 2) for i in range(len(starts))]
    logits = np.array([starts, ends], np.float32).T
    return Window.of(text, offsets, logits, null)


def test_the_best_span_is_the_one_a_full_search_finds() -> None:
    generator = np.random.default_rng(7)
    for _ in range(20):
        count = int(generator.integers(1, 80))
        starts, ends = generator.normal(size=(2, count)).astype(np.float32)
        window = _window(starts.tolist(), ends.tolist())
        best = max(
            (float(starts[i] + ends[j]), i, j)
            for i in range(count)
            for j in range(i, min(count, i + 30))
        )
        (span,) = window.spans(0, count, limit=1)
        assert span.score == pytest.approx(best[0])
        assert (span.start, span.end) == (3 * best[1], 3 * best[2] + 2)
        assert span.margin == pytest.approx(best[0] - 1.0)


def test_no_span_is_longer_than_thirty_tokens_or_backwards() -> None:
    starts, ends = [-9.0] * 60, [-9.0] * 60
    starts[0], ends[40], starts[50], ends[49] = 9.0, 9.0, 8.0, 8.0
    for span in _window(starts, ends).spans(0, 60, limit=5):
        assert 0 < span.end - span.start <= 30 * 3
        assert span.score < 2


def test_the_best_span_around_a_place_is_in_it_or_holds_it() -> None:
    """The words 3 and 4 are asked for; the reader likes 2 to 5, and the first one still more."""
    starts, ends = [-9.0] * 8, [-9.0] * 8
    starts[2] = ends[5] = 4.0
    starts[0] = ends[0] = 9.0
    reading = reading_of([_window(starts, ends)])
    around = reading.best_around(9, 14, 6, 24)
    assert around is not None
    assert (around.start, around.end, around.margin) == (6, 17, 7.0)
    kept_in = reading.best_around(9, 14, 9, 14)
    assert kept_in is not None
    assert 9 <= kept_in.start < kept_in.end <= 14
    assert reading.best_around(9, 14, 9, 9) is None


# --- the file ----------------------------------------------------------------------------------


def test_a_changed_file_is_refused(folder: ModelFolder, tmp_path: Path) -> None:
    path = _write_weights(tmp_path / "reader.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="damaged"):
        EncoderReader(folder, path)


def test_a_missing_file_is_named(folder: ModelFolder, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.safetensors"):
        EncoderReader(folder, tmp_path / "absent.safetensors")


def test_a_reader_of_another_encoder_is_refused(folder: ModelFolder, tmp_path: Path) -> None:
    path = _write_weights(tmp_path / "reader.safetensors", encoder="another")
    with pytest.raises(ModelError, match="other encoder weights"):
        EncoderReader(folder, path)


def test_a_file_of_another_form_is_refused(folder: ModelFolder, tmp_path: Path) -> None:
    path = _write_weights(tmp_path / "reader.safetensors", form="something else")
    with pytest.raises(ModelError, match=FORMAT):
        EncoderReader(folder, path)


# --- a reader the user names -------------------------------------------------------------------


def test_a_question_answering_model_can_be_named(tmp_path: Path) -> None:
    torch.manual_seed(4)
    BertForQuestionAnswering(_config(_tokenizer().get_vocab_size())).save_pretrained(tmp_path)
    _wrapped(_tokenizer()).save_pretrained(tmp_path)
    named = load_reader(str(tmp_path))
    assert isinstance(named, HubReader)
    long = "Der Weg ist weit. " * 60 + PASSAGE
    readings = named.read(QUESTION, [PASSAGE, long, "Köln"])
    assert len(readings) == 3
    assert len(readings[1]._windows) > 1
    assert readings[1].best_within(len(long) - len(PASSAGE), len(long)) is not None
    for reading, text in zip(readings, [PASSAGE, long, "Köln"], strict=True):
        assert reading.spans
        assert all(said and said == said.strip() for said in _spans(reading, text))
    assert named.read("Warum " * 400, [PASSAGE])[0].spans
    assert named.read(QUESTION, []) == []


def test_a_model_without_a_span_head_is_refused(folder: ModelFolder) -> None:
    with pytest.raises(ModelError, match="no span head"):
        HubReader(folder.path)


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="safetensors"):
        load_reader(str(tmp_path))
