"""Questions that follow another one: "und 2024?", "wer leitet es?", "how tall is it?".

Whether a question leans on the one before it is told by closed word classes alone: it has no name
and hardly a word of its own, or a pronoun that nothing in it explains. Leaving such a question
alone does little harm, a wrong subject much, so that in doubt a question stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from index.text.analysis import detect
from qa.question.ellipsis import completed, possessed
from qa.question.grammar import Grammar, grammar_of
from qa.question.leaning import Leaning, Stands, leaning
from qa.question.parts import Parts, parts_of
from qa.question.subjects import declined, located, subject_of

LONGEST = 500
"""Characters of a question that may lean on another, or be leant on."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A question after another one; ``understood`` is it in full, None where it needs no other."""

    question: str
    understood: str | None


def followed(question: str, before: str, *, language: str | None = None) -> Followed:
    """Whether ``question`` leans on the one before it, and the question that it is then.

    ``before`` is that question as it was understood. ``language`` is both questions'; where it is
    not given, it is detected.
    """
    asked, earlier = " ".join(question.split()), " ".join(before.split())
    if asked and earlier and max(len(asked), len(earlier)) <= LONGEST:
        for grammar, of_earlier in _grammars(asked, earlier, language):
            understood = _understood(asked, parts_of(earlier, of_earlier), grammar)
            if understood is not None:
                return Followed(question, understood)
    return Followed(question, None)


_TELLING = 4
"""Words from which on a question's language is detected by itself."""


def _grammars(asked: str, earlier: str, language: str | None) -> list[tuple[Grammar, Grammar]]:
    """What grammars the question and the earlier one may have, the likelier first."""
    if language is not None:
        languages = [(language, language)]
    else:
        own, other = detect(asked), detect(earlier)
        languages = [(own, other), (other, other)]
        if asked.count(" ") + 1 < _TELLING:
            languages.reverse()
    found = []
    for codes in dict.fromkeys(languages):
        first, second = (grammar_of(code) for code in codes)
        if first is not None and second is not None:
            found.append((first, second))
    return found


def _understood(asked: str, before: Parts, grammar: Grammar) -> str | None:
    if not before.tokens:
        return None
    opener, rest = _opened(parts_of(asked, grammar).text, grammar)
    if opener:
        fragment = parts_of(rest + "?", grammar)
        whole = completed(fragment, before, opener)
        if whole is not None:
            return before.whole(whole)
    goes_on = opener != "" and " " not in opener
    parts = parts_of(rest + "?" if goes_on else asked, grammar)
    text = None if opener else completed(parts, before, "")
    if text is not None:
        return before.whole(text)
    word = leaning(parts)
    if word is not None:
        text = _with_subject(parts, word, before)
    elif _is_about_before(parts, before, goes_on=goes_on):
        topic = subject_of(before, None)
        text = f"{parts.text} ({topic.text})" if topic else None
    return None if text is None else f"{before.opening}{text}{parts.mark}"


def _opened(text: str, grammar: Grammar) -> tuple[str, str]:
    """ "Und", "what about" and what follows; the preposition of "was ist mit" is left to that."""
    for opener in sorted(grammar.openers, key=len, reverse=True):
        rest = text[len(opener) :]
        if text.casefold().startswith(opener) and rest[:1] in {" ", ","} and rest.strip(" ,"):
            last = opener.split(" ")[-1]
            kept = f"{last} " if " " in opener and last in grammar.prepositions else ""
            return opener, kept + rest.strip(" ,")
    return "", text


def _with_subject(parts: Parts, word: Leaning, before: Parts) -> str | None:
    """The question with what its pronoun stands for instead of it, or in brackets behind."""
    text = parts.text
    replaces = parts.grammar.replaces and parts.grammar == before.grammar
    if word.stands is Stands.PLACE and replaces:
        place = located(before)
        if place is not None:
            return text[: word.start] + place + text[word.end :]
    subject = subject_of(before, word)
    if subject is None:
        return None
    instead = None
    if subject.phrase is not None and replaces:
        if word.stands is Stands.FOR_ONE:
            named = declined(before, subject.phrase, word.forms)
            instead = text[: word.start] + named + text[word.end :] if named else None
        elif word.stands is Stands.OF_ONE:
            instead = possessed(parts, word, before, subject.phrase)
    return instead or f"{text} ({subject.text})"


def _is_about_before(parts: Parts, before: Parts, *, goes_on: bool) -> bool:
    """Whether a question without a name goes on, or asks the same of another time."""
    if any(phrase.is_name and not phrase.asked for phrase in parts.phrases):
        return False
    if not any(phrase.is_name and not phrase.asked for phrase in before.phrases):
        return False
    said = {token.low for token in parts.contents}
    if not said or _is_idle(parts):
        return False
    told = {token.low for token in before.contents}
    return goes_on or (bool(parts.times) and said < told)


def _is_idle(parts: Parts) -> bool:
    """Whether it speaks of nothing: "Und was gibt es Neues?"."""
    grammar = parts.grammar
    neuter = grammar.pronouns.get("neuter", ())
    return any(token.low in neuter or token.low in grammar.there for token in parts.tokens)
