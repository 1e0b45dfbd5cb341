"""The words of a question, and the noun phrases that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from qa.question.grammar import (
    ACCUSATIVE,
    DATIVE,
    GENITIVE,
    NOMINATIVE,
    Form,
    Grammar,
    closed_words,
)
from qa.values.names import find_names

_WORD = re.compile(r"[^\W_]+")
_ADJECTIVE = re.compile(r"[^\W\d_]{2,}(?:e|en|er|es|em)")


@dataclass(frozen=True, slots=True, order=True)
class Token:
    """A word, without what joins it to others: "it" and "s" of "it's"."""

    start: int
    end: int
    text: str

    @property
    def low(self) -> str:
        return self.text.casefold()

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def is_adjective(self) -> bool:
        """Whether it has an ending that German adjectives have before a noun."""
        return not self.is_capital and _ADJECTIVE.fullmatch(self.text) is not None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: [preposition] [article] [adjectives] noun.

    It begins at ``start``, behind its preposition at ``named``, behind its article at ``head``,
    behind its adjectives at ``noun``. ``forms`` are the genders and cases that its article may
    have; none where that is not told. ``is_name`` where it looks like a name, ``asked`` where it is
    part of what asks: "wie viele Einwohner".
    """

    start: int
    named: int
    head: int
    noun: int
    end: int
    preposition: str = ""
    article: str = ""
    forms: frozenset[Form] = frozenset()
    is_name: bool = False
    asked: bool = False


def tokens_of(text: str) -> tuple[Token, ...]:
    """The words of a text, in order."""
    return tuple(Token(match.start(), match.end(), match.group()) for match in _WORD.finditer(text))


def phrases_of(
    text: str,
    tokens: Sequence[Token],
    grammar: Grammar,
    times: Sequence[tuple[int, int]],
    *,
    asked: int,
) -> tuple[Phrase, ...]:
    """Named things, in order; where nouns have no capital, also what follows an article.

    ``times`` are the spans that are times and so no things; what asks ends at ``asked``.
    """
    free = [t for t in tokens if not any(a < t.end and t.start < b for a, b in times)]
    heads = list(_named(text, tokens, free, grammar))
    if not grammar.capital_nouns:
        heads = sorted([*heads, *_behind_articles(tokens, free, grammar, heads)])
    return tuple(_phrase(tokens, head, grammar, asked) for head in heads)


Head = tuple[int, int, bool]
"""Start and end of a noun, and whether it looks like a name by itself."""


def _named(
    text: str, tokens: Sequence[Token], free: Sequence[Token], grammar: Grammar
) -> Iterator[Head]:
    """Runs of names, cut where German joins a noun and what belongs to it."""
    end = 0
    for name in find_names(text, grammar.code):
        inside = [t for t in free if max(name.start, end) <= t.start and t.end <= name.end]
        # A question begins with a capital, and "Toyota's" is Toyota.
        while inside and inside[0] == tokens[0] and inside[0].low in closed_words(grammar.code):
            inside = inside[1:]
        if len(inside) > 1 and inside[-1].low == "s" and text[inside[-1].start - 1] in "'’":
            inside = inside[:-1]
        parts = _cut(inside, tokens, grammar)
        for part in parts:
            strong = len(part) > 1 or not part[0].text[1:].islower()
            yield part[0].start, part[-1].end, strong or (len(parts) == 1 and not name.weak)
            end = part[-1].end


def _cut(inside: Sequence[Token], tokens: Sequence[Token], grammar: Grammar) -> list[list[Token]]:
    """ "Umsatz von Bosch" behind an article in two; "Ursula von der Leyen" is one name."""
    if not inside:
        return []
    place = tokens.index(inside[0])
    if not grammar.cases or place == 0 or not _determines(tokens[place - 1].low, grammar):
        return _cut_at_object(inside, grammar)
    parts: list[list[Token]] = [[]]
    for token in inside:
        if token.is_capital or token.text[0].isdigit():
            parts[-1].append(token)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _cut_at_object(inside: Sequence[Token], grammar: Grammar) -> list[list[Token]]:
    """ "Bosch den Umsatz" in two; "van den Berg" is one name."""
    if grammar.cases:
        accusative = grammar.articles["masculine"][ACCUSATIVE]
        for place, token in enumerate(inside):
            if token.low == accusative and place > 0 and inside[place - 1].is_capital:
                return [list(inside[:place]), list(inside[place + 1 :])]
    return [list(inside)]


def _determines(word: str, grammar: Grammar) -> bool:
    return (
        _is_article(word, grammar)
        or word in grammar.contractions
        or word in grammar.asking("which", "many")
    )


def _is_article(word: str, grammar: Grammar) -> bool:
    """Whether a word stands where an article does; "ihr" and "that" may be that."""
    owned = grammar.capital_nouns and any(word in words for words in grammar.possessives.values())
    return (
        owned
        or word in grammar.indefinite
        or word in grammar.any_article
        or (grammar.capital_nouns and word in grammar.these)
    )


def _behind_articles(
    tokens: Sequence[Token], free: Sequence[Token], grammar: Grammar, heads: Sequence[Head]
) -> Iterator[Head]:
    """What follows an article, up to a word of a closed class; without the verb at the end."""
    closed = closed_words(grammar.code)
    for place, word in enumerate(tokens):
        if not (word.low in grammar.any_article or word.low in grammar.contractions):
            continue
        words = list(
            takewhile(lambda token: token in free and token.low not in closed, tokens[place + 1 :])
        )
        if not words or any(a < words[-1].end and words[0].start < b for a, b, _ in heads):
            continue
        if len(words) > 1 and _ends_in_verb(words, tokens[:place]):
            words.pop()
        yield words[0].start, words[-1].end, False


def _ends_in_verb(words: Sequence[Token], before: Sequence[Token]) -> bool:
    """ "When did the war **end**?", "When was the euro **introduced**?"."""
    if {token.low for token in before} & {"do", "does", "did"}:
        return True
    return words[-1].low.endswith("ed")


# --- what stands before a noun -------------------------------------------------------------

_MOST_ADJECTIVES = 2


def _phrase(tokens: Sequence[Token], noun: Head, grammar: Grammar, asked: int) -> Phrase:
    """The phrase around a noun, by the words before it."""
    start, end, is_name = noun
    before = [token for token in tokens if token.end <= start]
    if start < asked:
        return Phrase(start, start, start, start, end, asked=True)
    adjectives = _adjectives(before, grammar)
    head = adjectives[0].start if adjectives else start
    before = before[: len(before) - len(adjectives)]
    preposition = article = ""
    first = named = head
    if before and before[-1].low in grammar.contractions:
        preposition, article = grammar.contractions[before.pop().low]
        first = [token for token in tokens if token.end <= head][-1].start
    else:
        if before and _is_article(before[-1].low, grammar):
            first = named = before[-1].start
            article = before.pop().low
        if before and before[-1].low in grammar.prepositions:
            first = before[-1].start
            preposition = before.pop().low
    follows = bool(before) and before[-1].is_capital and len(before) > 1
    forms = _forms(article, preposition, follows, grammar)
    # A German noun without an article is a name more often than not.
    is_name = is_name or (grammar.capital_nouns and not article and not adjectives)
    return Phrase(first, named, head, start, end, preposition, article, forms, is_name)


def _adjectives(before: Sequence[Token], grammar: Grammar) -> Sequence[Token]:
    """What stands between an article, or in German a preposition, and a noun."""
    closed = closed_words(grammar.code)
    for count in range(1, min(_MOST_ADJECTIVES, len(before) - 1) + 1):
        word = before[-count]
        if word.low in closed or word.is_capital:
            break
        if grammar.capital_nouns and not word.is_adjective:
            break
        earlier = before[-count - 1].low
        if _is_article(earlier, grammar) or earlier in grammar.contractions:
            return before[-count:]
        if grammar.capital_nouns and earlier in grammar.prepositions:
            return before[-count:]
    return ()


def _forms(article: str, preposition: str, follows: bool, grammar: Grammar) -> frozenset[Form]:
    """The genders and cases that an article may have; ``follows`` behind another noun."""
    if not (grammar.cases and article):
        return frozenset()
    definite = {article} if article in grammar.any_article else _definite(article, grammar)
    possible = frozenset(
        (gender, case)
        for gender, cases in grammar.articles.items()
        for case, word in enumerate(cases)
        if word in definite
    )
    allowed = [{NOMINATIVE, ACCUSATIVE}, {NOMINATIVE, ACCUSATIVE, DATIVE, GENITIVE}]
    if preposition:
        allowed[0] = {ACCUSATIVE} if preposition in grammar.accusative else {ACCUSATIVE, DATIVE}
    elif follows:
        allowed.insert(0, {GENITIVE})
    found = (frozenset(form for form in possible if form[1] in cases) for cases in allowed)
    return next((forms for forms in found if forms), possible)


def _definite(determiner: str, grammar: Grammar) -> set[str]:
    """The articles that have the case of "seiner", "diesem", "ein": its ending tells."""
    ending = next((e for e in grammar.endings if e and determiner.endswith(e)), "")
    return set(grammar.endings.get(ending, ()))
