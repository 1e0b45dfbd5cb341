"""Views and citations, built from what was pulled out of sentences."""

from __future__ import annotations

from datetime import date

from index import Hit, Passage, Span, make_article
from qa.citations import nearest, present
from qa.question.analyse import Question
from qa.records import Citation, View
from qa.scoring.candidates import Candidate
from qa.scoring.claims import Claim, Scored
from qa.values.find import find_values
from qa.views import grouped
from qa.wording import in_words, is_list

ASKED = Question("Wie viel kostet es?", "de")


def _sentence(text: str, *, before: str = "Ein Satz davor. ", source: str = "s") -> Scored:
    article = make_article(before + text, source=source, language="de")
    span = Span(len(before), len(article.text))
    passage = Passage(1, article, 0, len(article.text), (span,))
    return Scored(Candidate(Hit(1, 1.0, passage), 1, span, find_values(text, "de")), 1.0)


def _claims(scored: Scored, *chosen: int) -> list[list[Claim]]:
    return grouped(_ungrouped(scored, *chosen), ASKED)


def _ungrouped(scored: Scored, *chosen: int) -> list[Claim]:
    values = scored.candidate.values
    return [
        Claim(scored, Span(values[i].start, values[i].end), values[i], probability=0.9)
        for i in chosen
    ]


def _said(scored: Scored, *chosen: int) -> list[list[str]]:
    """For each view what its evidence marks in the quotes."""
    citations, views = present([scored], _claims(scored, *chosen))
    quotes = {citation.n: citation.quote for citation in citations}
    return [[quotes[e.citation][e.start : e.end] for e in view.evidence] for view in views]


def test_evidence_is_the_place_that_was_read() -> None:
    scored = _sentence("Bis 2024 wurde geplant, gebaut wurde erst 2024.")
    _, (view,) = present([scored], _claims(scored, 1))
    (entry,) = view.evidence
    assert entry.start == scored.candidate.text.rindex("2024")


def test_a_value_said_twice_in_a_sentence_has_two_places() -> None:
    assert _said(_sentence("Bis 2024 wurde geplant, gebaut wurde erst 2024."), 0, 1) == [
        ["2024", "2024"]
    ]


def test_each_source_has_the_value_as_it_writes_it() -> None:
    long = _sentence("Das Werk kostet 14 Milliarden Euro.", source="a")
    short = _sentence("Das Werk kostet 14 Mrd. Euro.", source="b")
    claims = [*_ungrouped(long, 0), *_ungrouped(short, 0)]
    citations, (view,) = present([long, short], grouped(claims, ASKED))
    quotes = {citation.n: citation.quote for citation in citations}
    marked = {quotes[entry.citation][entry.start : entry.end] for entry in view.evidence}
    assert marked == {"14 Milliarden Euro", "14 Mrd. Euro"}
    assert view.citations == (1, 2)


def test_a_range_keeps_both_ends() -> None:
    scored = _sentence("Es kostet 10 bis 12 Millionen Euro.")
    _, (view,) = present([scored], _claims(scored, 0))
    assert view.normalized is not None
    assert (view.normalized.amount, view.normalized.upper) == (10e6, 12e6)
    assert view.normalized.unit == "EUR"


def test_a_single_amount_has_no_other_end() -> None:
    scored = _sentence("Es kostet 10 Millionen Euro.")
    _, (view,) = present([scored], _claims(scored, 0))
    assert view.normalized is not None
    assert view.normalized.upper is None


def test_a_sentence_cut_earlier_is_cited_as_it_was_met_first() -> None:
    """Of two passages that begin a sentence at one place, one may end within it."""
    whole = _sentence("Das Werk kostet 14 Milliarden Euro.")
    candidate = whole.candidate
    cut = Scored(
        Candidate(candidate.hit, 1, Span(candidate.span.start, candidate.span.start + 15), ()), 1.0
    )
    claims = [[Claim(cut, Span(0, 8), probability=0.9)], _ungrouped(whole, 0)]
    citations, views = present([cut, whole], claims)
    for view in views:
        for entry in view.evidence:
            assert entry.end <= len(citations[entry.citation - 1].quote)
    assert all(view.citations for view in views)


def _cited(number: int, article_id: str = "a", publisher: str | None = None) -> Citation:
    return Citation(number, article_id, "", "s", publisher, None, 0, 5, "Text.", 0.5)


def test_the_line_says_time_and_hedge_once() -> None:
    view = View("rund 29\u00a0Mio.", (1, 3), time="2024", hedge="rund")
    told = in_words([view, View("x", (2,))], [_cited(n) for n in (1, 2, 3)], "de", listed=False)
    assert told == "rund 29 Mio. (2024) [1][3]; x [2]"


def test_views_that_nothing_else_tells_apart_name_their_sources() -> None:
    citations = [_cited(1, "a", "Kurier"), _cited(2, "b", "Bote")]
    told = in_words([View("9 Euro", (1,)), View("8 Euro", (2,))], citations, "de", listed=False)
    assert told == "9 Euro (Kurier) [1]; 8 Euro (Bote) [2]"


def test_texts_of_one_article_are_one_answer() -> None:
    views = [View("Meta", (1,), is_text=True), View("OpenAI", (2,), is_text=True)]
    assert is_list(views, [_cited(1), _cited(2)])
    assert not is_list(views, [_cited(1, "a"), _cited(2, "b")])
    assert not is_list(views[:1], [_cited(1)])
    assert in_words(views, [_cited(1), _cited(2)], "de", listed=True) == "Meta [1], OpenAI [2]"


def test_what_its_sentence_replaces_comes_last() -> None:
    scored = _sentence("Die Halle kostet statt 48 Millionen Euro nun 71 Millionen Euro.")
    _, (valid, former) = present([scored], _claims(scored, 0, 1))
    assert (valid.value, valid.former) == ("71 Millionen Euro", False)
    assert (former.value, former.former) == ("48 Millionen Euro", True)


def test_the_newest_comes_first_where_that_is_asked_for() -> None:
    old, new = (
        Scored(
            Candidate(
                Hit(1, 1.0, Passage(n, article, 0, len(text), (Span(0, len(text)),))),
                0,
                Span(0, len(text)),
                find_values(text, "de"),
            ),
            1.0,
        )
        for n, (text, day) in enumerate(
            [("Es kostet 9 Euro.", date(2020, 1, 1)), ("Es kostet 8 Euro.", date(2024, 1, 1))]
        )
        for article in [make_article(text, source=text, language="de", published=day)]
    )
    claims = [*_ungrouped(old, 0), *_ungrouped(new, 0)]
    for question, first in (("Wie viel kostet es?", "9"), ("Was kostet es derzeit?", "8")):
        groups = grouped(claims, Question(question, "de"))
        assert groups[0][0].text.startswith(first)


def test_the_nearest_are_named_once_a_sentence() -> None:
    scored = _sentence("Es kostet 10 Euro, früher 8 Euro.")
    assert [citation.n for citation in nearest(_ungrouped(scored, 0, 1), 0.05)] == [1]
    assert nearest(_ungrouped(scored, 0), 0.95) == ()


def test_without_claims_there_is_nothing_to_cite() -> None:
    assert present([_sentence("Es kostet 10 Euro.")], []) == ((), ())
