"""Words for large numbers, "Mrd.", "mil millones": each language's own meaning of a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

from index.text.words import Words, words_of, words_understood
from qa.values.measures import CODES, SYMBOLS

# Vowel signs and accents are no letters for ``\w``, but go on with a word.
WORD_GOES_ON = r"(?=[\w\u0300-\u036f\u064b-\u065f\u0900-\u0963])"
_MONEY = "|".join(re.escape(sign) for sign in sorted({*CODES, *SYMBOLS}, key=len, reverse=True))
_SHORTEST_BY_CLDR = 3
"""Letters of CLDR's abbreviations ("Mrd"); shorter ones ("M", "Md", "B") mean other things too."""
_TIGHT = {"k": 3, "K": 3, "m": 6, "M": 6, "mn": 6, "b": 9, "B": 9, "T": 12}
_GAP = re.compile(r"-| {0,2}")
_TIGHT_SCALE = re.compile(
    rf" ?(?:(mn|[kKmMbBT])(?![\w.]\w|\w)|(mn|[kKmM])(?=(?:{'|'.join(sorted(CODES))})(?!\w)))"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Words for ten to ``power`` that end at ``end``; no power where the word has several."""

    end: int
    power: int | None


def scale_at(folded: str, at: int, language: str) -> Scale | None:
    """The scale after a number that ends at ``at``: "mil millones" is one, 10**9."""
    scale = _word_at(folded, _past_gap(folded, at), language)
    while scale is not None and scale.power is not None:
        further = _word_at(folded, _past_gap(folded, scale.end), language)
        if further is None or (further.power is not None and further.power < scale.power):
            break
        # "Tausend Milliarden" multiplies; in "1 Million 200 Tausend" a number stands between.
        power = None if further.power is None else scale.power + further.power
        scale = Scale(further.end, power)
    return scale


def tight_scale(folded: str, at: int, language: str) -> tuple[int, int] | None:
    """(end, power) of a letter that is a scale only beside a currency: "$14B", "£30m", "5 MEUR"."""
    match = _TIGHT_SCALE.match(folded, at)
    if match is None:
        return None
    letter = match[1] or match[2]
    power = _TIGHT[letter]
    # "B" is a billion in English and a thousand in Turkish: then it is neither.
    return (match.end(), power) if scale_letters(language).get(letter, power) == power else None


@cache
def scale_letters(language: str) -> dict[str, int]:
    """CLDR's abbreviations of one or two letters, which mean other things too."""
    if not words_of(language).blanks:
        return {}
    found = ((word.rstrip("."), power) for _, word, power in _cldr_patterns(language, "short"))
    return {word: power for word, power in found if len(word) < _SHORTEST_BY_CLDR}


@cache
def scales_may_precede(language: str) -> bool:
    """Whether CLDR has scales before numbers, as Swahili "bilioni 29", or knows no scales."""
    patterns = [*_cldr_patterns(language, "long"), *_cldr_patterns(language, "short")]
    return not patterns or any(before for before, _, _ in patterns)


@cache
def scale_words(language: str, *, least: int = 0) -> str:
    """A pattern of the scales from ten to ``least`` on that the language and its kin know."""
    return "|".join(
        pattern
        for words in words_understood(language)
        for pattern, power in _own_scales(words.code)
        if power is not None and power >= least
    )


def _past_gap(folded: str, at: int) -> int:
    gap = _GAP.match(folded, at)
    return gap.end() if gap else at


def _word_at(folded: str, at: int, language: str) -> Scale | None:
    """The longest scale word at ``at``; the language's own meaning comes before another's.

    A word of other languages that means different powers in them has none.
    """
    own, foreign = _patterns(language)
    best = max(_matches(own, folded, at), key=lambda s: s.end, default=None)
    abroad = _matches(foreign, folded, at)
    end = max((s.end for s in abroad), default=0)
    if best is not None and best.end >= end:
        return best
    powers = {s.power for s in abroad if s.end == end}
    return Scale(end, powers.pop() if len(powers) == 1 else None) if powers else None


@dataclass(frozen=True, slots=True)
class _Word:
    """A scale's pattern, for texts in the language of ``words``."""

    form: str
    power: int | None
    words: Words

    def match(self, folded: str, at: int) -> re.Match[str] | None:
        # As a whole word it is a long pattern, which takes a millisecond to make.
        if not _bare(self.form).match(folded, at):
            return None
        return _pattern(self.form, self.words.code).match(folded, at)


def _matches(spoken: Sequence[_Word], folded: str, at: int) -> list[Scale]:
    found = ((word.match(folded, at), word.power) for word in spoken)
    return [Scale(match.end(), power) for match, power in found if match]


@cache
def _patterns(language: str) -> tuple[tuple[_Word, ...], tuple[_Word, ...]]:
    own, *others = words_understood(language)
    foreign = [
        scale
        for words in others
        for scale in _own_scales(words.code)
        if own.code in words.also or not _SHORT.fullmatch(scale[0])
    ]
    return (
        tuple(_Word(form, power, own) for form, power in _own_scales(language)),
        tuple(_Word(form, power, own) for form, power in foreign),
    )


_SHORT = re.compile(r"\w{1,2}")  # as words of another language


@cache
def _bare(form: str) -> re.Pattern[str]:
    return re.compile(form, re.I)


@cache
def _pattern(form: str, language: str) -> re.Pattern[str]:
    """``form`` as a whole word, but behind its point or before money ("3 MioEUR")."""
    words = words_of(language)
    if "(?=" in form:
        return re.compile(form, re.I)
    if not words.blanks:
        return re.compile(rf"(?:{form})(?:(?<![A-Za-z])|(?![A-Za-z]))", re.I)
    own = (re.escape(sign) for signs in words.currencies_before.values() for sign in signs)
    money = "|".join((_MONEY, *own))
    return re.compile(
        rf"(?:{form})(?:(?<=\.)|(?!{WORD_GOES_ON})|(?=(?:{money})(?!{WORD_GOES_ON})))", re.I
    )


@cache
def _own_scales(language: str) -> tuple[tuple[str, int | None], ...]:
    """The patterns of a language's file, then CLDR's words; no power for words with several."""
    words = words_of(language)
    found: list[tuple[str, int | None]] = [
        (form, int(power)) for power, forms in words.scales.items() for form in forms
    ]
    found += [(form, None) for form in words.ambiguous]
    return tuple(found + ([*_cldr_scales(language)] if words.blanks else []))


def _cldr_scales(language: str) -> Iterator[tuple[str, int]]:
    """The words behind the zeros of CLDR's patterns: "0 miliardi", "0\u00a0Mrd'.'"."""
    for length in ("long", "short"):
        for before, word, power in _cldr_patterns(language, length):
            if word and not before and (length == "long" or len(word) >= _SHORTEST_BY_CLDR):
                yield re.escape(word), power


@cache
def _cldr_patterns(language: str, length: str) -> tuple[tuple[str, str, int], ...]:
    """The words before and behind the zeros of CLDR's short forms of large numbers."""
    try:
        formats = Locale.parse(language).compact_decimal_formats
    except (UnknownLocaleError, ValueError):
        return ()
    found = []
    for plural in formats.get(length, {}).values():
        for count, pattern in plural.items():
            written = (getattr(pattern, "pattern", None) or "").replace("'", "")
            match = re.fullmatch(r"([^0;]*)(0+)([^0;]*)", written.partition(";")[0])
            if match and (match[1] + match[3]).strip():
                before, word = (match[k].replace("\u00a0", " ").strip() for k in (1, 3))
                found.append((before, word, len(count) - len(match[2])))
    return tuple(dict.fromkeys(found))
