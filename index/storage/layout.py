"""The layout of a segment: what its arrays are called, what is in them, and how they fit together.

Checksums tell what changed since it was written; an index that comes from elsewhere can have been
written wrongly with checksums that fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Kind:
    """One array: its type and what each of its axes counts; a number is a length.

    ``ends``: its numbers are the ends of parts of that array, which they divide.
    """

    dtype: str
    axes: tuple[str | int, ...]
    ends: str = ""


LAYOUT: Mapping[str, Kind] = {
    "ids": Kind("int64", ("passages",)),
    "vectors": Kind("float16", ("passages", "dimension")),
    "vector_checks": Kind("uint32", ("passages",)),
    "sentences": Kind("int8", ("sentences", "dimension")),
    "sentence_scales": Kind("float32", ("sentences",)),
    "sentence_ends": Kind("int64", ("passages",), ends="sentences"),
    "language_names": Kind("S8", ("languages",)),
    "language_rows": Kind("int16", ("passages",)),
    "language_sums": Kind("float32", (2, "languages", "dimension")),
    "language_sizes": Kind("int64", (2, "languages")),
    "lexical_blob": Kind("uint8", ("bytes of terms",)),
    "lexical_term_ends": Kind("int64", ("terms",), ends="lexical_blob"),
    "lexical_list_ends": Kind("int64", ("terms",), ends="lexical_rows"),
    "lexical_keys": Kind("uint64", ("terms",)),
    "lexical_by_ending": Kind("int32", ("terms",)),
    "lexical_rows": Kind("int32", ("postings",)),
    "lexical_counts": Kind("int32", ("postings",)),
    "lexical_lengths": Kind("int32", ("passages",)),
}

OF_LARGE: Mapping[str, Kind] = {
    "code_steps": Kind("float32", (2, "dimension")),
    "codes": Kind("uint8", ("bytes of codes",)),
}
"""What a segment of many passages has besides."""

_EARLIER: Mapping[str, Kind] = {"sentences": Kind("float16", ("sentences", "dimension"))}
"""Of layout 3, which had no scales."""


def wrong_shapes(
    arrays: Mapping[str, NDArray[Any]],
    passages: int,
    dimension: int | None = None,
    damaged: Collection[str] = (),
) -> Iterator[str]:
    """Why these arrays, with others that are ``damaged``, cannot be a segment of so many passages.

    Of what has a row for each passage only the ends and the languages are read, and these only
    where the rest is right. ``dimension`` is that of the index's vectors.
    """
    kinds = {**LAYOUT, **{name: kind for name, kind in OF_LARGE.items() if name in arrays}}
    sentences = arrays.get("sentences")
    if "sentence_scales" not in arrays and sentences is not None and sentences.dtype == np.float16:
        kinds |= _EARLIER
        del kinds["sentence_scales"]
    there = {*arrays, *damaged}
    found = [f"it has no {name}" for name in kinds if name not in there]
    found += _misshapen(kinds, arrays, passages, dimension)
    yield from found
    if not found and not damaged:
        yield from _wrong_numbers(kinds, arrays)


def _misshapen(
    kinds: Mapping[str, Kind],
    arrays: Mapping[str, NDArray[Any]],
    passages: int,
    dimension: int | None,
) -> Iterator[str]:
    sizes: dict[str | int, int] = {"passages": passages}
    if dimension is not None:
        sizes["dimension"] = dimension
    for name, kind in kinds.items():
        if name not in arrays:
            continue
        array = arrays[name]
        if array.dtype != np.dtype(kind.dtype) or array.ndim != len(kind.axes):
            yield (
                f"{name} is {array.dtype} with {array.ndim} dimensions, not {kind.dtype} with "
                f"{len(kind.axes)}"
            )
            continue
        for axis, length in zip(kind.axes, array.shape, strict=True):
            # The first array that counts something says how many there are of it.
            expected = axis if isinstance(axis, int) else sizes.setdefault(axis, length)
            if length != expected:
                yield f"{name} has {length:,} rows for {expected:,} {axis}"


def _wrong_numbers(kinds: Mapping[str, Kind], arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    for name, kind in kinds.items():
        ends = arrays[name]
        if kind.ends and (int(ends[-1]) if len(ends) else 0) != len(arrays[kind.ends]):
            yield f"{name} does not end where {kind.ends} does"
    rows = arrays["language_rows"]
    if len(rows) and not (int(rows.min()) >= 0 and int(rows.max()) < len(arrays["language_names"])):
        yield "language_rows name languages that are not there"
    if not np.isfinite(arrays["language_sums"]).all() or (arrays["language_sizes"] < 0).any():
        yield "language_sums are not finite, or language_sizes negative"
