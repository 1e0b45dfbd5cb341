"""The word by which a question leans on the one before it: a pronoun that nothing in it explains.

"Es" and "it" often mean nothing ("gibt es", "is it raining"), and a name or a clause before a
pronoun may be what it stands for. Where that may be so, a question stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from qa.question.grammar import DATIVE, NOMINATIVE, Form
from qa.question.parts import Parts
from qa.question.phrases import Phrase, Token


class Stands(StrEnum):
    """What a word stands for: a thing or person, whose something is, a place, or any of these."""

    FOR_ONE = "for one"
    OF_ONE = "of one"
    PLACE = "place"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Leaning:
    """A word that stands for something of the question before.

    ``forms`` are the genders and cases it may have; none where they are not told. ``instead`` is
    the article or the ending that takes the place of a possessive, "" where it is not known.
    """

    stands: Stands
    start: int
    end: int
    forms: frozenset[Form] = frozenset()
    instead: str = ""

    @property
    def genders(self) -> frozenset[str]:
        return frozenset(gender for gender, _ in self.forms)


def leaning(parts: Parts) -> Leaning | None:
    """The word by which a question leans on another, a personal pronoun first; None without one."""
    silent = _silent(parts)
    found: list[Leaning] = []
    for place, token in enumerate(parts.tokens):
        # "Sie" is the reader, "IT" a branch.
        written_large = token.is_capital and place > 0
        if written_large or any(a <= token.start < b for a, b in silent) or _is_named(parts, token):
            continue
        if _is_explained(parts, token):
            continue
        word = _possessive(parts, place) or _pronoun(parts, place) or _demonstrative(parts, place)
        if word is not None:
            found.append(word)
    return min(
        found, key=lambda word: (word.stands is not Stands.FOR_ONE, word.start), default=None
    )


def possessive_forms(parts: Parts, token: Token) -> tuple[str, frozenset[Form]] | None:
    """What a possessive gives way to, and the genders of the possessor; None for another word."""
    grammar = parts.grammar
    given = [instead for instead, words in grammar.possessives.items() if token.low in words]
    if not given:
        return None
    genders = {
        gender
        for gender, stems in grammar.possessors.items()
        if any(token.low.startswith(stem) for stem in stems)
    }
    return given[0], frozenset((gender, NOMINATIVE) for gender in genders)


def _silent(parts: Parts) -> list[tuple[int, int]]:
    """Where phrases stand in which a pronoun means nothing."""
    folded = parts.text.casefold().replace("’", "'")
    spans = [(time.said, time.end) for time in parts.times]
    for phrase in parts.grammar.expletives:
        spans += [m.span() for m in re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", folded)]
    return spans


def _is_named(parts: Parts, token: Token) -> bool:
    return any(p.noun <= token.start < p.end for p in parts.phrases if p.is_name)


def _is_explained(parts: Parts, token: Token) -> bool:
    """Whether a clause before the word may hold what it stands for."""
    told = False
    for earlier in parts.tokens:
        if earlier.start >= token.start:
            return False
        if told and earlier.low in parts.grammar.conjunctions and not _is_named(parts, earlier):
            return True
        told = told or not parts.is_closed(earlier)
        if told and re.search(r"[,;:]", parts.text[earlier.end : token.start]):
            return True
    return False


def _before(parts: Parts, token: Token) -> list[Phrase]:
    """The noun phrases before a word, without those that are asked for."""
    return [phrase for phrase in parts.phrases if phrase.end <= token.start and not phrase.asked]


def _behind(parts: Parts, token: Token) -> list[Phrase]:
    """The noun phrases behind the one that a word begins, without those behind a preposition."""
    phrases = [p for p in parts.phrases if p.start > token.start and not p.preposition]
    return [p for p in phrases if not parts.grammar.cases or p.article]


def _verb(parts: Parts) -> Token | None:
    """The word behind what asks: in German the verb, elsewhere a verb or an auxiliary."""
    place = parts.asking.after if parts.asking else 0
    return parts.tokens[place] if place < len(parts.tokens) else None


def is_asked_by_naming(parts: Parts) -> bool:
    """Whether the question asks who or what something is: "Wer ist …", "Wie heißt …"."""
    verb = _verb(parts)
    return parts.asking is not None and verb is not None and verb.low in parts.grammar.naming


# --- possessives ---------------------------------------------------------------------------


def _possessive(parts: Parts, place: int) -> Leaning | None:
    token = parts.tokens[place]
    given = possessive_forms(parts, token)
    if given is None or _is_owned_inside(parts, token):
        return None
    if parts.grammar.replaces and not _is_before_noun(parts, parts.tokens[place + 1 :]):
        return None
    instead = given[0]
    if any(token.low in words for words in parts.grammar.pronouns.values()):
        # "Who is her husband?"; of "what made her leave" she is the object.
        led = {*parts.grammar.auxiliaries, *parts.grammar.prepositions, *parts.grammar.conjunctions}
        instead = given[0] if place and parts.tokens[place - 1].low in led else ""
    return Leaning(Stands.OF_ONE, token.start, token.end, given[1], instead)


def _is_before_noun(parts: Parts, behind: Sequence[Token]) -> bool:
    """Whether a noun follows; in German it has a capital, where the question has any."""
    if not behind or parts.is_closed(behind[0]):
        return False
    if not parts.grammar.capital_nouns or not any(t.is_capital for t in parts.tokens[1:]):
        return True
    nouns = [token for token in behind if token.is_capital]
    return bool(nouns) and all(t.is_adjective for t in behind[: behind.index(nouns[0])])


def _is_owned_inside(parts: Parts, token: Token) -> bool:
    """Whether the question itself may name the owner: "Welches Land hat **seine** Ziele …"."""
    role = parts.asking.role if parts.asking else ""
    generic = any(
        word.low in parts.grammar.anyone for word in parts.tokens if word.end <= token.start
    )
    if _before(parts, token) or _behind(parts, token) or generic or role in {"which", "many"}:
        return True
    if role == "person" and not is_asked_by_naming(parts):
        return True
    if parts.grammar.capital_nouns:
        return False
    told = [word for word in parts.contents if word.end <= token.start]
    verb = _verb(parts)
    led = verb is not None and verb.low in parts.grammar.auxiliaries
    return len(told) > (0 if led else 1)


# --- personal pronouns ---------------------------------------------------------------------


def _pronoun(parts: Parts, place: int) -> Leaning | None:
    token, grammar = parts.tokens[place], parts.grammar
    forms = frozenset(
        (gender, case)
        for gender, cases in grammar.pronouns.items()
        for case, word in enumerate(cases)
        if word == token.low
    )
    if not forms or not _is_used(parts, place, forms):
        return None
    if _is_before_noun(parts, parts.tokens[place + 1 :]) and possessive_forms(parts, token):
        return None
    if _is_led_inside(parts, place):
        return None
    if _before(parts, token) and not grammar.cases and not _is_object(parts, place, forms):
        return None
    if {gender for gender, _ in forms} <= {"neuter"} and _means_nothing(parts, place):
        return None
    return Leaning(Stands.FOR_ONE, token.start, token.end, forms)


def _is_used(parts: Parts, place: int, forms: frozenset[Form]) -> bool:
    """Whether it is no other word: German "ihr" is dative behind a preposition, else "you"."""
    if not parts.grammar.cases or {case for _, case in forms} != {DATIVE} or len(forms) > 1:
        return True
    before = parts.tokens[place - 1].low if place else ""
    return before in parts.grammar.prepositions or before == "es" or len(parts.tokens) < 2


def _is_led_inside(parts: Parts, place: int) -> bool:
    """Whether what a preposition leads to may be inside: "What film has a dog in **it**?"."""
    grammar, token = parts.grammar, parts.tokens[place]
    if place == 0 or parts.tokens[place - 1].low not in grammar.prepositions:
        return False
    role = parts.asking.role if parts.asking else ""
    if grammar.cases:
        article = place > 1 and parts.tokens[place - 2].low in grammar.any_article
        return role == "which" or article  # "den von ihm gefundenen Stoff"
    told = [word for word in parts.contents if word.end <= token.start]
    nouns = any(not phrase.is_name for phrase in _before(parts, token))
    ends = place + 1 == len(parts.tokens) or parts.is_time(parts.tokens[place + 1])
    return nouns or role == "which" or len(told) > _MOST_TOLD or (bool(told) and not ends)


_MOST_TOLD = 3
"""Words with a meaning before "for it" that hold no noun but a name: "did Elon Musk pay for it"."""


def _is_object(parts: Parts, place: int, forms: frozenset[Form]) -> bool:
    """Whether the pronoun is what something before it acts on: "When did Meta buy **it**?"."""
    behind = parts.tokens[place + 1] if place + 1 < len(parts.tokens) else None
    ends = behind is None or behind.low in parts.grammar.prepositions or parts.is_time(behind)
    return ends and any(case != NOMINATIVE for _, case in forms)


def _means_nothing(parts: Parts, place: int) -> bool:
    """Whether "es" may be only the subject that grammar asks for: more is said of it behind."""
    grammar, token = parts.grammar, parts.tokens[place]
    behind = parts.tokens[place + 1 :]
    if any(word.low in grammar.impersonal for word in parts.tokens):
        return True
    if "," in parts.text[token.end :] or any(w.low in grammar.conjunctions for w in behind):
        return True
    if any(p.start >= token.end and not p.preposition for p in parts.phrases):
        return True
    names = [phrase for phrase in parts.phrases if phrase.is_name and phrase.start >= token.end]
    if _is_acted_on(parts) or any(name.preposition in grammar.agents for name in names):
        return False
    told = [word for word in behind if not parts.is_closed(word)]
    leads = {*grammar.prepositions, *grammar.contractions}
    verb = parts.tokens[place - 1] if place else token
    timed = verb.low in grammar.naming and parts.asking is not None and bool(parts.times)
    return bool(names) or len(told) > 1 or timed or any(w.low in leads for w in behind[:-1])


def _is_acted_on(parts: Parts) -> bool:
    """Whether the question asks who did something to it: "Wer hat **es** an Meta verkauft?"."""
    role = parts.asking.role if parts.asking else ""
    return role == "person" and not is_asked_by_naming(parts)


# --- demonstratives ------------------------------------------------------------------------


def _demonstrative(parts: Parts, place: int) -> Leaning | None:
    token, grammar = parts.tokens[place], parts.grammar
    if token.low in grammar.there and not _is_told_behind(parts, place):
        return Leaning(Stands.PLACE, token.start, token.end)
    if (
        (token.low in grammar.thereby and _is_thereby(parts, place))
        or (token.low in grammar.that and _is_alone(parts, place))
        or (token.low in grammar.these and _is_with_noun(parts, place))
    ):
        return Leaning(Stands.ANY, token.start, token.end)
    return None


def _is_told_behind(parts: Parts, place: int) -> bool:
    """Whether the place follows: "dort im Hafen", "dort, wo …"."""
    grammar = parts.grammar
    following = parts.tokens[place + 1 : place + 2]
    leads = {*grammar.places, *grammar.contractions}
    comma = parts.text[parts.tokens[place].end :].startswith(",")
    return comma or any(token.low in leads for token in following)


def _is_thereby(parts: Parts, place: int) -> bool:
    """Whether "dabei" points back: not on to a clause, and no part of a verb ("davonkommen")."""
    if place == 0 or "," in parts.text or parts.asking is None or parts.asking.role == "which":
        return False
    if any(token.low in parts.grammar.conjunctions for token in parts.tokens):
        return False
    return place == parts.asking.after or not any(not phrase.asked for phrase in parts.phrases)


def _is_alone(parts: Parts, place: int) -> bool:
    """Whether "das" is no article, and "that" joins no clause."""
    grammar = parts.grammar
    if place == 0:
        return False
    behind = parts.tokens[place + 1 :]
    if not behind:
        return True
    verb = _verb(parts)
    led = verb is not None and verb.low in {*grammar.auxiliaries} - {*grammar.naming}
    if not grammar.capital_nouns:
        return parts.tokens[place - 1].low in grammar.auxiliaries and not behind[0].is_capital
    if behind[0].low in grammar.prepositions or behind[0].low in grammar.particles:
        # "Das heute bekannte Gebiet" has an article.
        return not any(a.is_adjective and b.is_capital for a, b in pairwise(behind))
    # "Wer hat das gesagt?"; where all is written small, it may be "wer hat das buch".
    return led and parts.tokens[0].is_capital and len(behind) == 1 and not behind[0].is_capital


def _is_with_noun(parts: Parts, place: int) -> bool:
    """Whether a noun follows that is no time: "dieses Unternehmen", not "dieses Jahr"."""
    grammar = parts.grammar
    behind = parts.tokens[place + 1 :]
    if not behind or parts.is_time(behind[0]):
        return False
    if grammar.capital_nouns:
        return behind[0].is_capital or (len(behind) > 1 and behind[0].is_adjective)
    if parts.is_closed(behind[0]):
        return False
    before = parts.tokens[place - 1].low if place else ""
    return parts.tokens[place].low not in grammar.conjunctions or before in grammar.auxiliaries
