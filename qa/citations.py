"""The proof of an answer: its views, and the numbered citations that they stand in.

What cannot be verified is not shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from index import Article, Span, are_copies
from index.text.analysis import terms
from qa.records import Citation, Evidence, Normalized, View
from qa.scoring.extract import Extract, Scored
from qa.values.find import Value, group_values

CITED_SENTENCES = 3
"""What the views do not fill is filled with the next sentences, as places that may say more."""

FURTHER_AT_LEAST = 0.03
"""Probability below which a sentence is not worth a look: .1 leaves out the answer of one place in
twenty, 0 shows half a sentence more an answer (``bench.sweep``)."""


def present(
    ranked: Sequence[Scored], extracts: Sequence[Extract]
) -> tuple[tuple[Citation, ...], tuple[View, ...]]:
    """Number the citations in the order in which the views name them; then further sentences."""
    citations: dict[tuple[str, int], Citation] = {}
    views = []
    for group in grouped(extracts):
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
            views.append(_view(group[0], tuple(numbers), tuple(evidence)))
    if citations:
        _add_further(ranked, citations)
    return tuple(citations.values()), tuple(views)


def in_words(views: Sequence[View]) -> str:
    """The views in one line, each with the numbers of its citations."""
    parts = [view.line + " " + "".join(f"[{n}]" for n in view.citations) for view in views]
    return "; ".join(" ".join(part.split()) for part in parts)


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


def grouped(extracts: Sequence[Extract]) -> list[list[Extract]]:
    """Extracts that say the same, best supported first."""
    values = [entry.value for entry in extracts if entry.value is not None]
    if len(values) == len(extracts):
        groups = [[extracts[i] for i in group] for group in group_values(values)]
    else:
        named: dict[tuple[str, ...], list[Extract]] = {}
        for entry in extracts:
            named.setdefault(tuple(sorted(terms(entry.text, "und"))), []).append(entry)
        groups = list(named.values())
    for group in groups:
        group.sort(key=lambda entry: -entry.probability)
    return sorted(groups, key=lambda group: -_support(group))


def _support(group: Sequence[Extract]) -> float:
    """The probability that at least one source is right; the likeliest come first.

    Of one article the best counts, and what was copied counts once.
    """
    doubt = 1.0
    counted: list[Extract] = []
    for entry in group:
        if not any(_same_source(entry, other) for other in counted):
            counted.append(entry)
            doubt *= 1.0 - entry.probability
    return 1.0 - doubt


def _same_source(one: Extract, other: Extract) -> bool:
    """Whether two extracts are of one article, or their sentences are copies."""
    a, b = one.scored.candidate, other.scored.candidate
    article = a.hit.passage.article
    return article.id == b.hit.passage.article.id or are_copies(a.text, b.text, article.language)


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


def _view(best: Extract, citations: tuple[int, ...], evidence: tuple[Evidence, ...]) -> View:
    value = best.value
    if value is None:
        return View(best.text, citations, evidence=evidence)
    text = best.text
    if value.approximator and not text.startswith(value.approximator):
        text = f"{value.approximator} {text}"
    return View(text, citations, _normalized(value), value.time, value.hedge, evidence)


def _normalized(value: Value) -> Normalized | None:
    if value.amount is None:
        return None
    upper = None if value.upper is None else float(value.upper)
    return Normalized(float(value.amount), value.unit, upper)
