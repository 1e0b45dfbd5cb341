"""Numbers in words: by text2num, in seven languages, and halves and small ones before a scale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from text_to_num import find_numbers as find_word_numbers

from index.text.words import words_understood
from qa.values.number import Number
from qa.values.scales import scale_words

_TEXT2NUM = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_EINHALB = re.compile(r"\b(\w+?)einhalb\b|\b(anderthalb)(?:e[nr]?)?\b", re.I)
_NEVER = re.compile(r"(?!)")


def find_spelled(folded: str, language: str) -> list[Number]:
    """The numbers in words of a text that went through ``fold``; they may overlap."""
    if language not in _TEXT2NUM:
        return list(_before_scales(folded, language))
    found = [with_half(n, folded, language) for n in _by_text2num(folded, language)]
    found = _add_articles(found, folded, language)
    return [*found, *_before_scales(folded, language), *_mixed_halves(folded, language)]


def ends_spelled(folded: str, at: int, language: str) -> bool:
    """Whether a scale alone stands right before: "миллион 29 тысяч" is not 29,000.

    Where text2num reads the language, it has read what stands there.
    """
    if language in _TEXT2NUM:
        return False
    return _patterns(language).scale_before.search(folded, max(0, at - 30), at) is not None


def with_half(number: Number, folded: str, language: str) -> Number:
    """The number with the half that is said behind it: "zwei und eine halbe", "y media"."""
    half = _patterns(language).and_a_half.match(folded, number.end)
    if half is None:
        return number
    return replace(number, end=half.end(), written=number.written + Decimal("0.5"), article=False)


@dataclass(frozen=True, slots=True)
class _Patterns:
    numerals: tuple[tuple[Decimal, re.Pattern[str]], ...]
    and_a_half: re.Pattern[str]
    ends_in_half: re.Pattern[str]
    scale_before: re.Pattern[str]
    one: re.Pattern[str]
    one_of_scale: frozenset[str]
    never: re.Pattern[str]


@cache
def _patterns(language: str) -> _Patterns:
    understood = words_understood(language)
    scales = scale_words(language)
    one_of_scale = {word for words in understood for word in words.one_of_scale}
    one = sorted({word for words in understood for word in words.one} | one_of_scale)
    halves = "|".join(form for words in understood for form in words.and_a_half)
    never = "|".join(form for words in understood for form in words.round)
    return _Patterns(
        numerals=tuple(
            (
                Decimal(value),
                re.compile(rf"(?<!\w)({'|'.join(forms)})[ -]?(?:{scales})(?!\w)", re.I),
            )
            for words in understood
            for value, forms in words.numerals.items()
        )
        if scales
        else (),
        and_a_half=re.compile(rf"[ -]?(?:{halves})(?!\w)", re.I) if halves else _NEVER,
        ends_in_half=re.compile(rf"(?<!\w)(?:{halves})$", re.I) if halves else _NEVER,
        scale_before=re.compile(rf"(?<!\w)(?:{scales}) $", re.I) if scales else _NEVER,
        one=re.compile(rf"\b({'|'.join(one)}) ", re.I) if one else _NEVER,
        one_of_scale=frozenset(one_of_scale),
        # Alone these are no number ("Milliarden Dollar", "hundreds of people").
        never=re.compile("|".join(filter(None, (never, scale_words(language, least=6)))), re.I),
    )


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    apart: bool
    never: re.Pattern[str]

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: object) -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return bool(self.never.fullmatch(self.word)) or self.word[0].isdigit()


def _by_text2num(folded: str, language: str) -> Iterator[Number]:
    patterns = _patterns(language)
    spans = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(folded)]
    # A line break of a paragraph separates what two blanks in a row do not.
    tokens = [
        _Token(w, i > 0 and "\n" in folded[spans[i - 1][2] : s], patterns.never)
        for i, (w, s, _) in enumerate(spans)
    ]
    for hit in find_word_numbers(tokens, language, 0.0):
        start, end = spans[hit.start][1], spans[hit.end - 1][2]
        said = folded[start:end]
        if "," in said or "." in said or (start and folded[start - 1] == "-"):
            continue
        yield Number(
            start,
            end,
            Decimal(str(hit.value)).normalize() + 0,
            words=True,
            article=patterns.one.fullmatch(said + " ") is not None,
            ordinal=hit.is_ordinal,
        )


def _add_articles(found: list[Number], folded: str, language: str) -> list[Number]:
    """Also "eine Million", "eine Stunde" and "a hundred", where text2num reads no number.

    "a year" is a rate or a date more often than a duration: "a" counts only before a scale.
    """
    patterns = _patterns(language)
    known = {n.start for n in found}
    scales = re.compile(scale_words(language), re.I)
    extra = []
    for match in patterns.one.finditer(folded):
        if match.start() in known:
            continue
        weak = match.group(1).casefold() in patterns.one_of_scale
        if weak and not scales.match(folded, match.end()):
            continue
        extra.append(Number(match.start(), match.end(1), Decimal(1), words=True, article=True))
    return found + extra


def _before_scales(folded: str, language: str) -> Iterator[Number]:
    """ "eine halbe (Milliarde)", "half a (billion)", "две (тысячи)": numerals before a scale."""
    patterns = _patterns(language)
    for value, pattern in patterns.numerals:
        for match in pattern.finditer(folded):
            # "trzy i pół miliona": the half is only the end of that number.
            if not patterns.ends_in_half.search(folded[max(0, match.start() - 30) : match.end(1)]):
                yield Number(match.start(1), match.end(1), value, words=True)


def _mixed_halves(folded: str, language: str) -> Iterator[Number]:
    """ "zweieinhalb", "anderthalb"."""
    for match in _EINHALB.finditer(folded):
        value = Decimal("1.5") if match.group(2) else _stem_value(match.group(1))
        if value is not None:
            yield Number(match.start(), match.end(), value, words=True)


def _stem_value(stem: str) -> Decimal | None:
    if stem.casefold() == "ein":
        return Decimal("1.5")
    hits = find_word_numbers([_Token(stem, False, _NEVER)], "de", 0.0)
    return Decimal(str(hits[0].value)) + Decimal("0.5") if len(hits) == 1 else None
