"""The built-in encoder's tokenizer, ready at once: pieces in a mapped trie, and a short Viterbi.

It gives the ids and offsets that ``tokenizers`` gives for the model's ``tokenizer.json``, which
takes a second and 100 MB to read: a Unigram model (Kudo 2018) over words that begin with "▁",
unknown characters side by side as one piece. Three files, made once from that one, hold it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marisa_trie import Trie

TRIE, NUMBERS, ABOUT = "pieces.marisa", "pieces.npy", "pieces.json"

WORD_BEGINS = "▁"

UNKNOWN_PENALTY = 10.0
"""How far below the least likely piece an unknown character is, as in sentencepiece."""

STRETCHES_KEPT = 50_000
LONGEST_KEPT = 40
"""Stretches of text without blanks that are remembered, and the characters of the longest."""

LONGEST_PIECE = 16
"""Characters of the longest piece of a sentencepiece vocabulary; a test holds it."""

MOST_COMPOSED = 32
"""Characters that are normalised together: an accent's place in an endless run of them is settled
nowhere, and normalising is quadratic in it (Unicode's stream-safe form has 30)."""

# Nothing is composed across these, whatever stands after them.
_STRETCH = re.compile(r"[^ \t\n\r]+")
# White space as Unicode and ``tokenizers`` have it, which normalising may bring forth.
_WORD = re.compile(r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The ids of a text's pieces, and of each the code points that it stands for, half-open."""

    ids: list[int]
    offsets: list[tuple[int, int]]


class Pieces:
    """The tokenizer whose files lie in ``folder``; see ``prepare``."""

    def __init__(self, folder: Path) -> None:
        import marisa_trie
        import numpy as np

        about = json.loads((folder / ABOUT).read_text("utf-8"))
        self._trie: Trie = marisa_trie.Trie().mmap(str(folder / TRIE))
        # A plain array over the same memory: each look into a memmap makes another one.
        numbers = np.asarray(np.load(folder / NUMBERS, mmap_mode="r"))
        self._ids, self._scores = numbers["id"], numbers["score"]
        self._unknown: int = about["unknown"]
        self._unknown_score: float = about["lowest"] - UNKNOWN_PENALTY
        self._special: dict[str, int] = about["special"]
        self._special_in_text = re.compile("|".join(map(re.escape, self._special)))
        self._replaced: dict[str, str] = about["replaced"]
        self._changed = re.compile(
            f"[{re.escape(''.join(self._replaced))}]" if self._replaced else "(?!)"
        )
        self._kept = lru_cache(STRETCHES_KEPT)(self._cut)

    @property
    def special(self) -> dict[str, int]:
        """The ids of the tokens that are no text, by their names."""
        return self._special

    def encode(self, text: str) -> Tokens:
        """The pieces of ``text``, without tokens at its begin and end."""
        found = Tokens([], [])
        at = 0
        for special in self._special_in_text.finditer(text):
            self._add(text[at : special.start()], at, found)
            found.ids.append(self._special[special[0]])
            found.offsets.append(special.span())
            at = special.end()
        self._add(text[at:], at, found)
        return found

    def _add(self, text: str, at: int, found: Tokens) -> None:
        """Append the pieces of ``text``, which begins at ``at``."""
        for stretch in _STRETCH.finditer(text):
            begins = at + stretch.start()
            for number, start, end in self._of_stretch(stretch[0]):
                found.ids.append(number)
                found.offsets.append((begins + start, begins + end))

    def _of_stretch(self, text: str) -> Sequence[tuple[int, int, int]]:
        return self._cut(text) if len(text) > LONGEST_KEPT else self._kept(text)

    def _cut(self, text: str) -> Sequence[tuple[int, int, int]]:
        """The pieces of a text without blanks: their ids and the places that they stand for."""
        normal, places = self._normalised(text)
        return tuple(
            (number, places[word.start() + start], places[word.start() + end - 1] + 1)
            for word in _WORD.finditer(normal)
            for number, start, end in self._segmented(word[0])
        )

    def _normalised(self, text: str) -> tuple[str, Sequence[int]]:
        """The text as the model knows it, and of each character its place in ``text``."""
        is_short = len(text) <= LONGEST_KEPT  # of a long run of accents the check is quadratic
        if is_short and not self._changed.search(text) and unicodedata.is_normalized("NFKC", text):
            return text, range(len(text))
        replaced = [self._replaced.get(c, c) for c in text]
        kept = [i for i, c in enumerate(replaced) if c]
        plain = "".join(replaced)
        normal: list[str] = []
        places: list[int] = []
        for start, end in _apart(plain):
            composed = unicodedata.normalize("NFKC", plain[start:end])
            normal.append(composed)
            places += [kept[start]] * len(composed)
        return "".join(normal), places

    def _segmented(self, word: str) -> Sequence[tuple[int, int, int]]:
        """The likeliest pieces of a word: their ids and places in it.

        The mark of a word's begin has no place: a piece of it alone stands at the first character.
        """
        text = WORD_BEGINS + word
        length = len(text)
        best = [0.0] * (length + 1)
        begun: list[int] = [-1] * (length + 1)
        number = [0] * (length + 1)
        scores, ids = self._scores, self._ids
        for start in range(length):
            here = best[start]
            single = False
            for piece, key in self._trie.iter_prefixes_with_ids(
                text[start : start + LONGEST_PIECE]
            ):
                end = start + len(piece)
                score = here + float(scores[key])
                if begun[end] < 0 or score > best[end]:
                    best[end], begun[end], number[end] = score, start, int(ids[key])
                single = single or end == start + 1
            if not single:
                end, score = start + 1, here + self._unknown_score
                if begun[end] < 0 or score > best[end]:
                    best[end], begun[end], number[end] = score, start, self._unknown
        found: list[tuple[int, int, int]] = []
        end = length
        while end > 0:
            start = begun[end]
            if found and number[end] == found[-1][0] == self._unknown:
                _, _, last = found.pop()
            else:
                last = end
            found.append((number[end], start, last))
            end = start
        return tuple(
            (piece, max(0, start - 1), max(1, end - 1)) for piece, start, end in reversed(found)
        )


def _apart(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of ``text`` that are normalised by themselves as they are within it."""
    start = 0
    for place in range(1, len(text)):
        if (
            text[place].isascii()
            or place - start >= MOST_COMPOSED
            or (
                not unicodedata.combining(text[place]) and _is_apart(text[start:place], text[place])
            )
        ):
            yield start, place
            start = place
    if text:
        yield start, len(text)


@lru_cache(STRETCHES_KEPT)
def _is_apart(before: str, after: str) -> bool:
    normal = unicodedata.normalize("NFKC", before + after)
    return normal == "".join(unicodedata.normalize("NFKC", part) for part in (before, after))


# --- making the files ---------------------------------------------------------------------------


def prepare(folder: Path) -> None:
    """Write the three files beside the ``tokenizer.json`` in ``folder``."""
    import marisa_trie
    import numpy as np

    about: dict[str, Any] = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    pieces = about["model"]["vocab"]
    trie = marisa_trie.Trie([piece for piece, _ in pieces])
    numbers = np.zeros(len(pieces), np.dtype([("id", "<i4"), ("score", "<f8")]))
    for number, (piece, score) in enumerate(pieces):
        numbers[trie[piece]] = number, score
    trie.save(str(folder / TRIE))
    np.save(folder / NUMBERS, numbers)
    described = {
        "unknown": about["model"]["unk_id"],
        "lowest": min(score for _, score in pieces),
        "special": {token["content"]: token["id"] for token in about["added_tokens"]},
        "replaced": dict(_replaced(about["normalizer"])),
    }
    (folder / ABOUT).write_text(json.dumps(described), "utf-8")


def _replaced(normalizer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The characters that are replaced before all is brought into the form NFKC."""
    *steps, last = normalizer.get("normalizers", [normalizer])
    if last["type"] != "NFKC":
        raise ValueError(f"{last['type']} is no normalisation of the built-in model.")
    for step in steps:
        for code in re.findall(r"\\x\{([0-9a-f]+)\}", step["pattern"]["Regex"]):
            yield chr(int(code, 16)), step["content"]
