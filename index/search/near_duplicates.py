"""Near copies: one text in two papers, with another first line, a few words changed, or cut short.

Whether words are shared is told by shingles, runs of three words; whether what was changed matters
by comparing the two texts word by word. "14 Milliarden" in one and "25 Milliarden" in the other of
two otherwise equal texts is a contradiction, and such texts are no copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from itertools import groupby

from text_to_num import text2num

from index.records import Article, Hit
from index.text.analysis import terms

SHINGLE = 3
"""Words; a changed word costs that many shingles."""

SHARED = 0.6
"""The least share of a text's shingles that the other must hold. Of 100 words, a new first line of
12 and four words changed elsewhere leave .73. Passages that are no copies stay far below: .21 is
the most between two of the ten best for 102 questions on XQuAD-R German with 1,000 news passages.
"""


FEW = 8
"""Shingles; a text of ten words or fewer must be in the other word for word."""


def distinct(hits: Iterable[Hit], count: int) -> list[Hit]:
    """The first ``count`` hits that are no copies of a better one, with their ranks.

    A hit that adds nothing to a better one is folded into it: its articles come to ``also_in``. A
    longer text that only begins like a better hit adds something, and stays.
    """
    kept: list[_Kept] = []
    for hit in hits:
        text = Shingled.of(hit.passage.text, hit.passage.article.language)
        known = next((entry for entry in kept if text.adds_nothing_to(entry.text)), None)
        if known is not None:
            known.articles += (hit.passage.article, *hit.also_in)
        elif len(kept) < count:
            kept.append(_Kept(hit, text, hit.also_in))
        else:
            break
    return [entry.hit_at(rank) for rank, entry in enumerate(kept, start=1)]


def are_copies(one: str, other: str, language: str) -> bool:
    """Whether one of two texts, such as two sentences, adds nothing to the other."""
    a, b = Shingled.of(one, language), Shingled.of(other, language)
    return a.adds_nothing_to(b) or b.adds_nothing_to(a)


@dataclass(slots=True)
class _Kept:
    """A hit that is no copy, and the other articles that have it so far."""

    hit: Hit
    text: Shingled
    articles: tuple[Article, ...]

    def hit_at(self, rank: int) -> Hit:
        own = self.hit.passage.article.id
        others = {article.id: article for article in self.articles if article.id != own}
        return replace(self.hit, rank=rank, also_in=tuple(others.values()))


@dataclass(frozen=True, slots=True)
class Shingled:
    """A text in its language (ISO 639-1), and its shingles: runs of words without case."""

    text: str
    language: str
    shingles: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, text: str, language: str) -> Shingled:
        words = _WORD.findall(text.casefold())
        runs = zip(*(words[i:] for i in range(SHINGLE)), strict=False)
        return cls(text, language, frozenset(runs) or frozenset([tuple(words)]))

    def adds_nothing_to(self, other: Shingled) -> bool:
        """Whether the other text holds this one but for words that do not matter.

        New numbers, negations and names in the place of others matter, and so does more than a
        share of 1 - SHARED of new text.
        """
        if self.text == other.text:
            return True
        least = SHARED * len(self.shingles) if len(self.shingles) > FEW else len(self.shingles)
        shared = len(self.shingles & other.shingles)
        return shared >= least and not _says_otherwise(self, other)


# --- what matters -----------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*(?:['’][^\W\d_]+)?")

_NEGATION = re.compile(
    r"(?:nicht|nichts|nie|niemals|kein\w{0,2}|ohne|weder|not|no|none|never|neither|nor|without|"
    r"cannot|\w+n['’]t|pas|jamais|aucune?|sans|nunca|ning[uú]n\w*|nessun\w*|senza|niet|geen|nooit)"
)
_SHORT = 3
"""Words: with a whole sentence its "nicht" may go, but a lone one that goes turns the sense."""


@dataclass(frozen=True, slots=True)
class _Word:
    written: str
    key: tuple[str, ...]
    """Equal for spellings of the same: "Mrd" and "Milliarden", "Häuser" and "Häusern"."""
    language: str

    @property
    def is_number(self) -> bool:
        return any(c.isdigit() for part in self.key for c in part) or _is_number_word(
            self.written.casefold(), self.language
        )

    @property
    def is_negation(self) -> bool:
        return _NEGATION.fullmatch(self.written.casefold()) is not None


def _says_otherwise(text: Shingled, other: Shingled) -> bool:
    """Whether ``text`` has a number, a negation or a name where ``other`` has another or none."""
    ours, theirs = _words(text), _words(other)
    matcher = SequenceMatcher(
        None, [word.key for word in theirs], [word.key for word in ours], autojunk=False
    )
    for change, i, i_end, j, j_end in matcher.get_opcodes():
        if change == "equal":
            continue
        lost, new = theirs[i:i_end], ours[j:j_end]
        if any(word.is_number or word.is_negation for word in new):
            return True
        if len(lost) <= _SHORT and any(word.is_negation for word in lost):
            return True
        inside = j > 0 and j_end < len(ours)
        if inside and _holds_name(lost, text.language) and _holds_name(new, text.language):
            return True
    return False


def _words(text: Shingled) -> list[_Word]:
    found = _WORD.findall(text.text)
    return [
        _Word(w, tuple(terms(w, text.language)) or (w.casefold(),), text.language) for w in found
    ]


def _holds_name(words: Sequence[_Word], language: str) -> bool:
    """Whether a name is among them: a capital letter, in German two words with one in a row.

    German nouns have capitals, so a lone one may be "Konzern" where the other has "Unternehmen".
    """
    least = 2 if language == "de" else 1
    runs = groupby(words, lambda word: word.written[0].isupper())
    return any(capital and len(list(run)) >= least for capital, run in runs)


@cache
def _is_number_word(word: str, language: str) -> bool:
    """Whether a word is a number of two and more; "ein" and "one" are articles and pronouns too."""
    if language not in _NUMBER_LANGUAGES:
        return False
    try:
        return bool(text2num(word, language) >= 2)
    except ValueError:
        return False


_NUMBER_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})
