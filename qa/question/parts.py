"""A question taken apart by closed word classes: what asks, the times, the noun phrases."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.text.words import words_of
from qa.question.grammar import Grammar, closed_words
from qa.question.phrases import Phrase, Token, phrases_of, tokens_of
from qa.values.dates import Moment, find_moments
from qa.values.numbers import fold


@dataclass(frozen=True, slots=True)
class Time:
    """A time; it begins at ``said``, and at ``start`` where a preposition leads to it.

    ``moment`` is None for a word such as "jetzt".
    """

    start: int
    said: int
    end: int
    moment: Moment | None


@dataclass(frozen=True, slots=True)
class Asking:
    """What asks, up to ``end``; ``after`` is the place of the token behind it, a verb in German.

    ``role`` is a key of ``Grammar.questions``; "which" and "many" have their noun with them, and
    behind a preposition ("von wem") a circumstance is asked for. ``degree`` is "hoch" of "wie
    hoch", ``is_reason`` tells "warum".
    """

    end: int
    after: int
    role: str
    degree: str = ""
    is_reason: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """A question without its marks, and what it is made of; ``opening`` and ``mark`` are these."""

    text: str
    opening: str
    mark: str
    grammar: Grammar
    tokens: tuple[Token, ...]
    times: tuple[Time, ...]
    asking: Asking | None
    phrases: tuple[Phrase, ...]

    def whole(self, text: str) -> str:
        """``text`` as a question with these marks."""
        return f"{self.opening}{text}{self.mark}"

    def of(self, phrase: Phrase) -> str:
        """The head of a phrase with its adjectives."""
        return self.text[phrase.head : phrase.end]

    def is_closed(self, token: Token) -> bool:
        """Whether a word belongs to a closed class and no name."""
        return token.low in closed_words(self.grammar.code) and not any(
            phrase.noun <= token.start < phrase.end for phrase in self.phrases if phrase.is_name
        )

    def is_time(self, token: Token) -> bool:
        return any(time.start <= token.start < time.end for time in self.times)

    @property
    def contents(self) -> tuple[Token, ...]:
        """The words that mean something, without what asks and without the times."""
        asked = self.asking.end if self.asking else 0
        return tuple(
            token
            for token in self.tokens
            if token.start >= asked and not self.is_closed(token) and not self.is_time(token)
        )


_QUESTION = re.compile(r"\s*([¿¡]?)\s*(.*?)(\s*[?!.…]*)\s*", re.S)


def parts_of(question: str, grammar: Grammar) -> Parts:
    """Take ``question`` apart."""
    match = _QUESTION.fullmatch(question)
    assert match is not None  # it matches every text
    opening, text, mark = match.groups()
    tokens = tokens_of(text)
    asking = _asking(tokens, grammar)
    times = _times(text, tokens, grammar)
    phrases = phrases_of(
        text,
        tokens,
        grammar,
        [(time.said, time.end) for time in times],
        asked=asking.end if asking else 0,
    )
    mark = mark if "?" in mark else "?"
    return Parts(text, opening, mark, grammar, tokens, times, asking, phrases)


# --- what asks -----------------------------------------------------------------------------

_FAR = 3
"""Words that may stand between "how many" and an auxiliary: "how many new employees does"."""


def _asking(tokens: tuple[Token, ...], grammar: Grammar) -> Asking | None:
    prepositions = {*grammar.prepositions, *grammar.contractions}
    at = 0
    while at < min(2, len(tokens)) and tokens[at].low in prepositions:
        at += 1
    if at == len(tokens):
        return None
    word = tokens[at].low
    role = next((role for role, words in grammar.questions.items() if word in words), "")
    if not role:
        return None
    if role == "degree":
        return _degree(tokens, at, grammar)
    after = _behind_noun(tokens, at + 1, grammar) if role in {"which", "many"} else at + 1
    if at and role != "many":
        role = "circumstance"
    return Asking(tokens[after - 1].end, after, role, is_reason=word in grammar.asking("reason"))


def _degree(tokens: tuple[Token, ...], at: int, grammar: Grammar) -> Asking:
    """ "wie hoch", "wie viele Einwohner", or "wie" alone."""
    after, role, degree = at + 1, "circumstance", ""
    second = tokens[at + 1] if at + 1 < len(tokens) else None
    if second is not None and second.low in grammar.asking("many"):
        after = _behind_noun(tokens, at + 2, grammar)
        role, degree = ("degree", second.low) if after == at + 2 else ("many", "")
    elif second is not None and _is_degree(second, tokens[at + 2 :], grammar):
        after, role, degree = at + 2, "degree", second.low
    return Asking(tokens[after - 1].end, after, role, degree)


def _is_degree(word: Token, behind: tuple[Token, ...], grammar: Grammar) -> bool:
    """Whether "how" asks for this word's degree: a verb follows, or nothing."""
    closed = closed_words(grammar.code)
    if word.is_capital or word.low in closed:
        return False
    following = next((token for token in behind if token.low not in grammar.particles), None)
    if following is None or following.low in grammar.auxiliaries:
        return True
    return grammar.capital_nouns and not following.is_capital and following.low not in closed


def _behind_noun(tokens: tuple[Token, ...], at: int, grammar: Grammar) -> int:
    """The place behind the noun that begins at ``at``; ``at`` where none does."""
    closed = closed_words(grammar.code)
    for place, token in enumerate(tokens[at : at + _FAR + 1], at):
        if grammar.capital_nouns:
            if token.is_capital:
                return _behind_capitals(tokens, place)
            if token.low in closed or not (token.is_adjective and tokens[at - 1].is_adjective):
                return at  # "wie viel verdienen …", "wie viele neue …"
        elif token.low in grammar.auxiliaries:
            return place
        elif token.low in closed and token.low not in grammar.prepositions:
            break
    return at if grammar.capital_nouns else min(at + 1, len(tokens))


def _behind_capitals(tokens: tuple[Token, ...], place: int) -> int:
    while place < len(tokens) and tokens[place].is_capital:
        place += 1
    return place


# --- times ---------------------------------------------------------------------------------


def _times(text: str, tokens: tuple[Token, ...], grammar: Grammar) -> tuple[Time, ...]:
    found = [
        Time(_with_preposition(tokens, moment.start, grammar), moment.start, moment.end, moment)
        for moment in find_moments(fold(text), grammar.code)
    ]
    latest = words_of(grammar.code).latest
    found += [
        Time(token.start, token.start, token.end, None)
        for token in tokens
        if token.low in latest
        and not any(time.said < token.end and token.start < time.end for time in found)
    ]
    return tuple(sorted(found, key=lambda time: time.said))


def _with_preposition(tokens: tuple[Token, ...], at: int, grammar: Grammar) -> int:
    """Where the preposition stands that leads to the time at ``at``; ``at`` where there is none."""
    between = {*grammar.years, *grammar.any_article}
    for token in reversed([token for token in tokens if token.end <= at]):
        if token.low in grammar.prepositions or token.low in grammar.contractions:
            return token.start
        if token.low not in between:
            break
    return at
