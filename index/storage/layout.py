"""What the arrays of a segment must be to be read together: kinds, dimensions and sizes.

Checksums tell what changed since it was written; an index that comes from elsewhere can have been
written wrongly with checksums that fit. Of what has a row for each passage only the languages are
read, two bytes each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OF_PASSAGES = ("ids", "vectors", "sentence_ends", "vector_checks", "language_rows")

KINDS: Mapping[str, tuple[str, int]] = {
    "ids": ("int64", 1),
    "vectors": ("float16", 2),
    "sentence_ends": ("int64", 1),
    "vector_checks": ("uint32", 1),
    "language_rows": ("int16", 1),
    "language_names": ("S8", 1),
    "language_sums": ("float32", 3),
    "language_sizes": ("int64", 2),
    "lexical_blob": ("uint8", 1),
    "lexical_term_ends": ("int64", 1),
    "lexical_list_ends": ("int64", 1),
    "lexical_keys": ("uint64", 1),
    "lexical_by_ending": ("int32", 1),
    "lexical_rows": ("int32", 1),
    "lexical_counts": ("int32", 1),
    "lexical_lengths": ("int32", 1),
}
_SENTENCES: Mapping[str, tuple[str, int]] = {
    "sentences": ("int8", 2),
    "sentence_scales": ("float32", 1),
}
_EARLIER: Mapping[str, tuple[str, int]] = {"sentences": ("float16", 2)}  # layout 3
_CODES: Mapping[str, tuple[str, int]] = {"codes": ("uint8", 1), "code_steps": ("float32", 2)}


def wrong_shapes(
    arrays: Mapping[str, NDArray[Any]], passages: int, dimension: int | None = None
) -> str | None:
    """Why a segment of so many passages cannot have these arrays; None where it can.

    ``dimension`` is that of the index's vectors.
    """
    return next(_wrong(arrays, passages, dimension), None)


def _wrong(
    arrays: Mapping[str, NDArray[Any]], passages: int, dimension: int | None
) -> Iterator[str]:
    kinds = {**KINDS, **(_SENTENCES if "sentence_scales" in arrays else _EARLIER)}
    kinds |= {name: kind for name, kind in _CODES.items() if name in arrays}
    for name, (dtype, dimensions) in kinds.items():
        if name not in arrays:
            yield f"it has no {name}"
            return
        found = arrays[name]
        if found.dtype != np.dtype(dtype) or found.ndim != dimensions:
            yield f"{name} is {found.dtype} with {found.ndim} dimensions, not {dtype}"
            return
    for name in (*_OF_PASSAGES, "lexical_lengths"):
        if len(arrays[name]) != passages:
            yield f"{name} has {len(arrays[name]):,} rows for {passages:,} passages"
    width = dimension or arrays["vectors"].shape[1]
    languages = len(arrays["language_names"])
    for name, shape in {
        "vectors": (passages, width),
        "sentences": (len(arrays["sentences"]), width),
        "language_sums": (2, languages, width),
        "language_sizes": (2, languages),
    }.items():
        if arrays[name].shape != shape:
            yield f"{name} has the shape {arrays[name].shape}, not {shape}"
    if "sentence_scales" in arrays and len(arrays["sentence_scales"]) != len(arrays["sentences"]):
        yield "the sentences have not as many scales as vectors"
    terms = len(arrays["lexical_term_ends"])
    for name in ("lexical_list_ends", "lexical_keys", "lexical_by_ending"):
        if len(arrays[name]) != terms:
            yield f"{name} has {len(arrays[name]):,} rows for {terms:,} terms"
    if len(arrays["lexical_rows"]) != len(arrays["lexical_counts"]):
        yield "the postings have not as many counts as rows"
    for name, whole in (
        ("sentence_ends", "sentences"),
        ("lexical_term_ends", "lexical_blob"),
        ("lexical_list_ends", "lexical_rows"),
    ):
        ends = arrays[name]
        if (int(ends[-1]) if len(ends) else 0) != len(arrays[whole]):
            yield f"{name} does not end where {whole} does"
    rows = arrays["language_rows"]
    if len(rows) and not (int(rows.min()) >= 0 and int(rows.max()) < languages):
        yield "language_rows name languages that are not there"
    if not np.isfinite(arrays["language_sums"]).all() or (arrays["language_sizes"] < 0).any():
        yield "language_sums are not finite, or language_sizes negative"
