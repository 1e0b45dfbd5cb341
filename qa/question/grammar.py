"""The closed word classes by which a question leans on the one before it: a file a language.

A language is added by its file in ``languages``, named by its ISO 639-1 code. What is left out
there costs an understood question; a word that means other things too brings a wrong one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

from babel import Locale, UnknownLocaleError

Words = tuple[str, ...]
Table = Mapping[str, Words]
Form = tuple[str, int]
"""A gender and a case."""


NOMINATIVE, ACCUSATIVE, DATIVE, GENITIVE = range(4)
"""The places of cases in ``articles`` and ``pronouns``; elsewhere: subject and object."""


def _none() -> Table:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A language's closed word classes; all of them in small letters."""

    code: str
    capital_nouns: bool = False
    """Whether nouns are written with a capital."""
    cases: bool = False
    """Whether articles tell gender and case; then a pronoun gives way to a name in its case."""
    replaces: bool = False
    """Whether a name may stand where a pronoun stood; where not, it follows in brackets."""
    verb_last: bool = False
    """Whether the verb stands last beside an auxiliary; a time joins before it."""
    openers: Words = ()
    """What begins a question that goes on: "und", "what about"."""
    closers: Words = ()
    """What may end such a question and says nothing: "wie sieht es in Berlin **aus**"."""
    questions: Table = field(default_factory=_none)
    """Words that ask for a ``person``, a ``circumstance``, its ``reason``, a ``thing``, ``which``
    one, a ``degree``, and what makes a degree a number: ``many``."""
    articles: Table = field(default_factory=_none)
    """Gender = definite articles, by case."""
    endings: Table = field(default_factory=_none)
    """Ending of another determiner, the longer first = definite articles of the same form."""
    indefinite: Words = ()
    contractions: Table = field(default_factory=_none)
    """What is a preposition and an article: im = ["in", "dem"]."""
    prepositions: Words = ()
    accusative: Words = ()
    """Those that the accusative follows alone; else the dative is taken."""
    places: Words = ()
    """Those before the place where something is."""
    attaching: Words = ()
    """Those that make what follows a part of the noun before: "der Umsatz **von** Bosch"."""
    years: Words = ()
    """Nouns before a year: "im **Jahr** 2024"."""
    in_year: str = ""
    """The preposition that a year needs."""
    auxiliaries: Words = ()
    naming: Words = ()
    """Verbs between a subject and what it is or is called."""
    conjunctions: Words = ()
    particles: Words = ()
    """Adverbs that change nothing of what is asked: "eigentlich", "noch"."""
    pronouns: Table = field(default_factory=_none)
    """Gender = personal pronouns of the third person, by case."""
    possessives: Table = field(default_factory=_none)
    """What stands instead, an article or an ending ("" where that is not known) = the words."""
    possessors: Table = field(default_factory=_none)
    """Gender of the owner = how its possessives begin."""
    anyone: Words = ()
    """Pronouns for whoever does something, who may own what is asked about."""
    there: Words = ()
    thereby: Words = ()
    """Prepositions with a pronoun in them: "davon"."""
    that: Words = ()
    """Demonstrative pronouns, where no noun follows."""
    these: Words = ()
    """Demonstratives before a noun."""
    expletives: Words = ()
    """Phrases in which a pronoun or demonstrative means nothing: "this time"."""
    impersonal: Words = ()
    """Verbs beside which the neuter pronoun means nothing: "gibt es"."""
    agents: Words = ()
    """Prepositions before who did what is asked about: "gekauft **von** Meta"."""
    someone: str = ""
    """Stands for the person asked for: "Wann kaufte **jemand** Scale AI?"."""
    past_cleft: str = ""
    """What leads to a clause about the past as it stands: "When **was it that** someone left?"."""
    so: str = ""
    """What takes a degree up: "Warum ist er **so** hoch?"."""

    def asking(self, *roles: str) -> frozenset[str]:
        """The question words of these roles."""
        return frozenset(chain.from_iterable(self.questions.get(role, ()) for role in roles))

    @property
    def any_article(self) -> frozenset[str]:
        """The definite articles in all their forms."""
        return frozenset(chain.from_iterable(self.articles.values()))


def _words_of(grammar: Grammar) -> frozenset[str]:
    tables = (grammar.questions, grammar.articles, grammar.pronouns, grammar.possessives)
    lists = (
        grammar.indefinite, grammar.contractions, grammar.prepositions, grammar.auxiliaries,
        grammar.naming, grammar.conjunctions, grammar.particles, grammar.there, grammar.thereby,
        grammar.that, grammar.these, grammar.anyone,
    )  # fmt: skip
    return frozenset(chain(*lists, *chain.from_iterable(table.values() for table in tables)))


@cache
def grammar_of(language: str) -> Grammar | None:
    """The grammar of a language by its ISO 639-1 code; None where it has no file."""
    file = files("qa.question").joinpath("languages", f"{language}.toml")
    if not (language.isalpha() and file.is_file()):
        return None
    said = tomllib.loads(file.read_text("utf-8"))
    wrong = said.keys() - {f.name for f in fields(Grammar)}
    if wrong:
        raise ValueError(f"{language}.toml: unknown key {', '.join(sorted(wrong))}")
    return Grammar(code=language, **{key: _frozen(value) for key, value in said.items()})


@cache
def closed_words(language: str) -> frozenset[str]:
    """All words of the grammar's classes: what is none of them has a meaning of its own."""
    grammar = grammar_of(language)
    return _words_of(grammar) if grammar else frozenset()


@cache
def countries(language: str) -> frozenset[str]:
    """The names of countries and continents in a language, in small letters; CLDR's."""
    try:
        return frozenset(name.casefold() for name in Locale.parse(language).territories.values())
    except (UnknownLocaleError, ValueError):
        return frozenset()


def _frozen(value: Any) -> Any:
    """Lists as tuples, also in a table."""
    if isinstance(value, dict):
        return {key: tuple(words) for key, words in value.items()}
    return tuple(value) if isinstance(value, list) else value
