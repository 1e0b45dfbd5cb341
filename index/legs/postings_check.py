"""Whether postings are such as ``compile_postings`` makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.legs.postings import Postings, term_keys

_TERMS_AT_ONCE = 4_096


def postings_problems(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """What is wrong with a segment's arrays of postings, whose types and sizes are right."""
    blob, term_ends, list_ends, rows, counts, lengths = (
        arrays[f"lexical_{name}"]
        for name in ("blob", "term_ends", "list_ends", "rows", "counts", "lengths")
    )
    for name, ends, whole in (("term_ends", term_ends, blob), ("list_ends", list_ends, rows)):
        if (np.diff(ends, prepend=0) <= 0).any() or int(ends[-1] if len(ends) else 0) != len(whole):
            yield f"lexical_{name} does not divide what it stands for"
            return
    keys, by_ending = arrays["lexical_keys"], arrays["lexical_by_ending"]
    if not len(term_ends) == len(list_ends) == len(keys) == len(by_ending) or len(rows) != len(
        counts
    ):
        yield "the postings have not as many lists or keys as terms, or counts as rows"
        return
    if len(rows) and not (int(rows.min()) >= 0 and int(rows.max()) < len(lengths)):
        yield "the postings name passages that are not there"
        return
    if (counts <= 0).any():
        yield "the postings count a term less than once"
    summed = np.bincount(rows, weights=counts, minlength=len(lengths))
    for row in np.flatnonzero(summed != lengths):
        yield f"passage {arrays['ids'][row]}: its terms are not as many as its length says"
    yield from _check_terms(Postings.from_arrays(arrays))


def _check_terms(postings: Postings) -> Iterator[str]:
    """Whether the terms are in order, forwards and backwards, and have their keys."""
    before = b""
    for first in range(0, len(postings.keys), _TERMS_AT_ONCE):
        keys = postings.keys[first : first + _TERMS_AT_ONCE]
        terms = [postings.term(number) for number in range(first, first + len(keys))]
        if any(b <= a for a, b in pairwise([before, *terms])):
            yield "the terms are not in order"
            return
        if (term_keys(terms) != keys).any():
            yield "lexical_keys are not the terms' first bytes"
            return
        before = terms[-1]
    numbers = postings.by_ending
    if (np.sort(numbers) != np.arange(len(numbers))).any():
        yield "lexical_by_ending does not name each term once"
        return
    backwards = (postings.term(number)[::-1] for number in numbers.tolist())
    if any(b <= a for a, b in pairwise(backwards)):
        yield "lexical_by_ending is not in the order of the terms read backwards"
