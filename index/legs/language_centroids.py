"""Where each language's vectors lie on average, so that passages compare across languages.

A multilingual model puts a text near others of its language, whatever it says: among German news
a German question finds an English paragraph first for .51 of the questions, and for .83 when
each language's centre is taken out (Libovický, Rosa and Fraser 2020, "On the Language Neutrality
of Pre-trained Multilingual Representations"). Segments store sums, so opening an index reads no
vectors but those of removed passages, and a centre is right for all segments together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.legs.sentence_vectors import vectors_of

SHRINKAGE = 5.0
"""Passages' worth of the common centre in each language's: the centre of a language of which the
index holds three passages would be what these are about."""

_BLOCK = 4_096  # passages


def language_arrays(
    languages: Sequence[str],
    vectors: NDArray[Any],
    sentences: NDArray[Any],
    sentence_ends: NDArray[np.int64],
) -> dict[str, NDArray[np.generic]]:
    """What a segment stores of its passages' ``languages`` (n,), vectors (n, d) and the vectors
    (m, d) of their sentences, of which passage i has those up to ``sentence_ends[i]``."""
    names, rows = np.unique(np.array(languages, dtype="S8"), return_inverse=True)
    sums = LanguageSums(len(names), vectors.shape[1])
    sums.add(rows, vectors, np.diff(sentence_ends, prepend=0), sentences)
    return {"language_rows": rows.astype(np.int16), **sums.arrays(names)}


class LanguageSums:
    """Sums of passages' and of sentences' vectors by language, and how many of each there are."""

    def __init__(self, languages: int, dimension: int) -> None:
        self.sums = np.zeros((2, languages, dimension), np.float64)
        self.sizes = np.zeros((2, languages), np.int64)

    def add(
        self,
        rows: NDArray[Any],
        vectors: NDArray[Any],
        counts: NDArray[np.int64],
        sentences: NDArray[Any],
        sign: int = 1,
    ) -> None:
        """Add, or with ``sign`` -1 take away, passages: their languages' numbers ``rows`` (n,),
        vectors (n, d), how many sentences each has (n,), and these sentences' vectors (m, d)."""
        spoken = np.repeat(rows, counts)
        for number in np.unique(rows).tolist():
            for which, chosen in enumerate((vectors[rows == number], sentences[spoken == number])):
                self.sums[which, number] += sign * chosen.sum(0, dtype=np.float64)
                self.sizes[which, number] += sign * len(chosen)

    def arrays(self, names: NDArray[np.bytes_]) -> dict[str, NDArray[np.generic]]:
        """What a segment stores of them."""
        return {
            "language_names": names,
            "language_sums": self.sums.astype(np.float32),
            "language_sizes": self.sizes,
        }


@dataclass(frozen=True, slots=True)
class Centres:
    """``names`` of the L languages, ``rows`` (n,) numbers among them, and the centres (L, d) of
    passages and of sentences."""

    names: tuple[str, ...]
    rows: NDArray[np.int16]
    passages: NDArray[np.float32]
    sentences: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        segments: Sequence[Mapping[str, NDArray[Any]]],
        dimension: int,
        removed: Sequence[NDArray[np.int64]] = (),
    ) -> Self:
        """The centres over all segments, from what ``language_arrays`` stored of each.

        ``removed`` names each segment's rows that do not count; only their vectors are read. A
        language of which nothing is left has no centre, and the number 0 stands in its rows.
        """
        names = sorted({bytes(name) for arrays in segments for name in arrays["language_names"]})
        numbers = {name: number for number, name in enumerate(names)}
        everything = LanguageSums(len(names), dimension)
        rows = [np.zeros(0, np.int16)]
        for place, arrays in enumerate(segments):
            here = np.array([numbers[bytes(name)] for name in arrays["language_names"]], np.int16)
            everything.sums[:, here] += arrays["language_sums"]
            everything.sizes[:, here] += arrays["language_sizes"]
            rows.append(here[arrays["language_rows"]])
            for block in _blocks(removed[place] if removed else rows[0]):
                _take_away(everything, rows[-1], arrays, block)
        left = np.flatnonzero(everything.sizes[0])
        renumbered = np.zeros(len(names), np.int16)
        renumbered[left] = np.arange(len(left), dtype=np.int16)
        passages, sentences = (
            _shrunk(everything.sums[i, left], everything.sizes[i, left]) for i in (0, 1)
        )
        return cls(
            tuple(names[number].decode() for number in left),
            renumbered[np.concatenate(rows)],
            passages,
            sentences,
        )

    def offsets(
        self, query: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What each language (L,) has to be given so that none is nearer to ``query`` (d,) only
        for being that language: for passages and for sentences, 0 for the nearest language."""
        return _lift(self.passages @ query), _lift(self.sentences @ query)


def _blocks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    return (rows[first : first + _BLOCK] for first in range(0, len(rows), _BLOCK))


def _take_away(
    everything: LanguageSums,
    languages: NDArray[np.int16],
    arrays: Mapping[str, NDArray[Any]],
    removed: NDArray[np.int64],
) -> None:
    ends = arrays["sentence_ends"]
    starts = np.where(removed > 0, ends[removed - 1], 0)
    counts = ends[removed] - starts
    # Of each removed passage the sentences start, start + 1, ...
    places = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    everything.add(
        languages[removed], arrays["vectors"][removed], counts, vectors_of(arrays, places), sign=-1
    )


def _shrunk(sums: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float32]:
    everything = sizes.sum()
    if not everything:
        return sums.astype(np.float32)
    common = sums.sum(0) / everything
    centres: NDArray[np.float32] = (
        (sums + SHRINKAGE * common) / (sizes[:, None] + SHRINKAGE)
    ).astype(np.float32)
    return centres


def _lift(nearness: NDArray[np.float32]) -> NDArray[np.float32]:
    return nearness.max(initial=-np.inf) - nearness if len(nearness) else nearness
