"""Passages and what stays outside of them, on pages written for this test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from index.text.boilerplate import is_boilerplate, is_byline, is_date_line, opens_teasers
from index.text.passages import split

PROSE = "Der Konzern legte am Montag seine Zahlen vor. Der Umsatz stieg um 4 Prozent."


def count(texts: Sequence[str]) -> list[int]:
    return [len(re.findall(r"\w{1,4}|[^\w\s]", text)) for text in texts]


def passages(text: str, title: str = "", *, limit: int = 200, maximum: int = 480) -> list[str]:
    chunks = split(
        text, title=title, language="de", count_tokens=count, limit=limit, maximum=maximum
    )
    return [text[chunk.start : chunk.end] for chunk in chunks]


def test_a_page_with_all_its_noise() -> None:
    title = "Konzern wächst kräftig"
    text = (
        f"Der Bote - {title}\n\n{title}\nErika Beispiel\n3. Mai 2024, 10:15 Uhr\n7 Kommentare\n"
        f"{title} / Foto: © AGENTUR\n\n{PROSE}\n\nTextgröße ändern:\n\nWeiter ging es im Juni.\n\n"
        "Blick nach vorn\n\nFür das Jahr erwartet er mehr.\n\n(A.Muster--XYZ)\n\n"
        "Empfohlen\n\nErste Meldung aus der Stadt\n\nDie Stadt baut ein Bad.\n\n"
        "Zweite Meldung vom Land\n\nDas Land baut eine Bahn.\n\nTextgröße ändern:"
    )
    assert passages(text, title) == [
        PROSE,
        "Weiter ging es im Juni.",
        "Blick nach vorn\n\nFür das Jahr erwartet er mehr.",
        "Erste Meldung aus der Stadt\n\nDie Stadt baut ein Bad.",
        "Zweite Meldung vom Land\n\nDas Land baut eine Bahn.",
    ]


def test_a_heading_is_a_sentence_of_its_passage() -> None:
    text = f"# Bilanz\n\n{PROSE}"
    (chunk,) = split(text, title="", language="de", count_tokens=count)
    assert chunk.sentences[0].of(text) == "Bilanz"
    assert len(chunk.sentences) == 3


def test_short_paragraphs_share_a_passage() -> None:
    text = "Ein Satz steht hier.\n\nNoch ein Satz steht da.\r\n\r\nUnd ein dritter auch."
    assert passages(text) == [text]


def test_a_long_section_breaks_between_paragraphs_evenly() -> None:
    paragraph = "Dieser Satz hat ein paar Worte. " * 3
    text = "\n\n".join([paragraph.strip()] * 4)
    assert passages(text, limit=80) == [f"{paragraph.strip()}\n\n{paragraph.strip()}"] * 2


def test_only_a_sentence_beyond_the_maximum_is_cut() -> None:
    long = "Und so weiter " * 30
    text = f"Kurz. {long.strip()}. Ende."
    assert passages(text, limit=10, maximum=500)[1] == f"{long.strip()}."
    cut = passages(text, limit=10, maximum=20)
    assert all(count([part])[0] <= 20 for part in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_line_without_spaces_is_cut_between_characters() -> None:
    parts = passages("e\u0301" * 4000, maximum=50)
    assert "".join(parts) == "e\u0301" * 4000
    assert not any(part.startswith("\u0301") for part in parts)


@pytest.mark.parametrize("gap", [" ", "\n", "\u200b", "\u00ad", "x", "-\n"])
def test_a_passage_has_no_more_characters_than_its_tokens_can_be(gap: str) -> None:
    """A megabyte of blanks or invisible characters is no token, one of letters is one."""
    text = f"Ein Satz.{gap * 100_000}Noch ein Satz."

    def one_each(texts: Sequence[str]) -> list[int]:
        return [len(part.split()) for part in texts]

    chunks = split(text, title="", language="de", count_tokens=one_each, limit=20, maximum=40)
    assert max(chunk.end - chunk.start for chunk in chunks) <= 40 * 40
    assert text[chunks[0].start] == "E"
    assert text[: chunks[-1].end].endswith("Noch ein Satz.")


def test_names_and_dates_are_looked_for_at_the_top_alone() -> None:
    looked_up = 0

    class Text(str):
        def count(self, *found: Any) -> int:
            nonlocal looked_up
            looked_up += 1
            return super().count(*found)

    lines = "".join(f"Anna B{number}\n" for number in range(2_000))
    split(Text(lines), title="", language="de", count_tokens=count)
    assert 0 < looked_up <= 50


def test_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "Dieser Absatz ist so umbrochen, wie es manche Editoren tun, mit\n"
        "Zeilen, die alle ungefähr gleich lang sind. Ein Satz hört mitten\n"
        "in der Zeile auf, und der nächste fängt dort an, Zeile um Zeile\n"
        "bis zum Schluss."
    )
    (chunk,) = split(text, title="", language="de", count_tokens=count)
    assert len(chunk.sentences) == 2


def test_a_markdown_heading_ends_a_teaser_block() -> None:
    text = (
        f"## Mehr zum Thema\n\nNoch eine Meldung\n\nSie ist kurz.\n\n## Wieder im Text\n\n{PROSE}"
        "\n\nUnd weiter geht es."
    )
    assert passages(text) == [
        "Noch eine Meldung\n\nSie ist kurz.",
        f"Wieder im Text\n\n{PROSE}\n\nUnd weiter geht es.",
    ]


@pytest.mark.parametrize("text", ["21 Kommentare", "Empfohlen", "---", "Titel\n\nTitel"])
def test_boilerplate_alone_is_still_found(text: str) -> None:
    assert passages(text, "Titel")


def test_white_space_has_no_passage() -> None:
    assert passages("") == passages(" \r\n\u00a0\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "21 Kommentare",
        "Textgröße ändern:",
        "Foto: dpa",
        "© 2024 Beispiel GmbH",
        "Facebook Twitter WhatsApp E-Mail",
        "Auf Facebook teilen",
        "Lesezeit: 3 Min.",
        "5 min read",
        "(dpa/red)",
        "📣 Jetzt abstimmen in unserer Umfrage!",
        "Wir verwenden Cookies, um Inhalte zu verbessern.",
        "We use cookies to improve your experience.",
        "Startseite > Wirtschaft > Firmen",
        "All rights reserved",
        "Der Bote - Konzern wächst kräftig",
    ],
)
def test_boilerplate(line: str) -> None:
    assert is_boilerplate(line, title="Konzern wächst kräftig")


@pytest.mark.parametrize(
    "line",
    [
        PROSE,
        "Unternehmen verwenden Cookies, um Nutzer wiederzuerkennen.",
        "Die 21 Kommentare zum Artikel wurden gelöscht.",
        "Der Konzern wächst kräftig in Asien.",
        "Foto: Am Tag danach kam der Regen. Die Straßen standen unter Wasser, und niemand fuhr.",
        "(Das sagte er zwar, doch niemand hörte zu.)",
        "Teilen ist schwer",
        "Copyrights sind ein Thema für Gerichte",
        "$14 billion were paid in a vote of shareholders",
    ],
)
def test_prose(line: str) -> None:
    assert not is_boilerplate(line, title="Konzern wächst kräftig")


def test_head_lines() -> None:
    assert is_byline("Erika Beispiel", "Titel\nErika Beispiel\nText.")
    assert is_byline("Von Hans-Jürgen van der Berg", "")
    assert not is_byline("Künstliche Intelligenz", "Künstliche Intelligenz\nIntelligenz ist viel.")
    assert not is_byline("Der Umsatz stieg", "Der Umsatz stieg")
    assert is_date_line("Montag, 3. Mai 2024, 10:15 Uhr")
    assert is_date_line("Published on May 3, 2024")
    assert not is_date_line("Am 3. Mai 2024 begann es")


def test_teaser_headings() -> None:
    assert opens_teasers("Das könnte Sie auch interessieren:")
    assert opens_teasers("RELATED ARTICLES")
    assert not opens_teasers("Empfohlen wird eine Impfung")


def test_a_library_that_changes_the_text_loses_no_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from langchain_text_splitters import TextSplitter

    text = "\n\n".join(f"Absatz {n} hat zwei Sätze. Dies ist der andere." for n in range(60))
    merge = TextSplitter._merge_splits
    whole = passages(text, limit=30)
    for change in (str.strip, str.swapcase, lambda part: part + "!", lambda part: part[:-9]):
        monkeypatch.setattr(
            TextSplitter, "_merge_splits", lambda *given, f=change: list(map(f, merge(*given)))
        )
        assert "\n\n".join(passages(text, limit=30)) == text
    assert len(whole) > 10
