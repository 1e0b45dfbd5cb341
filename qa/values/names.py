"""Spans that may be proper names, without a model: capitals, mixed case, acronyms, quotations.

In German every noun has a capital, so one capital letter alone is weak evidence there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa.values.common_words import common_words
from qa.values.numbers import fold


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A candidate name at ``[start, end)``; ``weak`` where its form alone does not show it."""

    start: int
    end: int
    weak: bool = False

    def of(self, text: str) -> str:
        return text[self.start : self.end]


_TOKEN = re.compile(r"[^\W_](?:[^\W_]|[-'&+.](?=[^\W_]))*[+#]*")
_QUOTED = re.compile(r"[\"“„»«‚]([^\"“”„»«‘’\n]{2,80})[\"”“»«‘]")
# Within a name; "und" would make one of two: "Wang und Zuckerberg".
_PARTICLES = {
    *("von", "van", "der", "den", "de", "del", "della", "di", "da", "du", "des", "dos"),
    *("la", "le", "el", "al", "bin", "ibn", "of", "the", "zu", "zur", "zum"),
}
_INITIAL = re.compile(r"[A-ZÄÖÜ]\.?")
_STRONG = re.compile(r"[A-ZÄÖÜ]{2,}|[^\W\d_]*[a-zäöüß][A-ZÄÖÜ]|[A-Za-z]+\d|[a-zäöü]+[A-Z]")


def find_names(text: str, language: str) -> tuple[NameSpan, ...]:
    """Candidate names in ``text``, in order; a quotation or a run may hold another span.

    A common word that begins a sentence has its capital from there and begins no name; "weak"
    are single capitalised words of German, and single words at the start of a sentence elsewhere.
    """
    folded = fold(text)
    quoted = (m for m in _QUOTED.finditer(folded) if _title_like(m.group(1)))
    spans = dict.fromkeys(NameSpan(m.start(1), m.end(1)) for m in quoted)
    for run in _runs(folded, language):
        for span in (_span_of(run, folded, language), _strong_end(run)):
            if span is not None:
                spans[span] = None
    return tuple(sorted(spans, key=lambda s: (s.start, -s.end)))


def _title_like(quoted: str) -> bool:
    """Whether a quotation is short enough to be a title, not speech."""
    return (
        quoted.count(" ") <= 6
        and not quoted.endswith((".", ",", "?", "!"))
        and quoted == quoted.strip()
    )


def _runs(folded: str, language: str) -> list[list[re.Match[str]]]:
    """Runs of tokens that begin and end with a name-like one; particles may stand inside."""
    runs: list[list[re.Match[str]]] = []
    run: list[re.Match[str]] = []
    waiting: list[re.Match[str]] = []
    for token in _TOKEN.finditer(folded):
        last = (waiting or run)[-1].end() if run else token.start()
        gap = folded[last : token.start()]
        joined = gap in {"", " "} or (gap == ". " and run and _INITIAL.fullmatch(run[-1].group()))
        if run and not joined:
            runs.append(run)
            run, waiting = [], []
        if _name_like(token, folded, language):
            run += [*waiting, token]
            waiting = []
        elif run and token.group() in _PARTICLES and len(waiting) < 2:
            waiting.append(token)
        elif run:
            runs.append(run)
            run, waiting = [], []
    return [*runs, run] if run else runs


def _name_like(token: re.Match[str], folded: str, language: str) -> bool:
    word = token.group()
    if word[0].isdigit():
        # "Apollo 11" goes on; "11 Apollos" does not begin with it.
        before = folded[max(0, token.start() - 2) : token.start()]
        return word.isdigit() and len(word) <= 3 and bool(re.search(r"[^\W\d_] $", before))
    if _STRONG.match(word):
        return True
    return word[0].isupper() and not (
        word.lower() in common_words(language) and _begins_sentence(folded, token.start())
    )


def _begins_sentence(folded: str, at: int) -> bool:
    while at and folded[at - 1] in " \"'„“»«(":
        at -= 1
    return at == 0 or folded[at - 1] in ".!?:\n"


def _span_of(run: list[re.Match[str]], folded: str, language: str) -> NameSpan | None:
    while run and run[0].group()[0].isdigit():
        run = run[1:]
    if not run:
        return None
    start, end = run[0].start(), run[-1].end()
    if len(run) > 1:
        return NameSpan(start, end)
    word = run[0].group()
    if len(word) < 2:
        return None
    strong = bool(_STRONG.match(word)) or (language == "de" and "-" in word)
    first = _begins_sentence(folded, start)
    return NameSpan(start, end, weak=not strong and (language == "de" or first))


def _strong_end(run: list[re.Match[str]]) -> NameSpan | None:
    """Also "SpaceX" of "Unternehmen SpaceX": the name after the noun that says what it is."""
    if len(run) < 2 or not _STRONG.match(run[-1].group()) or _STRONG.match(run[-2].group()):
        return None
    return NameSpan(run[-1].start(), run[-1].end())
