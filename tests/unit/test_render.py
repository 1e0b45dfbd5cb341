"""What answers and articles look like in the terminal and on the page, made from records."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from index.records import (
    Article,
    ArticleSummary,
    Failure,
    Hit,
    LegScore,
    Passage,
    Span,
    Status,
    make_article,
)
from index.translation import speaking
from qa.records import Answer, Citation, Evidence, TimeLimit, View
from qa.show import article_page, terminal
from qa.show.sanitize import cell, json_text, one_line, visible
from qa.show.sureness import sureness

HOSTILE = "<script>alert(1)</script> ${x} {{y}} `z` \x1b[2J\x9b31m\u202etob\r <img onerror=1>"
TEXT = (
    "Ein Vorspann ohne Zahl. Die Harlund-Brücke kostete 29\u00a0Millionen Euro, heißt es. "
    "Im Jahr davor waren 25 Millionen geplant.\n\nDas Ende."
)

FIRST_QUOTE = "Die Harlund-Brücke kostete 29\u00a0Millionen Euro, heißt es."
PLACE = (TEXT.index(FIRST_QUOTE), TEXT.index(FIRST_QUOTE) + len(FIRST_QUOTE))


def _article(text: str = TEXT, **changes: object) -> Article:
    facts = {"title": "Die Brücke", "publisher": "Tagblatt", "published": date(2025, 6, 14)}
    return make_article(
        text,
        **{"source": "https://example.org/b", "language": "de", **facts, **changes},  # type: ignore[arg-type]
    )


def _citation(record: Article, n: int, quote: str) -> Citation:
    start = record.text.index(quote)
    facts = (record.title, record.source, record.publisher, record.published)
    return Citation(n, record.id, *facts, start, start + len(quote), quote, 0.9)


def _answer(record: Article | None = None) -> Answer:
    record = record or _article()
    citations = (
        _citation(record, 1, FIRST_QUOTE),
        _citation(record, 2, "Im Jahr davor waren 25 Millionen geplant."),
    )
    passage = Passage(1, record, 0, len(record.text), ())
    other = Passage(2, record, len(record.text) - 9, len(record.text), ())
    return Answer(
        question="Was kostete die Brücke?",
        language="de",
        kind="amount",
        found=True,
        answer="29 Millionen Euro",
        confidence=0.83,
        views=(
            View("29 Millionen Euro", (1,), evidence=(Evidence(1, 27, 44),), probability=0.999),
            View("25 Millionen", (2,), None, "2024", "geplant", (Evidence(2, 20, 32),), 0.6),
        ),
        citations=citations,
        passages=(
            Hit(1, 0.9, passage, LegScore(1, 0.87), None),
            Hit(2, 0.4, other, LegScore(2, 0.8), LegScore(7, 3.5)),
        ),
        timings_ms={"search": 12.25},
    )


def _not_found() -> Answer:
    nothing = {"found": False, "answer": "Das steht nicht darin.", "views": (), "citations": ()}
    return replace(_answer(), **nothing)  # type: ignore[arg-type]


class TestVisible:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a\x1b[31mb", r"a\x1b[31mb"),
            ("a\x9bb\x07\x7f", r"a\x9bb\x07\x7f"),
            ("tob\u202egnil", r"tob\u202egnil"),
            ("\u2066x\u2069\u200f\u061c", r"\u2066x\u2069\u200f\u061c"),
            ("eins\r\nzwei\rdrei", "eins\nzwei\\x0ddrei"),
            ("\ud800", r"\ud800"),
            ("Zeile\n\tTab", "Zeile\n\tTab"),
            ("Ä ß 👩\u200d🔬 é\u0301 14\u00a0€", "Ä ß 👩\u200d🔬 é\u0301 14\u00a0€"),
        ],
    )
    def test_writes_out_what_steers_and_nothing_else(self, text: str, shown: str) -> None:
        assert visible(text) == shown

    def test_one_line(self) -> None:
        assert one_line(" a\n b\t\tc\x1b ") == r"a b c\x1b"

    def test_json_is_the_same_value_without_steering_characters(self) -> None:
        value = {"t": HOSTILE + "\ud800ü", "d": date(2025, 6, 14)}
        text = json_text(value)
        assert json.loads(text) == {"t": HOSTILE + "\ud800ü", "d": "2025-06-14"}
        assert "ü" in text
        assert visible(text) == text

    def test_json_refuses_what_it_does_not_know(self) -> None:
        with pytest.raises(TypeError, match="set"):
            json_text({"a": {1}})


class TestPlaces:
    """What is marked in a quote is where the value was read, and is not searched again."""

    def test_the_same_number_twice_is_marked_where_it_is_the_value(self) -> None:
        quote = "Bis 2024 wurde geplant, gebaut wurde erst 2024."
        second = quote.rindex("2024")
        assert self._marked(quote, View("2024", (1,), evidence=(self._at(second, 4),))) == [
            (second, "2024")
        ]

    def test_a_value_is_marked_as_its_source_writes_it(self) -> None:
        quote = "Das Werk kostet 14 Mrd. Euro."
        view = View("14 Milliarden Euro", (1,), evidence=(self._at(quote.index("14"), 12),))
        assert self._marked(quote, view) == [(16, "14 Mrd. Euro")]

    def test_overlapping_places_are_one(self) -> None:
        quote = "Es sind 14 Millionen."
        views = (
            View("14", (1,), evidence=(self._at(8, 2),)),
            View("14 Millionen", (1,), evidence=(self._at(8, 12),)),
        )
        assert self._marked(quote, *views) == [(8, "14 Millionen")]

    def test_the_places_of_another_citation_are_not_marked(self) -> None:
        view = View("14", (1, 2), evidence=(Evidence(2, 0, 2),))
        assert self._marked("14 sind 14.", view) == []

    @staticmethod
    def _at(start: int, length: int) -> Evidence:
        return Evidence(1, start, start + length)

    @staticmethod
    def _marked(quote: str, *views: View) -> list[tuple[int, str]]:
        """What is marked, with its place in the quote."""
        record = _article("Davor steht 2024. " + quote)
        citation = _citation(record, 1, quote)
        result = replace(_answer(), views=views, citations=(citation,))
        result = replace(
            result, passages=(Hit(1, 0.9, Passage(1, record, 0, len(record.text), ())),)
        )
        shown = terminal.answer(result)
        sources = shown.plain.index(quote)
        return [
            (span.start - sources, shown.plain[span.start : span.end])
            for span in shown.spans
            if span.style == terminal.VALUE and span.start >= sources
        ]


class TestTerminal:
    @pytest.mark.parametrize(
        ("probability", "word"),
        [
            (1.0, "sicher (99\u00a0%)"),
            (0.9, "sicher (90\u00a0%)"),
            (0.7, "wahrscheinlich (70\u00a0%)"),
            (0.69, "unsicher (69\u00a0%)"),
            (0.0, "unsicher (0\u00a0%)"),
        ],
    )
    def test_sureness_is_a_word_with_its_number(self, probability: float, word: str) -> None:
        with speaking("de"):
            assert sureness(probability) == word

    def test_a_refusal_shows_what_comes_nearest(self) -> None:
        answered = _answer()
        refused = replace(answered, found=False, views=(), citations=(), nearest=answered.citations)
        told = terminal.answer(refused).plain
        assert "Nahe daran, aber keine Antwort:" in told
        assert f"[1] {FIRST_QUOTE}\n" in told

    def test_answer_with_views_and_sources(self) -> None:
        text = terminal.answer(_answer()).plain
        assert text.splitlines()[0] == "29 Millionen Euro  wahrscheinlich (83\u00a0%)"
        assert "  • 29 Millionen Euro [1]  sicher (99\u00a0%)\n" in text
        assert "  • 25 Millionen (2024, geplant) [2]  unsicher (60\u00a0%)\n" in text
        assert f"[1] {FIRST_QUOTE}\n" in text
        assert "    Tagblatt · 14.06.2025 · Die Brücke\n    https://example.org/b\n" in text
        start, end = PLACE
        assert f"qa show {_article().id} --start {start} --end {end}\n" in text

    def test_the_value_in_the_quote_is_emphasised(self) -> None:
        text = terminal.answer(_answer())
        emphasised = {text.plain[s.start : s.end] for s in text.spans if s.style == terminal.VALUE}
        assert "29\u00a0Millionen Euro" in emphasised

    @pytest.mark.parametrize(
        ("language", "nearest"),
        [("de", "Am nächsten kommen:"), ("en", "Nearest passages:"), ("fr", "Nearest passages:")],
    )
    def test_not_found(self, language: str, nearest: str) -> None:
        text = terminal.answer(replace(_not_found(), language=language)).plain
        assert text.startswith("Das steht nicht darin.\n\n" + nearest + "\n")
        assert "Ein Vorspann ohne Zahl." in text
        assert "%" not in text, "a refusal has no confidence to show"

    def test_not_found_without_passages(self) -> None:
        text = terminal.answer(replace(_not_found(), passages=())).plain
        assert text == "Das steht nicht darin.\n"

    @pytest.mark.usefixtures("german")
    @pytest.mark.parametrize(
        ("since", "until", "told"),
        [
            (date(2023, 1, 1), None, "seit 01.01.2023"),
            (None, date(2023, 1, 31), "bis 31.01.2023"),
            (date(2023, 1, 1), date(2023, 1, 31), "zwischen 01.01.2023 und 31.01.2023"),
        ],
    )
    def test_a_time_limit_is_told(self, since: date | None, until: date | None, told: str) -> None:
        result = replace(_answer(), time_limit=TimeLimit("im Januar", since, until))
        assert told in terminal.answer(result).plain

    @pytest.mark.usefixtures("german")
    def test_a_time_limit_that_was_not_applied_is_told(self) -> None:
        limit = TimeLimit("2014", date(2014, 1, 1), None, applied=False)
        result = replace(_answer(), time_limit=limit)
        told = "Artikel aus jeder Zeit: die, erschienen seit 01.01.2014, antworten nicht besser"
        assert told in terminal.answer(result).plain

    @pytest.mark.usefixtures("german")
    def test_copies_are_named_with_the_proof(self) -> None:
        copy = _article(source="https://example.net/b", publisher=f"Kurier {HOSTILE}")
        first, *rest = _answer().citations
        hit, other = _answer().passages
        result = replace(
            _answer(),
            citations=(replace(first, also_in=(copy,)), *rest),
            passages=(replace(hit, also_in=(copy,)), other),
        )
        for shown in (result, replace(result, found=False, citations=(), views=())):
            text = terminal.answer(shown).plain
            assert text.count("auch in: Kurier <script>") == 1
            assert "\x1b" not in text
        assert "auch in: Kurier" in terminal.explanation(result).plain

    def test_explanation_shows_where_the_reranker_placed_a_passage(self) -> None:
        hit = replace(_answer().passages[0], reranker=LegScore(1, 0.75))
        text = terminal.explanation(replace(_answer(), passages=(hit,))).plain
        assert "lexical –  reranker #1 0.7500" in text

    def test_explanation_shows_both_legs(self) -> None:
        text = terminal.explanation(_answer()).plain
        assert "dense #1 0.8700  lexical –" in text
        assert "dense #2 0.8000  lexical #7 3.5000" in text
        assert "kind amount, language de, confidence 0.8300" in text
        assert "search 12.2" in text

    @pytest.mark.usefixtures("german")
    def test_article_with_the_mark(self) -> None:
        record, mark = _article(), Span(*PLACE)
        plain = terminal.article(record, mark, brackets=True).plain
        assert f">>>{mark.of(record.text)}<<<" in plain
        assert plain.startswith("Die Brücke\nTagblatt · 14.06.2025\nhttps://example.org/b\n")
        coloured = terminal.article(record, mark, brackets=False)
        assert ">>>" not in coloured.plain
        [span] = [span for span in coloured.spans if span.style == terminal.MARK]
        assert coloured.plain[span.start : span.end] == mark.of(record.text)

    def test_hostile_texts_do_not_steer_the_terminal(self) -> None:
        record = _article(TEXT + HOSTILE, title=HOSTILE, publisher=HOSTILE, source=HOSTILE)
        result = replace(
            _answer(record),
            answer=HOSTILE,
            views=(View(HOSTILE, (1,), evidence=(Evidence(1, 3, 9),)),),
        )
        shown = [
            terminal.answer(result),
            terminal.answer(replace(result, found=False)),
            terminal.explanation(result),
            terminal.article(record, Span(3, 9), brackets=True),
            terminal.status(Status(HOSTILE, 1, 1, 1, 1, 1, HOSTILE, 3, HOSTILE)),
        ]
        for text in shown:
            assert visible(text.plain) == text.plain
        assert "\n" not in terminal.failure(Failure(HOSTILE + "\n", "a\nb"))

    def test_listing_is_one_line_of_tabs_an_article(self) -> None:
        item = ArticleSummary("1a", "T\ti\ntel", "s", None, None, "de", 9, 1, False)
        assert list(terminal.listing([item])) == ["1a\t\tde\t\tT i tel\ts"]

    def test_status(self) -> None:
        record = Status(
            "/x", 3, 2, 1500, 1, 123_456, "m", 384, "OpenVINO", {"de": 3}, (Failure("a", "b"),)
        )
        text = terminal.status(record).plain
        assert "articles  3 (2 different texts)" in text
        assert "passages  1,500 in 1 segment\n" in text
        assert "123.5 kB" in text
        assert "Could not be read: 1\na: b\n" in text
        assert "qa forget SOURCE" in text


@pytest.mark.usefixtures("german")
class TestPage:
    def test_hostile_texts_are_escaped_everywhere(self) -> None:
        record = _article(TEXT + HOSTILE, title=HOSTILE, publisher=HOSTILE, source=HOSTILE)
        for markup in (
            article_page.article(record, None),
            article_page.article(record, Span(2, len(TEXT) + 9)),
            article_page.missing_article(HOSTILE),
        ):
            assert "alert(1)" in markup
            assert "<script" not in markup
            assert "<img" not in markup
            assert "${" not in markup
            assert "{{" not in markup
            assert "\x1b" not in markup
            assert "\u202e" not in markup

    @pytest.mark.parametrize("source", ["javascript:alert(1)", "data:text/html,x", "http://[x"])
    def test_only_web_addresses_become_links(self, source: str) -> None:
        assert f'href="{source}' not in article_page.article(_article(source=source), None)

    def test_article_marks_the_place(self) -> None:
        record = _article("Die Brücke\n\n" + TEXT)
        markup = article_page.article(record, Span(12, 20))
        assert f'<mark id="stelle">{record.text[12:20]}</mark>' in markup
        assert markup.count("<h1>Die Brücke</h1>") == 1
        assert "Die Brücke\n" not in markup, "the heading shows the title already"
        assert '<mark id="stelle">Die' in article_page.article(record, Span(0, 3))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", " =cmd|' /C calc'!A0"]
)
def test_a_cell_is_no_formula(text: str) -> None:
    assert cell(text) == f"'{one_line(text)}"


@pytest.mark.parametrize("text", ["Die Brücke", "", "1 + 1 = 2", "'=1"])
def test_other_cells_stay(text: str) -> None:
    assert cell(text) == text
