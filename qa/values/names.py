"""Spans that may be proper names, without a model: capitals, mixed case, acronyms, quotations.

In German every noun has a capital, so one capital letter alone is weak evidence there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

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
_PARTICLES = frozenset(
    {
        "von",
        "van",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "du",
        "des",
        "dos",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "of",
        "the",
        "zu",
        "zur",
        "zum",
        "und",
        "and",
        "&",
        "für",
        "y",
    }
)
# Only within a name, never between two: "Wang und Zuckerberg" are two people.
_SPLITTING = frozenset({"und", "and", "für", "y"})
_INITIAL = re.compile(r"[A-ZÄÖÜ]\.?")
_STRONG = re.compile(r"[A-ZÄÖÜ]{2,}|[^\W\d_]*[a-zäöüß][A-ZÄÖÜ]|[A-Za-z]+\d|[a-zäöü]+[A-Z]")
_FUNCTION_WORDS = {
    "de": (
        "der die das den dem des ein eine einen einem einer eines er sie es wir ich ihr man "
        "sein seine "
        "ihre ihren seiner dieser diese dieses diesem diesen jener jene jede jeder jedes alle "
        "als am an "
        "auch auf aus bei beim bis da dabei dadurch dafür damit danach daneben dann daran darauf "
        "daraufhin darin darüber darum davon davor dazu dennoch deshalb doch dort durch etwa "
        "für gegen "
        "heute hier hierbei im in indem infolge ins insgesamt ja jedoch kein keine laut mehr "
        "mit nach "
        "nachdem neben nicht noch nun nur ob obwohl oder ohne seit seitdem selbst so sobald sogar "
        "somit sowohl trotz um und unter über viele vom von vor während wann warum was weder wegen "
        "weil weitere welche wenn wer wie wieder wo zu zudem zuerst zum zur zwar zwischen zwei "
        "drei "
        "vier fünf sechs sieben acht neun zehn einige mehrere gestern morgen allerdings außerdem "
        "bereits bislang derzeit ebenso einst erst ferner gegründet jetzt konkret letztlich manche "
        "medienberichte naheliegend sollten später sonst vielmehr zunächst zuletzt"
    ),
    "en": (
        "the a an he she it we i they you his her its their our my your this that these those "
        "there "
        "here all also although among an and another any around as at because before between "
        "both but "
        "by despite during each either even every few first following for from had has have how "
        "however if in instead into is it later many may more most moreover much neither no "
        "nor not "
        "now of on once one only or other over several since so some still such than then "
        "therefore "
        "through thus to today under unlike until up upon was were what when where whereas whether "
        "which while who whose why with within without yet two three four five six seven eight "
        "nine "
        "ten according after along about nearly additionally furthermore"
    ),
    "fr": (
        "le la les un une des il elle ils elles ce cette ces et en dans à au aux de du mais ou "
        "pour par sur"
    ),
    "es": (
        "el la los las un una él ella ellos este esta estos y en de del a al pero o para por "
        "con su sus"
    ),
}  # fmt: skip


def find_names(text: str, language: str) -> tuple[NameSpan, ...]:
    """Candidate names in ``text``, in order; a quotation or a run may hold another span.

    Spans are trimmed of punctuation and of function words; "weak" ones are single capitalised
    words of German, and single words at the start of a sentence elsewhere.
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
        elif run and _inside(token.group(), waiting):
            waiting.append(token)
        elif run:
            runs.append(run)
            run, waiting = [], []
    return [*runs, run] if run else runs


def _inside(word: str, waiting: list[re.Match[str]]) -> bool:
    return word in _PARTICLES and word not in _SPLITTING and len(waiting) < 2


def _name_like(token: re.Match[str], folded: str, language: str) -> bool:
    word = token.group()
    if word.casefold() in _function_words(language) and not (word.isupper() and len(word) > 1):
        return False
    if word[0].isdigit():
        # "Super Bowl 50" goes on; "50 Super Bowls" does not begin with it.
        before = folded[max(0, token.start() - 2) : token.start()]
        return word.isdigit() and len(word) <= 3 and bool(re.search(r"[^\W\d_] $", before))
    return word[0].isupper() or bool(_STRONG.match(word))


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
    first = not folded[max(0, start - 8) : start].rstrip(" \"'„“»«(") or bool(
        re.search(r"[.!?:\n][ \"'„“»«(]*$", folded[max(0, start - 8) : start])
    )
    return NameSpan(start, end, weak=not strong and (language == "de" or first))


def _strong_end(run: list[re.Match[str]]) -> NameSpan | None:
    """Also "SpaceX" of "Unternehmen SpaceX": the name after the noun that says what it is."""
    if len(run) < 2 or not _STRONG.match(run[-1].group()) or _STRONG.match(run[-2].group()):
        return None
    return NameSpan(run[-1].start(), run[-1].end())


@cache
def _function_words(language: str) -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.get(language, "").casefold().split())
