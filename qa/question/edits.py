"""A question of before with something else in it: another time, another name, another asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.answer_types import Kind
from qa.question.grammar import ACCUSATIVE, DATIVE, NOMINATIVE, countries
from qa.question.parts import Parts, Time
from qa.question.phrases import Phrase
from qa.question.subjects import chain_end, in_case, joined_article


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words for ``text[start:end]``."""

    start: int
    end: int
    words: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """``text`` with other words; what is added at one place keeps its order."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.words + text[edit.end :]
    return text


def adding(before: Parts, words: str) -> Edit:
    """``words`` at the end of a question, or before the verb that German has there."""
    bracket = before.text.rfind(" (")
    end = bracket if bracket >= 0 else len(before.text)
    tokens = [token for token in before.tokens if token.end <= end]
    place = before.asking.after if before.asking else 0
    if before.grammar.verb_last and len(tokens) > place + 2:
        verb, last = tokens[place], tokens[-1]
        small = not last.is_capital and not before.is_time(last)
        prefix = last.low in before.grammar.prepositions
        if small and (
            prefix or (verb.low in before.grammar.auxiliaries and not before.is_closed(last))
        ):
            return Edit(last.start, last.start, f"{words} ")
    return Edit(end, end, f" {words}")


# --- times ---------------------------------------------------------------------------------


def with_time(before: Parts, fragment: Parts, *, led: bool) -> Edit:
    """The fragment's time instead of the earlier one, or joined to a question that has none.

    ``led`` tells that the word before it belongs to "what about", not to the time.
    """
    first, last = fragment.times[0], fragment.times[-1]
    said = fragment.text[first.said : last.end]
    bare = led or first.start == first.said
    full = said if bare else fragment.text[first.start : last.end]
    if bare and before.grammar.in_year and _is_fixed(first):
        full = f"{before.grammar.in_year} {said}"
    old = before.times
    if not old:
        return adding(before, full)
    full += _year_of(old, first)
    if bare and _is_year(first) and len(old) == 1 and _is_year(old[0]):
        # "Seit 2010" stays "seit".
        return Edit(old[0].said, old[0].end, said)
    return Edit(old[0].start, old[-1].end, full)


def _is_fixed(time: Time) -> bool:
    return time.moment is not None and not time.moment.relative


def _is_year(time: Time) -> bool:
    return time.moment is not None and time.moment.kind is Kind.YEAR


def _year_of(old: Sequence[Time], new: Time) -> str:
    """The earlier year, where the new time is a month or day without one: "und im April?"."""
    if new.moment is None or not (new.moment.iso or "").startswith("--"):
        return ""
    years = [time.moment.iso[:4] for time in old if time.moment and time.moment.iso]
    return f" {years[0]}" if years and years[0].isdigit() else ""


# --- names ---------------------------------------------------------------------------------


def with_phrase(before: Parts, fragment: Parts, phrase: Phrase, *, led: bool) -> Edit | None:
    """The fragment's phrase instead of one of its sort; a place may join. None without a match."""
    preposition = "" if led else phrase.preposition
    said = fragment.text[phrase.start : chain_end(fragment, phrase)]
    named = fragment.text[phrase.named : chain_end(fragment, phrase)]
    free = [other for other in before.phrases if not other.asked]
    if preposition:
        same = [other for other in free if other.preposition == preposition]
        if same:
            return Edit(same[-1].start, same[-1].end, said)
        if preposition in before.grammar.places:
            return _with_place(before, free, said, named)
        owner = _owner(before, free, preposition)
        if owner is not None:
            return Edit(owner, free[-1].end, said)
    target = _slot(before, fragment, phrase, free)
    return _instead(before, target, fragment, phrase) if target else None


def _with_place(before: Parts, free: Sequence[Phrase], said: str, named: str) -> Edit:
    known = countries(before.grammar.code)
    places = [p for p in free if p.preposition in before.grammar.places]
    places += [p for p in free if before.of(p).casefold() in known]
    if places:
        old = places[0]
        if old.preposition in before.grammar.places:
            return Edit(old.start, old.end, said)
        return Edit(old.named, old.end, named)
    return adding(before, said)


def _owner(before: Parts, free: Sequence[Phrase], preposition: str) -> int | None:
    """Where a German genitive without an article begins: "die Verschuldung **Italiens**"."""
    grammar = before.grammar
    if not (grammar.cases and free and preposition == grammar.attaching[0] and free[-1].article):
        return None
    inside = [t for t in before.tokens if free[-1].noun <= t.start < free[-1].end]
    return inside[-1].start if len(inside) > 1 and inside[-1].low.endswith("s") else None


def _slot(before: Parts, fragment: Parts, phrase: Phrase, free: Sequence[Phrase]) -> Phrase | None:
    """The phrase that another one takes the place of: a name of a name, a noun of a noun."""
    led = [other for other in free if other.article and not other.preposition]
    if not phrase.is_name:
        definite = [p for p in free if p.article in before.grammar.any_article]
        nouns = [other for other in led if other in definite and not other.is_name]
        alike = [other for other in nouns if other.article == phrase.article]
        subjects = [other for other in led if other in definite]
        return next(iter([*alike, *nouns, *subjects, *definite, *led, *free]), None)
    known = countries(before.grammar.code)
    is_country = fragment.of(phrase).casefold() in known
    names = [other for other in free if other.is_name]
    alike = [n for n in names if (before.of(n).casefold() in known) == is_country]
    subjects = [n for n in alike if n.preposition not in before.grammar.places]
    return next(iter([*subjects, *alike, *names, *led, *free]), None)


def _instead(before: Parts, old: Phrase, fragment: Parts, new: Phrase) -> Edit:
    """``new`` where ``old`` stands, in its case."""
    grammar = before.grammar
    said = fragment.text[new.named : chain_end(fragment, new)]
    if grammar.cases and new.forms:
        article = in_case(grammar, new.forms, _case(before, old))
        said = f"{article} {fragment.text[new.head : chain_end(fragment, new)]}"
    contracted = bool(old.preposition) and old.article != "" and old.named == old.head
    if contracted:
        return Edit(old.start, old.end, joined_article(grammar, old.preposition, said))
    return Edit(old.named, old.end, said)


def _case(before: Parts, old: Phrase) -> int:
    cases = {case for _, case in old.forms}
    if cases:
        return min(cases)
    if old.preposition:
        return ACCUSATIVE if old.preposition in before.grammar.accusative else DATIVE
    return NOMINATIVE
