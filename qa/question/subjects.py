"""What a question was about, as a later one may mean it; and how it is named there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.question.grammar import DATIVE, GENITIVE, Form, Grammar, countries
from qa.question.leaning import Leaning, Stands, is_asked_by_naming
from qa.question.parts import Parts
from qa.question.phrases import Phrase

_FEMININE_FIRST = ("feminine", "masculine", "neuter", "plural")
"""Where an article tells several genders: names are singular more often than not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a word stands for: ``text`` names it in brackets.

    ``phrase`` is it where it is one for certain, and may stand where the word stood.
    """

    text: str
    phrase: Phrase | None = None


def subject_of(before: Parts, word: Leaning | None) -> Subject | None:
    """What ``word`` stands for, or without one, what the question before is about."""
    if word is not None and _means_who(word, before):
        return Subject(whole(before))
    if _is_rest_unnamed(before):
        return _unnamed(before, word)
    phrases = _free(before)
    chosen, surely = _chosen(before, phrases, word)
    if not chosen:
        return _unnamed(before, word)
    texts = [in_brackets(before, phrase) for phrase in chosen]
    return Subject(", ".join(dict.fromkeys(texts)), chosen[0] if surely else None)


def whole(before: Parts) -> str:
    """The question as it may stand in brackets."""
    text = before.text.replace("(", "").replace(")", "")
    first = before.tokens[0] if before.tokens else None
    return text[0].lower() + text[1:] if first and before.is_closed(first) else text


def in_brackets(before: Parts, phrase: Phrase) -> str:
    """A phrase with what belongs to it, in German without its article, whose case says nothing."""
    start = phrase.head if before.grammar.cases else phrase.named
    return before.text[start : chain_end(before, phrase)]


def chain_end(parts: Parts, phrase: Phrase) -> int:
    """Where what belongs to a phrase ends: "der Umsatz von Bosch"; of a bare name nothing does."""
    end = phrase.end
    if not phrase.article:
        return end
    for other in parts.phrases:
        genitive = bool(other.forms) and all(case == GENITIVE for _, case in other.forms)
        belongs = other.preposition in parts.grammar.attaching or (
            not other.preposition and genitive
        )
        if other.start > end and belongs and parts.text[end : other.start].isspace():
            end = other.end
    return end


def located(before: Parts) -> str | None:
    """The place that the question before names, as words that stand for "there"."""
    places = before.grammar.places
    for phrase in before.phrases:
        moves = bool(phrase.forms) and DATIVE not in {case for _, case in phrase.forms}
        if phrase.preposition in places and not phrase.asked and not moves:
            return before.text[phrase.start : phrase.end]
    known = countries(before.grammar.code)
    for phrase in before.phrases:
        part = phrase.preposition in before.grammar.attaching
        if before.of(phrase).casefold() in known and not phrase.article and places and not part:
            return f"{places[0]} {before.of(phrase)}"
    return None


def declined(before: Parts, phrase: Phrase, forms: frozenset[Form]) -> str | None:
    """A phrase in one of these forms; None where it cannot be told how it is then."""
    grammar = before.grammar
    text = before.text[phrase.head : chain_end(before, phrase)]
    if not phrase.article or not grammar.cases:
        return before.text[phrase.named : chain_end(before, phrase)]
    cases = {case for _, case in phrase.forms}
    if phrase.article not in grammar.any_article:
        # "Ein Lehrer" stays as it is where it was the subject, "sein Lehrer" is anybody's.
        owned = any(phrase.article in words for words in grammar.possessives.values())
        kept = not owned and phrase.forms & forms
        return before.text[phrase.named : chain_end(before, phrase)] if kept else None
    genders = {gender for gender, _ in phrase.forms} & {gender for gender, _ in forms}
    articles = {grammar.articles[gender][case] for gender, case in forms if gender in genders}
    inflected = cases == {GENITIVE} and genders & {"masculine", "neuter"}
    adjectives = phrase.head < phrase.noun and not cases & {case for _, case in forms}
    if len(articles) != 1 or inflected or adjectives:
        return None
    return f"{articles.pop()} {text}"


def in_case(grammar: Grammar, forms: frozenset[Form], case: int) -> str:
    """The article of a phrase with these forms in another case; the likeliest gender's."""
    genders = {gender for gender, _ in forms}
    gender = next(gender for gender in _FEMININE_FIRST if gender in genders)
    return grammar.articles[gender][case]


def owned(before: Parts, phrase: Phrase) -> str | None:
    """A phrase as an owner: "von Bosch", "vom Mount Everest", "Bosch's"; None where it has none."""
    grammar = before.grammar
    if not grammar.cases:
        if chain_end(before, phrase) > phrase.end:
            return None
        name = before.text[phrase.named : phrase.end]
        return f"{name}'" if name.endswith("s") else f"{name}'s"
    of = grammar.attaching[0]
    if not phrase.article:
        return f"{of} {before.of(phrase)}"
    genders = {(gender, DATIVE) for gender, _ in phrase.forms}
    said = declined(before, phrase, frozenset(genders)) if genders else None
    return joined_article(grammar, of, said) if said else None


def joined_article(grammar: Grammar, preposition: str, said: str) -> str:
    """A preposition before a phrase, in one word with its article where there is one: "vom"."""
    article, _, rest = said.partition(" ")
    for word, parts in grammar.contractions.items():
        if parts == (preposition, article) and rest:
            return f"{word} {rest}"
    return f"{preposition} {said}"


# --- which one is meant --------------------------------------------------------------------


def _means_who(word: Leaning, before: Parts) -> bool:
    """Whether a person is meant whom the question before asks for: "Wer leitet …", "er"."""
    asks = before.asking is not None and before.asking.role == "person"
    person = bool(word.genders) and word.genders <= {"masculine", "feminine"}
    return asks and person and not is_asked_by_naming(before)


def _free(before: Parts) -> list[Phrase]:
    """The phrases that may be a subject: what stands in brackets is one for certain."""
    free = [phrase for phrase in before.phrases if not phrase.asked]
    bracket = before.text.rfind("(")
    inside = [phrase for phrase in free if phrase.start > bracket] if bracket >= 0 else []
    return inside or free


def _chosen(
    before: Parts, phrases: Sequence[Phrase], word: Leaning | None
) -> tuple[list[Phrase], bool]:
    """The phrases that may be meant, and whether it is the first of them for certain."""
    places = before.grammar.places
    things = [phrase for phrase in phrases if phrase.preposition not in places]
    for among in (things, [phrase for phrase in phrases if phrase not in things]):
        chosen, surely = _among(before, among, word)
        if chosen:
            return chosen, surely
    return [], False


def _among(
    before: Parts, phrases: Sequence[Phrase], word: Leaning | None
) -> tuple[list[Phrase], bool]:
    """Of German nouns those of the pronoun's gender; names without an article have any."""
    if not before.grammar.cases:
        return _named_among(before, phrases, word)
    genders = word.genders if word else frozenset()
    bare = [phrase for phrase in phrases if not phrase.article]
    fit = [p for p in phrases if p.article and (not genders or genders & {g for g, _ in p.forms})]
    if word is None or word.stands is not Stands.FOR_ONE:
        end = chain_end(before, fit[0]) if fit else 0
        names = [phrase for phrase in fit if phrase.is_name and phrase.start >= end]
        chosen = bare or names[:1] or fit[:1]
        return chosen, len(chosen) == 1
    others = [*bare, *fit[1:]]
    if not fit or not others:
        return [*fit, *others], len(fit) + len(others) == 1
    end = chain_end(before, fit[0])
    if all(fit[0].start < phrase.start < end for phrase in others):
        # "Der Umsatz von Bosch" or Bosch: both are said; "der Chef von Bosch" is who was asked for.
        return fit[:1], is_asked_by_naming(before)
    return [*bare, *fit[:1]], False


def _named_among(
    before: Parts, phrases: Sequence[Phrase], word: Leaning | None
) -> tuple[list[Phrase], bool]:
    """Where nouns have no gender that shows: names, else what an article stands before."""
    names = [phrase for phrase in phrases if phrase.is_name]
    first = phrases[0] if phrases else None
    if first is not None and is_asked_by_naming(before) and _begins_rest(before, first):
        holds = chain_end(before, first) > first.end
        person = word is not None and word.genders <= {"masculine", "feminine"}
        asked = before.asking.role if before.asking else ""
        if holds and not first.is_name and not (asked == "person" and not person):
            # "The capital of France" or France: both are said.
            return [first], asked == "person"
    if names:
        return names, len(names) == 1
    return list(phrases[:1]), False


def _begins_rest(before: Parts, phrase: Phrase) -> bool:
    """Whether a phrase stands right behind "What is"."""
    return before.asking is not None and phrase.start <= before.tokens[before.asking.after].end + 1


# --- without a name ------------------------------------------------------------------------


def _is_rest_unnamed(before: Parts) -> bool:
    """Whether a word that no name is stands right behind "How high is": "inflation in Spain"."""
    if before.grammar.cases or before.asking is None or not is_asked_by_naming(before):
        return False
    rest = before.tokens[before.asking.after + 1 :]
    named = any(p.start <= rest[0].start < p.end for p in before.phrases) if rest else True
    return not named and not before.is_closed(rest[0])


def _unnamed(before: Parts, word: Leaning | None) -> Subject | None:
    """The rest behind "How high is", or the question itself where it says enough."""
    if before.asking is not None and is_asked_by_naming(before):
        rest = before.text[before.tokens[before.asking.after].end :].strip()
        if before.contents and rest:
            return Subject(rest)
    if len(before.contents) < (2 if word is None else 1):
        return None
    return Subject(whole(before))
