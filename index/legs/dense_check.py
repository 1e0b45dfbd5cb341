"""Whether stored vectors are such as an embedder makes, and codes those of their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.legs.dense import NORM_TOLERANCE, codes_arrays, in_blocks
from index.legs.sentence_vectors import vectors_of

_ROWS_AT_ONCE = 4_096


def vectors_problems(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """What is wrong with a segment's vectors of passages and sentences, and with its codes.

    Their types and sizes are right.
    """
    for name in ("vectors", "sentences"):
        for first in range(0, len(arrays[name]), _ROWS_AT_ONCE):
            block = slice(first, first + _ROWS_AT_ONCE)
            rows = (
                arrays[name][block].astype(np.float32)
                if name == "vectors"
                else vectors_of(arrays, block)
            )
            norms = np.linalg.norm(rows, axis=1)
            # Written this way round, a NaN is wrong too.
            for row in np.flatnonzero(~(np.abs(norms - 1.0) <= NORM_TOLERANCE)):
                yield f"{name}: row {first + int(row)} has the length {norms[row]:.3f}, not 1"
    if "codes" in arrays:
        yield from _codes_problems(arrays)


def _codes_problems(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    vectors = arrays["vectors"]
    places = {"codes": 0, "code_steps": 0}
    for name, part in codes_arrays(lambda: in_blocks(vectors), len(vectors)):
        stored = arrays[name][places[name] : places[name] + len(part)]
        places[name] += len(part)
        # Another processor may round the last digit otherwise.
        tolerance = 1.0 if name == "codes" else 1e-6
        if stored.shape != part.shape or not np.allclose(
            stored.astype(np.float32), part.astype(np.float32), rtol=0, atol=tolerance
        ):
            yield f"{name} are not those of the vectors"
            return
    if any(place != len(arrays[name]) for name, place in places.items()):
        yield "the codes are not as many as the vectors"
