"""The proof of an answer: the numbered citations that its views stand in.

What cannot be verified is not shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from index import Article, Span, are_copies
from qa.records import Citation, Evidence, View
from qa.scoring.claims import Claim, Scored
from qa.views import view_of

CITED_SENTENCES = 3
"""What the views do not fill is filled with the next sentences, as places that may say more."""

FURTHER_AT_LEAST = 0.03
"""Probability below which a sentence is not worth a look: .1 leaves out the answer of one place in
twenty, 0 shows half a sentence more an answer (``bench.sweep``)."""


def present(
    ranked: Sequence[Scored], groups: Sequence[Sequence[Claim]]
) -> tuple[tuple[Citation, ...], tuple[View, ...]]:
    """The citations, numbered in the order in which the views name them, then further sentences.

    Each of ``groups`` are claims that say the same, and become one view.
    """
    citations: dict[tuple[str, int], Citation] = {}
    views = []
    for group in groups:
        numbers: dict[int, None] = {}
        evidence: dict[Evidence, None] = {}
        for entry in group:
            citation = _cite(entry.scored, len(citations) + 1)
            if citation is None:
                continue
            known = citations.setdefault((citation.article_id, citation.start), citation)
            numbers[known.n] = None
            # A sentence that passages cut in two ways is cited as it was met first.
            if entry.span.end <= len(known.quote):
                evidence[Evidence(known.n, entry.span.start, entry.span.end)] = None
        if numbers:
            views.append(view_of(group, tuple(numbers), tuple(evidence)))
    if citations:
        _add_further(ranked, citations)
    return tuple(citations.values()), tuple(views)


def nearest(claims: Sequence[Claim], at_least: float) -> tuple[Citation, ...]:
    """The sentences that come nearest to an answer which the articles do not give."""
    found: dict[tuple[str, int], Citation] = {}
    for claim in claims:
        if claim.probability < at_least or len(found) >= CITED_SENTENCES:
            break
        citation = _cite(claim.scored, len(found) + 1)
        if citation is not None:
            found.setdefault((citation.article_id, citation.start), citation)
    return tuple(found.values())


def citation_holds(article: Article, span: Span, quote: str) -> bool:
    """Whether ``quote`` stands at ``span`` of ``article``, and the text is the stored one."""
    return (
        0 <= span.start < span.end <= len(article.text)
        and article.text[span.start : span.end] == quote
        and hashlib.sha256(article.text.encode("utf-8")).hexdigest() == article.sha256
    )


def _add_further(ranked: Sequence[Scored], citations: dict[tuple[str, int], Citation]) -> None:
    """Fill up to ``CITED_SENTENCES`` with the likeliest of the sentences that no view names."""
    for scored in ranked:
        if len(citations) >= CITED_SENTENCES or scored.probability < FURTHER_AT_LEAST:
            return
        citation = _cite(scored, len(citations) + 1)
        language = scored.candidate.hit.passage.article.language
        if citation is not None and not any(
            are_copies(citation.quote, other.quote, language) for other in citations.values()
        ):
            citations.setdefault((citation.article_id, citation.start), citation)


def _cite(scored: Scored, n: int) -> Citation | None:
    """The citation of a sentence, or None where the stored text does not bear it out."""
    candidate = scored.candidate
    article = candidate.hit.passage.article
    if not citation_holds(article, candidate.span, candidate.text):
        return None
    return Citation(
        n=n,
        article_id=article.id,
        title=article.title,
        source=article.source,
        publisher=article.publisher,
        published=article.published,
        start=candidate.span.start,
        end=candidate.span.end,
        quote=candidate.text,
        score=scored.probability,
        also_in=tuple(a for a in candidate.hit.also_in if candidate.text in a.text),
    )
