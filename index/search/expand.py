"""A query as groups of terms: its words' stems, the compounds that hold them, their own parts.

No list of words is shipped. The corpus' own vocabulary tells a compound: "milliardenbewert" is one
where "milliard" and "bewert" are terms themselves. Nothing of it is stored, because the next
article may bring the missing part; each segment keeps its terms in order of their beginnings and of
their endings, and is asked when a query comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.legs.lexical import TermGroup
from index.legs.postings import Postings
from index.text.analysis import is_unspaced, stop_words, term_of, terms
from index.text.units import unit_terms

Equivalents: TypeAlias = "Mapping[str, float]"
"""Terms of the vocabulary, each with the part of an occurrence that one of it counts for."""

# Each alone and all together on XQuAD-R: docs/evaluation.md, "Terms".
HEAD_WEIGHT = 0.5  # Bewertung -> Milliardenbewertung
MODIFIER_WEIGHT = 0.3  # Energie -> Energieversorger
PART_WEIGHT = 0.4  # Milliardenbewertung -> Milliarde, Bewertung
FORM_WEIGHT = 0.8  # Auto -> Autos
OTHER_LANGUAGE_WEIGHT = 0.5

COMPOUNDING = frozenset({"da", "de", "fi", "nl", "no", "sv"})
"""Languages that write compounds as one word."""

_PART = 4  # letters: no "Rat" in "Heirat", no "Ei" in "Partei", no "Tor" in "Motor"
_SHORT_PART = 3  # of a head, where a link shows the seam: Training-s-daten, Aktie-n-kurs
_LONGEST_LINK = 5  # what a stem lacks of its word within a compound: bewert-ungs-grundlage
_MOST_EQUIVALENTS = 64  # of a term; those in the most passages
_MOST_LANGUAGES = 6

# Particles turn a word into another one and are no evidence of a compound: Vorteil, Unterhaltung.
_PARTICLES = {
    language: frozenset(words.split())
    for language, words in {
        "de": """ab an auf aus auss bei dar durch ein fort fur gegen hin her hinter los mit nach
            neben nied nieder ohne ohn trans inter uber um unter unt vor weg wider wied wieder zer
            zu zwischen""",
        "nl": "aan achter af bij door in mee na om onder op over tegen uit voor",
        "sv": "an av efter fram for fore in med mot ned om over pa till under ut",
        "da": "af an efter for frem i ind med mod ned om op over pa til under ud",
        "no": "av an etter for fram i inn med mot ned om opp over pa til under ut",
        "fi": "ali esi ja yli",
    }.items()
}


class Vocabulary:
    """The terms of the live passages, and in how many of them each stands."""

    def __init__(self, segments: Sequence[Postings], live: NDArray[np.bool_]) -> None:
        self._parts: list[_Part] = []
        start = 0
        for segment in segments:
            end = start + len(segment.lengths)
            here = live[start:end]
            self._parts.append(_Part(segment, None if here.all() else here))
            start = end
        self._all_live = bool(live.all())
        self._known: dict[bytes, int] = {}

    def frequency(self, term: str) -> int:
        """The number of live passages that hold ``term``."""
        return self._frequency(term.encode("utf-8"))

    def _frequency(self, term: bytes) -> int:
        found = self._known.get(term)
        if found is None:
            if len(self._known) >= _REMEMBERED_FREQUENCIES:
                self._known.clear()
            found = self._known[term] = sum(part.frequency(term) for part in self._parts)
        return found

    def ending_in(self, part: str) -> Iterator[str]:
        """The terms that end in ``part`` and are longer, in no order."""
        wanted = part.encode("utf-8")
        return self._longer((one.segment.ending_in(wanted) for one in self._parts), wanted)

    def beginning_with(self, part: str) -> Iterator[str]:
        """The terms that begin with ``part`` and are longer, in no order."""
        wanted = part.encode("utf-8")
        return self._longer((one.segment.beginning_with(wanted) for one in self._parts), wanted)

    def _longer(self, found: Iterable[Iterable[bytes]], part: bytes) -> Iterator[str]:
        terms = dict.fromkeys(chain.from_iterable(found))
        longer = (term for term in terms if len(term) > len(part))
        # Where nothing is removed, a term that is there stands somewhere.
        live = longer if self._all_live else filter(self._frequency, longer)
        return (term.decode("utf-8") for term in live)


class _Part:
    """One segment's terms; ``live`` (n,) where some of its passages are removed."""

    def __init__(self, segment: Postings, live: NDArray[np.bool_] | None) -> None:
        self.segment = segment
        self._live = live

    def frequency(self, term: bytes) -> int:
        span = self.segment.span(term)
        if self._live is None:
            return int(span.stop - span.start)
        return int(np.count_nonzero(self._live[self.segment.rows[span]]))


class Expander:
    """What the terms of a query find in one vocabulary, of articles in ``languages``."""

    def __init__(self, vocabulary: Vocabulary, languages: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        by_size = sorted(languages, key=lambda code: (-languages[code], code))
        self._languages = by_size[:_MOST_LANGUAGES]
        self._known: dict[tuple[str, str], dict[str, float]] = {}

    def groups(self, query: str, language: str) -> list[TermGroup]:
        """The groups that BM25 weighs for ``query``.

        The query is read in its own language at full weight and in the articles' other ones at
        a lower one: names and numbers meet across stemmers, and a wrong guess of a short query's
        language costs little. A question word stays one, and a German Billion a trillion.
        """
        weights = {term: float(n) for term, n in Counter(terms(query, language)).items()}
        languages = dict.fromkeys(weights, language)
        settled = stop_words(language) | unit_terms(language).keys()
        for other in self._languages:
            if other != language:
                for term, n in Counter(terms(query, other, settled)).items():
                    if languages.setdefault(term, other) == other:
                        weights[term] = max(weights.get(term, 0.0), OTHER_LANGUAGE_WEIGHT * n)
        groups = [
            TermGroup(term, weight, self.equivalents(term, languages[term]))
            for term, weight in weights.items()
        ]
        parts: dict[str, float] = {}
        for term, weight in weights.items():
            for part in self.parts(term, languages[term]):
                if part not in weights:
                    parts[part] = max(parts.get(part, 0.0), PART_WEIGHT * weight)
        return groups + [TermGroup(part, weight) for part, weight in parts.items()]

    def equivalents(self, term: str, language: str) -> dict[str, float]:
        """The terms of the vocabulary in which ``term`` is found, with their weights below 1."""
        found = self._known.get((term, language))
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[term, language] = self._best(self._find(term, language))
        return found

    def parts(self, term: str, language: str) -> tuple[str, ...]:
        """The two terms of the vocabulary that ``term`` is a compound of; () where it is none.

        Of several seams the one whose parts are the most frequent, as the product of their
        frequencies; a word more frequent than that is none (Koehn and Knight 2003).
        """
        if language not in COMPOUNDING or not term.isalpha():
            return ()
        best: tuple[str, ...] = ()
        most = self._vocabulary.frequency(term) ** 2
        for seam in range(_PART, len(term) - _SHORT_PART + 1):
            head = term[seam:]
            modifier = self._modifier(term[:seam], head, language)
            if modifier and head not in _PARTICLES[language]:
                together = self._vocabulary.frequency(modifier) * self._vocabulary.frequency(head)
                if together >= most and together > 0:
                    best, most = (modifier, head), together + 1
        return best

    def found_by(self, term: str, language: str) -> dict[str, float]:
        """What ``term`` finds beside itself, its own parts included, with weights below 1."""
        parts = dict.fromkeys(self.parts(term, language), PART_WEIGHT)
        return parts | self.equivalents(term, language)

    def _find(self, term: str, language: str) -> dict[str, float]:
        if len(term) == 1 and is_unspaced(term):
            return dict.fromkeys(self._pairs_with(term), 0.5)
        found: dict[str, float] = {}
        if language in COMPOUNDING and term not in _PARTICLES[language] and term.isalpha():
            found.update(dict.fromkeys(self._beginning_with(term, language), MODIFIER_WEIGHT))
            found.update(dict.fromkeys(self._ending_in(term, language), HEAD_WEIGHT))
        if language == "de":
            found.update(dict.fromkeys(self._forms_with_s(term), FORM_WEIGHT))
        return found

    def _ending_in(self, head: str, language: str) -> Iterator[str]:
        if len(head) < _SHORT_PART:
            return
        asked = max(1, self._vocabulary.frequency(head))
        for compound in self._vocabulary.ending_in(head):
            modifier = self._modifier(compound[: -len(head)], head, language)
            if modifier and self._is_rarer(compound, modifier, asked):
                yield compound

    def _beginning_with(self, modifier: str, language: str) -> Iterator[str]:
        if len(modifier) < _PART:
            return
        asked = max(1, self._vocabulary.frequency(modifier))
        for compound in self._vocabulary.beginning_with(modifier):
            last = min(len(modifier) + _LONGEST_LINK, len(compound) - _PART)
            for seam in range(len(modifier), last + 1):
                head = compound[seam:]
                if (
                    head.isalpha()
                    and head not in _PARTICLES[language]
                    and self._is_rarer(compound, head, asked)
                    and term_of(compound[:seam], language) == modifier
                ):
                    yield compound
                    break

    def _modifier(self, word: str, head: str, language: str) -> str | None:
        """The term of a compound's first part, where ``head`` may follow it."""
        if len(word) < _PART or not word.isalpha() or word in _PARTICLES[language]:
            return None
        term = term_of(word, language)
        if term is None or term in _PARTICLES[language] or not self._vocabulary.frequency(term):
            return None
        if len(head) < _PART and not _is_linked(word, term, language):
            return None
        return term

    def _is_rarer(self, compound: str, part: str, asked: int) -> bool:
        """Whether a word is no more frequent than its two parts, by their geometric mean."""
        frequency = self._vocabulary.frequency
        return frequency(part) * asked >= frequency(compound) ** 2

    def _forms_with_s(self, term: str) -> Iterator[str]:
        """Autos, Nvidias, Startups: the German stemmer leaves this s. Both forms must be there."""
        bare = term.removesuffix("s")
        if len(bare) >= _PART and bare[-1] in _KEEP_S:
            other = bare if bare != term else term + "s"
            if self._vocabulary.frequency(other):
                yield other

    def _pairs_with(self, character: str) -> Iterable[str]:
        """The pairs that hold a character which is a word of its own in the query."""
        found = chain(
            self._vocabulary.ending_in(character), self._vocabulary.beginning_with(character)
        )
        return (pair for pair in found if len(pair) == 2)

    def _best(self, found: Mapping[str, float]) -> dict[str, float]:
        if len(found) <= _MOST_EQUIVALENTS:
            return dict(found)
        order = sorted(found, key=lambda term: (-self._vocabulary.frequency(term), term))
        return {term: found[term] for term in order[:_MOST_EQUIVALENTS]}


def _is_linked(word: str, term: str, language: str) -> bool:
    """Whether the first part of a compound has a linking s, n or en that its stem has not."""
    ends = [end for end in ("s", "n", "en") if word.endswith(end) and len(word) - len(end) >= _PART]
    return any(term_of(word.removesuffix(end), language) == term for end in ends)


_KEEP_S = "aeiouycpvw"  # letters after which Snowball's German stemmer keeps an s
_REMEMBERED = 4_000
_REMEMBERED_FREQUENCIES = 200_000
