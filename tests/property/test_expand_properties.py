"""What must hold for any vocabulary: no word is invented, none depends on segments or the dead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.legs.lexical import CompiledBM25, TermGroup
from index.legs.postings import compile_postings
from index.search.expand import COMPOUNDING, Expander, Vocabulary
from index.text.analysis import terms

WORD = st.sampled_from(
    ["bewert", "milliard", "milliardenbewert", "steu", "hundesteu", "hund", "hundert", "ä", "山",
     "山水", "富山", "autos", "auto", "daten", "dat", "trainingsdat", "training", "x\0y", "10^9"]
)  # fmt: skip
INVENTED = st.text(st.sampled_from("abensä山"), min_size=1, max_size=6)
TERM = st.one_of(WORD, INVENTED)
SEGMENTS = st.lists(
    st.lists(st.lists(TERM, max_size=8), min_size=1, max_size=6), min_size=1, max_size=4
)
LANGUAGE = st.sampled_from([*sorted(COMPOUNDING), "en", "zh", "und"])


def vocabulary(segments: Sequence[Sequence[Sequence[str]]], live: Sequence[bool]) -> Vocabulary:
    postings = [compile_postings(segment) for segment in segments]
    return Vocabulary(postings, np.array(live, dtype=np.bool_))


@settings(deadline=None)
@given(SEGMENTS, TERM, st.data())
def test_vocabulary_is_that_of_the_live_passages(
    segments: list[list[list[str]]], part: str, draw: st.DataObject
) -> None:
    passages = [passage for segment in segments for passage in segment]
    live = draw.draw(st.lists(st.booleans(), min_size=len(passages), max_size=len(passages)))
    kept = [passage for passage, is_live in zip(passages, live, strict=True) if is_live]
    words = {word for passage in kept for word in passage}
    found = vocabulary(segments, live)
    for word in [*words, part]:
        assert found.frequency(word) == sum(word in passage for passage in kept)
    longer = {word for word in words if len(word) > len(part)}
    assert sorted(found.ending_in(part)) == sorted(w for w in longer if w.endswith(part))
    assert sorted(found.beginning_with(part)) == sorted(w for w in longer if w.startswith(part))


@settings(deadline=None)
@given(SEGMENTS, TERM, LANGUAGE)
def test_equivalents_are_other_words_of_the_vocabulary(
    segments: list[list[list[str]]], term: str, language: str
) -> None:
    passages = [passage for segment in segments for passage in segment]
    words = {word for passage in passages for word in passage}
    live = [True] * len(passages)
    expander = Expander(vocabulary(segments, live), {language: 1})
    found = expander.found_by(term, language)
    assert found.keys() <= words - {term}
    assert all(0.0 < weight < 1.0 for weight in found.values())
    # One segment with everything tells the same.
    assert Expander(vocabulary([passages], live), {language: 1}).found_by(term, language) == found


@settings(deadline=None)
@given(
    SEGMENTS, st.dictionaries(TERM, st.sampled_from([0.3, 0.5, 0.8]), max_size=4), TERM, st.data()
)
def test_group_is_scored_as_one_word(
    segments: list[list[list[str]]], equivalents: dict[str, float], term: str, draw: st.DataObject
) -> None:
    equivalents.pop(term, None)
    passages = [passage for segment in segments for passage in segment]
    live = draw.draw(st.lists(st.booleans(), min_size=len(passages), max_size=len(passages)))
    mask = np.array(live, dtype=np.bool_)
    bm25 = CompiledBM25([compile_postings(s) for s in segments], mask, k1=0.9, b=0.4)
    scores = bm25.get_group_scores([TermGroup(term, 2.0, equivalents)])
    kept = [passage for passage, is_live in zip(passages, live, strict=True) if is_live]
    members = {term: 1.0, **equivalents}
    tf = [sum(w * passage.count(word) for word, w in members.items()) for passage in kept]
    containing = sum(term in passage for passage in kept) or sum(count > 0 for count in tf)
    idf = np.log1p((len(kept) - containing + 0.5) / (containing + 0.5))
    average = sum(map(len, kept)) / len(kept) if kept else 0.0
    expected = [
        2.0 * idf * f * 1.9 / (f + 0.9 * (0.6 + 0.4 * len(passage) / average)) if f else 0.0
        for f, passage in zip(tf, kept, strict=True)
    ]
    assert scores[mask] == pytest.approx(expected, rel=1e-4)
    assert not scores[~mask].any()


@settings(deadline=None)
@given(st.text(max_size=80), LANGUAGE, LANGUAGE)
def test_the_querys_own_terms_keep_their_full_weight(text: str, language: str, other: str) -> None:
    expander = Expander(vocabulary([[["bewert"]]], [True]), {other: 2, language: 1})
    weights = {group.term: group.weight for group in expander.groups(text, language)}
    own = terms(text, language)
    assert {term: weights[term] for term in own} == {term: own.count(term) for term in own}
