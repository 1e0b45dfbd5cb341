"""Views and citations, built from what was pulled out of sentences."""

from __future__ import annotations

from index import Hit, Passage, Span, make_article
from qa.citations import in_words, present
from qa.records import View
from qa.scoring.candidates import Candidate
from qa.scoring.extract import Extract, Scored
from qa.values.find import find_values


def _sentence(text: str, *, before: str = "Ein Satz davor. ", source: str = "s") -> Scored:
    article = make_article(before + text, source=source, language="de")
    span = Span(len(before), len(article.text))
    passage = Passage(1, article, 0, len(article.text), (span,))
    return Scored(Candidate(Hit(1, 1.0, passage), 1, span, find_values(text, "de")), 1.0)


def _extracts(scored: Scored, *chosen: int) -> list[Extract]:
    values = scored.candidate.values
    return [Extract(scored, Span(values[i].start, values[i].end), 0.9, values[i]) for i in chosen]


def _said(scored: Scored, *chosen: int) -> list[list[str]]:
    """For each view what its evidence marks in the quotes."""
    citations, views = present([scored], _extracts(scored, *chosen))
    quotes = {citation.n: citation.quote for citation in citations}
    return [[quotes[e.citation][e.start : e.end] for e in view.evidence] for view in views]


def test_evidence_is_the_place_that_was_read() -> None:
    scored = _sentence("Bis 2024 wurde geplant, gebaut wurde erst 2024.")
    _, (view,) = present([scored], _extracts(scored, 1))
    (entry,) = view.evidence
    assert entry.start == scored.candidate.text.rindex("2024")


def test_a_value_said_twice_in_a_sentence_has_two_places() -> None:
    assert _said(_sentence("Bis 2024 wurde geplant, gebaut wurde erst 2024."), 0, 1) == [
        ["2024", "2024"]
    ]


def test_each_source_has_the_value_as_it_writes_it() -> None:
    long = _sentence("Das Werk kostet 14 Milliarden Euro.", source="a")
    short = _sentence("Das Werk kostet 14 Mrd. Euro.", source="b")
    citations, (view,) = present([long, short], _extracts(long, 0) + _extracts(short, 0))
    quotes = {citation.n: citation.quote for citation in citations}
    marked = {quotes[entry.citation][entry.start : entry.end] for entry in view.evidence}
    assert marked == {"14 Milliarden Euro", "14 Mrd. Euro"}
    assert view.citations == (1, 2)


def test_a_range_keeps_both_ends() -> None:
    scored = _sentence("Es kostet 10 bis 12 Millionen Euro.")
    _, (view,) = present([scored], _extracts(scored, 0))
    assert view.normalized is not None
    assert (view.normalized.amount, view.normalized.upper) == (10e6, 12e6)
    assert view.normalized.unit == "EUR"


def test_a_single_amount_has_no_other_end() -> None:
    scored = _sentence("Es kostet 10 Millionen Euro.")
    _, (view,) = present([scored], _extracts(scored, 0))
    assert view.normalized is not None
    assert view.normalized.upper is None


def test_a_sentence_cut_earlier_is_cited_as_it_was_met_first() -> None:
    """Of two passages that begin a sentence at one place, one may end within it."""
    whole = _sentence("Das Werk kostet 14 Milliarden Euro.")
    candidate = whole.candidate
    cut = Scored(
        Candidate(candidate.hit, 1, Span(candidate.span.start, candidate.span.start + 15), ()), 1.0
    )
    extracts = [Extract(cut, Span(0, 8), 0.9), *_extracts(whole, 0)]
    citations, views = present([cut, whole], extracts)
    for view in views:
        for entry in view.evidence:
            assert entry.end <= len(citations[entry.citation - 1].quote)
    assert all(view.citations for view in views)


def test_the_line_says_time_and_hedge_once() -> None:
    view = View("rund 29\u00a0Mio.", (1, 3), time="2024", hedge="rund")
    assert view.line == "rund 29\u00a0Mio. (2024)"
    assert in_words([view, View("x", (2,))]) == "rund 29 Mio. (2024) [1][3]; x [2]"


def test_without_extracts_there_is_nothing_to_cite() -> None:
    assert present([_sentence("Es kostet 10 Euro.")], []) == ((), ())
