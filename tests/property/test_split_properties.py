"""Passages hold for any text: exact, ordered, whole, and nothing of the article outside them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.records import Chunk
from index.text.boilerplate import is_boilerplate, is_byline, is_date_line, opens_teasers
from index.text.passages import split

DATA = Path(__file__).parents[3] / "shared" / "data"
LIMIT, MAXIMUM = 30, 60

PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "Die Firma wuchs im 19. Jahrhundert. ",
            "Er sagte: „Das ist neu.“ ",
            "Kurze Überschrift",
            "# Titel",
            "\r\n",
            "\r\n\r\n",
            "\n\n",
            "\u2028",
            "\u00a0",
            "👩‍👩‍👧‍👦🏽 ",
            "u\u0308ber Mu\u0308nchen. ",
            "Empfohlen",
            "21 Kommentare",
            "Foto: © AFP",
            "ohneLeerzeichen" * 60,
            " " * 1_500,
            "\u200b" * 3_000,
            "東。" * 1_500,
            "„" * 2_500,
            "\u0301\u0327" * 2_500,
            "Ein Satz in einer sehr langen Zeile. " * 150,
            "漢字かな交じり文です。次の文。",
            "14\u00a0Milliarden Euro, rd. 2,7 Mrd. mehr. ",
        ]
    ),
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


def count(texts: Sequence[str]) -> list[int]:
    """A stand-in for a tokenizer: pieces of at most four letters, and every other character."""
    return [len(re.findall(r"\w{1,4}|[^\w\s]", text)) for text in texts]


def passages(text: str, title: str = "", language: str = "de") -> tuple[Chunk, ...]:
    return split(
        text, title=title, language=language, count_tokens=count, limit=LIMIT, maximum=MAXIMUM
    )


def check(text: str, chunks: tuple[Chunk, ...], title: str) -> None:
    assert bool(chunks) == bool(text.strip())
    end = 0
    for chunk in chunks:
        assert end <= chunk.start < chunk.end <= len(text)
        end = chunk.end
        whole = text[chunk.start : chunk.end]
        assert whole == whole.strip()
        assert (chunk.start, chunk.end) == (chunk.sentences[0].start, chunk.sentences[-1].end)
        inner = chunk.start
        for sentence in chunk.sentences:
            assert inner <= sentence.start < sentence.end
            between = text[inner : sentence.start]
            assert not any(map(str.isalnum, between)), between
            inner = sentence.end
            assert sentence.of(text) == sentence.of(text).strip()
            length = count([sentence.of(text)])[0]
            assert length <= MAXIMUM or len(sentence.of(text)) == 1
        lengths = count([s.of(text) for s in chunk.sentences])
        # Only a long sentence, with the headings over it, goes beyond the limit and its slack.
        assert sum(lengths) <= LIMIT * 1.25 or sum(lengths) - max(lengths) < LIMIT
        assert sum(lengths) <= MAXIMUM or len(lengths) == 1
        assert len(whole) <= 40 * MAXIMUM + 1_000 * len(lengths)
    ends, starts = [0, *(c.end for c in chunks)], [*(c.start for c in chunks), len(text)]
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    for start, stop in zip(ends, starts, strict=True):
        for line in text[start:stop].splitlines():
            bare = re.sub(r"^\s*#{1,6}[ \t]+", "", line).strip()
            assert (
                not any(map(str.isalnum, bare))
                or is_boilerplate(bare, title=title or first)
                or opens_teasers(bare)
                or is_date_line(bare)
                or is_byline(bare, text)
            ), line


@settings(max_examples=300, deadline=None)
@given(
    TEXTS,
    st.sampled_from(["", "Kurze Überschrift", "Titel"]),
    st.sampled_from(["de", "en", "ja", "und"]),
)
@example("Nur\r\n\r\nZeilen", "", "de")
@example("Empfohlen", "Empfohlen", "de")
@example("---", "", "de")
@example("x" * 5000, "", "en")
def test_any_text(text: str, title: str, language: str) -> None:
    check(text, passages(text, title, language), title)


def articles() -> Iterator[tuple[str, str]]:
    for path in sorted((DATA / "seeds").glob("*.txt")):
        text = path.read_bytes().decode()
        yield text, text.split("\n", 1)[0]
    with (DATA / "gnad" / "articles.dev.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["text"], ""
    for language in ("de", "en"):
        data = json.loads((DATA / "xquad-r" / f"{language}.dev.json").read_text("utf-8"))
        for article in data["data"]:
            yield "\r\n\r\n".join(p["context"] for p in article["paragraphs"]), ""


@pytest.mark.skipif(not DATA.is_dir(), reason="the development data is not beside the project")
def test_every_development_article() -> None:
    seen = 0
    for text, title in articles():
        check(text, passages(text, title), title)
        seen += 1
    assert seen > 500
