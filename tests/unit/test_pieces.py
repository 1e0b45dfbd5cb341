"""The built-in tokenizer beside ``tokenizers``, which is what the model was trained with."""

from __future__ import annotations

import csv
import json
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from index.encoder.models import resolve
from index.encoder.pieces import LONGEST_PIECE, MOST_COMPOSED, Pieces, prepare

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pieces")
    shutil.copy(resolve().path / "tokenizer.json", made)
    prepare(made)
    return made


@pytest.fixture(scope="module")
def pieces(folder: Path) -> Pieces:
    return Pieces(folder)


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    found: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return found


def _differing(texts: Sequence[str], pieces: Pieces, tokenizer: Tokenizer) -> list[str]:
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [
        text
        for text, theirs in zip(texts, encoded, strict=True)
        if pieces.encode(text).ids != theirs.ids
    ]


def test_the_examples_are_cut_alike_with_the_same_places(
    pieces: Pieces, tokenizer: Tokenizer
) -> None:
    files = [f for f in (ROOT / "examples").rglob("*") if f.suffix in (".md", ".txt", ".jsonl")]
    texts = [file.read_text("utf-8") for file in files]
    assert len(texts) > 5
    for text in texts:
        ours, theirs = pieces.encode(text), tokenizer.encode(text, add_special_tokens=False)
        assert ours.ids == theirs.ids
        assert ours.offsets == theirs.offsets


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "<s>",
        "a <s>b</s> c <mask>",
        "＜s＞ x",
        "a\u0301 e\u0308 ñ",
        "ﬁnden ½ Liter",
        "\u1100\u1161\u11a8 한국어",
        "x" * 500,
        "a\u200bb\u00adc\u0007d▁e",
        "𝆬\U0001378f\U0001e749",
    ],
)
def test_odd_texts_are_cut_alike(text: str, pieces: Pieces, tokenizer: Tokenizer) -> None:
    assert not _differing([text], pieces, tokenizer)


def test_every_character_of_its_time_is_cut_alike(pieces: Pieces, tokenizer: Tokenizer) -> None:
    """Characters of Unicode 12.1 and later are normalised by one and unknown to the other."""
    texts = [f"a{chr(code)}b" for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    differing = _differing(texts, pieces, tokenizer)
    assert len(differing) < 50
    for text in differing:
        assert unicodedata.normalize("NFKC", text[1]) != text[1]
        assert ord(text[1]) == 0x32FF or ord(text[1]) >= 0xA7F2


@given(text=st.text(st.characters(max_codepoint=0xA7F1, exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_cut_alike(pieces: Pieces, tokenizer: Tokenizer, text: str) -> None:
    assert "\u32ff" in text or not _differing([text], pieces, tokenizer)


def test_no_piece_is_longer_than_is_looked_for(folder: Path) -> None:
    vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert max(len(piece) for piece, _ in vocabulary) == LONGEST_PIECE


@pytest.mark.parametrize("text", ["x", "a\u0301\u0323", "ﬁ½", "\u1100\u1161\u11a8"])
def test_an_endless_word_is_looked_at_a_stretch_at_a_time(
    text: str, pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: what is normalised or looked up at once does not grow with the word."""
    seen: list[int] = []
    normalize = unicodedata.normalize

    def counted(form: Literal["NFC", "NFD", "NFKC", "NFKD"], given: str) -> str:
        seen.append(len(given))
        return normalize(form, given)

    monkeypatch.setattr(unicodedata, "normalize", counted)
    endless = text + "\u0301\u0323" * 3000 + text * 3000
    tokens = pieces.encode(endless)
    # What is composed stands where its first character does.
    assert tokens.offsets[-1][1] > len(endless) - len(text)
    assert max(seen) <= MOST_COMPOSED + 1


def _of_data(data: Path) -> Iterator[str]:
    csv.field_size_limit(sys.maxsize)
    with (data / "gnad" / "articles.dev.csv").open(encoding="utf-8", newline="") as stream:
        yield from (row[-1] for row in csv.reader(stream))
    for language in ("de", "en"):
        loaded = json.loads((data / "xquad-r" / f"{language}.dev.json").read_text("utf-8"))
        yield from (p["context"] for article in loaded["data"] for p in article["paragraphs"])


def test_the_development_data_are_cut_alike(
    data: Path, pieces: Pieces, tokenizer: Tokenizer
) -> None:
    assert not _differing(list(_of_data(data)), pieces, tokenizer)
