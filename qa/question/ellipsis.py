"""Questions that say only what is new: "und 2024?", "und der K2?", "seit wann?", "seine Frau?"."""

from __future__ import annotations

from collections.abc import Sequence

from qa.question.edits import Edit, adding, edited, with_phrase, with_time
from qa.question.leaning import Leaning, Stands, is_asked_by_naming, possessive_forms
from qa.question.parts import Asking, Parts
from qa.question.phrases import Phrase, Token
from qa.question.subjects import chain_end, owned, subject_of, whole

_SHORT = 8
"""Words that a question without a verb has at most."""


def completed(fragment: Parts, before: Parts, opener: str) -> str | None:
    """The whole question that a fragment stands for; None where it is none.

    ``opener`` is the "und" or "what about" that stood before it, "" without one.
    """
    if not fragment.tokens or len(fragment.tokens) > _SHORT:
        return None
    if fragment.asking is not None:
        return _asked_anew(fragment, fragment.asking, before)
    return _owned_by(fragment, before) or _replaced(fragment, before, opener)


# --- another question word -----------------------------------------------------------------


def _asked_anew(fragment: Parts, asking: Asking, before: Parts) -> str | None:
    """ "Warum?", "seit wann?", "wie viele Mitarbeiter?" of the question before."""
    behind = [t for t in fragment.tokens[asking.after :] if not _is_small(fragment, t)]
    topic = subject_of(before, None)
    in_brackets = f"{fragment.text} ({topic.text})" if topic else None
    if behind:
        # "Wann gegründet?", "how many employees?"; a name would be a subject of its own.
        alone = len(behind) == 1 and not behind[0].is_capital and not fragment.is_closed(behind[0])
        alone = alone and asking.role not in {"many", "which"} and not fragment.times
        return in_brackets if alone and len(fragment.tokens) <= _FEW else None
    if asking.role in {"many", "which"} and asking.after > 1:
        return _counted(fragment, asking, before) or in_brackets
    if asking.role == "circumstance":
        return _of_circumstance(fragment, asking, before)
    if asking.role == "degree":
        return _of_person(fragment, before) or _of_verb(fragment, before) or in_brackets
    return f"{fragment.text} ({whole(before)})" if len(before.contents) > 0 else None


_FEW = 4


def _is_small(fragment: Parts, token: Token) -> bool:
    grammar = fragment.grammar
    return (
        token.low in grammar.particles
        or token.low in grammar.closers
        or token.low in grammar.prepositions
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_circumstance(fragment: Parts, asking: Asking, before: Parts) -> str | None:
    asked = before.asking
    if asked is not None and asked.role in {"circumstance", "degree"}:
        rest = before.text[asked.end :]
        if asked.role == "degree" and asking.is_reason and before.grammar.so:
            degree = adding(before, f"{before.grammar.so} {asked.degree}")
            rest = edited(before.text, [degree])[asked.end :]
        return _capital(fragment.text) + rest
    given = _of_verb(fragment, before) or _of_person(fragment, before)
    if given is None and before.contents:
        given = f"{fragment.text} ({whole(before)})"
    return given


def _of_verb(fragment: Parts, before: Parts) -> str | None:
    """Before a question that begins with its verb: "Ist der Brenner gesperrt?"."""
    grammar = before.grammar
    if before.asking is not None or not grammar.replaces or not before.tokens:
        return None
    if before.tokens[0].low not in grammar.auxiliaries:
        return None
    return f"{_capital(fragment.text)} {whole(before)}"


def _of_person(fragment: Parts, before: Parts) -> str | None:
    """ "Wer kaufte X?" and "wann?": "Wann kaufte jemand X?"."""
    asked, someone = before.asking, before.grammar.someone
    if asked is None or asked.role != "person" or not someone or is_asked_by_naming(before):
        return None
    if asked.after >= len(before.tokens):
        return None
    verb = before.tokens[asked.after]
    rest = before.text[verb.end :]
    new = _capital(fragment.text)
    if before.grammar.verb_last or verb.low in before.grammar.auxiliaries:
        return f"{new} {verb.text} {someone}{rest}"
    # An English verb would have to be told its infinitive; in the present it ends in "s".
    past = not verb.low.endswith("s") and before.grammar.past_cleft
    return f"{new} {before.grammar.past_cleft} {someone} {verb.text}{rest}" if past else None


def _counted(fragment: Parts, asking: Asking, before: Parts) -> str | None:
    """ "Wie viele Einwohner hat X?" and "wie viele Touristen?"."""
    asked, grammar = before.asking, before.grammar
    if asked is None or not asking.role == asked.role == "many" or not grammar.replaces:
        return None
    if asked.after >= len(before.tokens):
        return None
    if not grammar.capital_nouns and before.tokens[asked.after].low not in grammar.auxiliaries:
        return None
    return _capital(fragment.text) + before.text[asked.end :]


# --- another time or name ------------------------------------------------------------------


def _replaced(fragment: Parts, before: Parts, opener: str) -> str | None:
    led = opener.split(" ")[-1] in before.grammar.prepositions
    heads = _heads(fragment)
    left = _left_over(fragment, heads)
    if left is None:
        return None
    if left or not (heads or fragment.times):
        return _loose(fragment, before, opener, left, heads)
    places = {*fragment.grammar.places}
    if not opener and any(phrase.preposition not in places for phrase in heads):
        return None
    edits: list[Edit] = []
    for phrase in heads:
        edit = with_phrase(before, fragment, phrase, led=led)
        if edit is None:
            return None
        edits.append(edit)
    if fragment.times:
        edits.append(with_time(before, fragment, led=led))
    if any(a.end > b.start for a, b in zip(*_neighbours(edits), strict=False)):
        return None
    return edited(before.text, edits)


def _neighbours(edits: Sequence[Edit]) -> tuple[list[Edit], list[Edit]]:
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return ordered, ordered[1:]


def _heads(fragment: Parts) -> list[Phrase]:
    """The fragment's phrases without those that belong to another one."""
    heads: list[Phrase] = []
    for phrase in fragment.phrases:
        if not heads or phrase.start >= chain_end(fragment, heads[-1]):
            heads.append(phrase)
    return heads


def _left_over(fragment: Parts, heads: Sequence[Phrase]) -> list[Token] | None:
    """The words that are no part of a name or time; None where there is a verb among them."""
    left = [
        token
        for token in fragment.tokens
        if not any(p.start <= token.start < chain_end(fragment, p) for p in heads)
        and not any(time.start <= token.start < time.end for time in fragment.times)
        and token.low not in fragment.grammar.closers
    ]
    # "Und die von Siemens?", "and that of Siemens?": the noun is that of before.
    stand_in = {*fragment.grammar.any_article, *fragment.grammar.that}
    if heads and left and left[0] == fragment.tokens[0] and left[0].low in stand_in:
        left = left[1:] if heads[0].preposition else left
    left = [token for token in left if token.low not in fragment.grammar.particles]
    verbal = {*fragment.grammar.auxiliaries, *fragment.grammar.conjunctions}
    return None if any(token.low in verbal for token in left) else left


def _loose(
    fragment: Parts, before: Parts, opener: str, left: Sequence[Token], heads: Sequence[Phrase]
) -> str | None:
    """ "Und davor?" goes on with the question; "and employees?" has another noun for its name."""
    if not opener or heads or fragment.times:
        return None
    if all(token.low in fragment.grammar.thereby for token in left):
        return f"{before.text}, {opener.split(' ')[0]} {fragment.text}"
    topic = subject_of(before, None)
    alone = len(left) == len(fragment.tokens) == 1 and not fragment.is_closed(left[0])
    return f"{fragment.text} ({topic.text})" if alone and topic else None


# --- what belongs to the one before --------------------------------------------------------


def _owned_by(fragment: Parts, before: Parts) -> str | None:
    """ "Seine Frau?": what was asked of him is asked of her."""
    first = fragment.tokens[0]
    given = possessive_forms(fragment, first)
    last = fragment.phrases[-1] if fragment.phrases else None
    behind = fragment.text[first.end :].strip()
    if given is None or not behind or any(fragment.is_closed(t) for t in fragment.tokens[1:]):
        return None
    if fragment.grammar.capital_nouns and (last is None or last.end != fragment.tokens[-1].end):
        return None
    word = Leaning(Stands.OF_ONE, first.start, first.end, given[1], given[0])
    subject = subject_of(before, word)
    if subject is None:
        return None
    if subject.phrase is None:
        return f"{fragment.text} ({subject.text})"
    said = possessed(fragment, word, before, subject.phrase)
    words = said or fragment.text
    edit = Edit(subject.phrase.named, subject.phrase.end, words)
    text = edited(before.text, [edit])
    return text if said else f"{text} ({subject.text})"


def possessed(parts: Parts, word: Leaning, before: Parts, owner: Phrase) -> str | None:
    """The question with the owner named instead of a possessive; None where that cannot be done."""
    named = owned(before, owner)
    if named is None or not word.instead:
        return None
    if not parts.grammar.cases:
        return f"{parts.text[: word.start]}{named}{parts.text[word.end :]}"
    noun = next((p for p in parts.phrases if p.start >= word.end), None)
    if noun is None:
        return None
    return (
        f"{parts.text[: word.start]}{word.instead}{parts.text[word.end : noun.end]} {named}"
        f"{parts.text[noun.end :]}"
    )
