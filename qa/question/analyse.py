"""What a question asks for: language, kind of answer, unit, content words, limits of time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from qa.answer_types import QUANTITIES, TIMES, Kind
from qa.question.kinds import UNTOLD, Chances
from qa.values.dates import Moment, find_moments
from qa.values.names import find_names
from qa.values.numbers import fold
from qa.values.units import unit_after

__all__ = ["Kind", "Question", "TimeLimit", "time_limit", "understand"]


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A limit of time in a question, inclusive at both ends; ``phrase`` is it as written.

    ``relative`` limits ("letzte Woche") speak of news and so of the date of publication; a fixed
    year may be that of an event told of much later. A company's year is no limit.
    """

    since: date | None
    until: date | None
    phrase: str
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood.

    ``chances`` has the probability of each kind of answer. ``unit`` is the unit asked for ("EUR",
    "%", "km²"), ``noun`` the thing counted ("Punkte"). ``terms`` are the content words in order,
    question and function words left out.
    """

    text: str
    language: str
    chances: Chances = field(default_factory=lambda: UNTOLD)
    unit: str | None = None
    noun: str | None = None
    terms: tuple[str, ...] = ()
    limit: TimeLimit | None = None

    @property
    def kind(self) -> Kind:
        """The likeliest kind of answer."""
        return max(self.chances, key=lambda kind: self.chances[kind])

    @property
    def kind_of_text(self) -> Kind:
        """The likeliest kind of an answer that is neither a number nor a time."""
        texts = [kind for kind in self.chances if kind not in QUANTITIES and kind not in TIMES]
        return max(texts, key=lambda kind: self.chances[kind])

    def chance(self, kind: Kind) -> float:
        """How likely a value of that kind is asked for; a day answers where a year would."""
        if kind in {Kind.DATE, Kind.YEAR}:
            return sum(self.chances.get(time, 0.0) for time in (Kind.DATE, Kind.YEAR))
        return self.chances.get(kind, 0.0)

    @property
    def chance_of_text(self) -> float:
        """How likely the answer is neither a number nor a time."""
        return sum(
            chance
            for kind, chance in self.chances.items()
            if kind not in QUANTITIES and kind not in TIMES
        )


def without_names(question: str, language: str) -> str:
    """A question without its names: "Wie hoch wurde bewertet?" asks for an amount, of whomever."""
    # A run of names may hold another span. The first word has its capital from its place.
    named = {
        place
        for name in find_names(question, language)
        if not name.weak and name.start > 0
        for place in range(name.start, name.end)
    }
    left = "".join(sign for place, sign in enumerate(question) if place not in named)
    return " ".join(left.split()) or question


def understand(question: str, *, today: date, language: str | None = None) -> Question:
    """Read ``question``; ``today`` is what "letzte Woche" counts from.

    ``language`` is detected where it is not given. What kind of answer is asked for the vector of
    ``without_names`` tells: ``kinds.chances``.
    """
    if language is None:
        # Detection loads its model; a caller that knows the language need not wait for it.
        from index.text.analysis import detect

        language = detect(question)
    folded = fold(question)
    unit, noun = _asked_unit(folded, language)
    limit = time_limit(question, language, today)
    terms = _terms(folded, language, limit)
    return Question(
        text=question,
        language=language,
        unit=unit,
        noun=noun,
        terms=terms,
        limit=limit,
    )


# --- unit asked for ----------------------------------------------------------------------

_COUNTED = re.compile(
    r"\b(?:wie ?viele?[nr]?|how (?:many|much)|combien d[e']|cuánt[oa]s?|quant[ieoa]s?|"
    r"hoeveel)(?= )",
    re.I,
)


def _asked_unit(folded: str, language: str) -> tuple[str | None, str | None]:
    """(unit, noun) after "wie viele": the unit where it is one ("Quadratkilometer")."""
    match = _COUNTED.search(folded)
    if match is None:
        return None, None
    unit = unit_after(folded, match.end(), language)
    if unit is not None:
        return unit[0].symbol, None
    if match.group().casefold() in {"wie viel", "wieviel", "how much"}:
        return None, None
    noun = re.match(r" (?:[a-zäöüß]+ ){0,2}?([A-ZÄÖÜ][\w-]+)" if language == "de" else r" ([\w-]+)",
                    folded[match.end() :])  # fmt: skip
    return None, noun.group(1) if noun else None


# --- limits of time ------------------------------------------------------------------------

_SINCE = r"seit|ab|since|from|depuis|desde|dal|vanaf|sinds"
_AFTER = r"nach|after|après|después de|dopo|na"
_BEFORE = r"vor|before|avant|antes de|prima del?|voor"
_UNTIL = r"bis|bis zum|until|till|by|up to|jusqu'en|jusqu'à|hasta|fino al?|tot"
_PREPOSITION = re.compile(
    rf"\b(?:(?P<since>{_SINCE})|(?P<after>{_AFTER})|(?P<before>{_BEFORE})|(?P<until>{_UNTIL})|"
    r"(?:in|im|am|on|während|during|aus|en|nel|zwischen|between|vom|von|entre))"
    r"(?: (?:the|dem|der|den|das|de|l'|el|la|dem jahr|den jahren|jahr|the years?|years?|zu))* ?$|"
    r"\b(?:(?P<since2>seit|since)|in|im)(?: (?:dem|the))? (?:jahre?n?|years?) $",
    re.I,
)


def time_limit(question: str, language: str, today: date) -> TimeLimit | None:
    """The limit that the times in a question set, or None. Two times bound a span together."""
    folded = fold(question)
    moments = [
        m
        for m in find_moments(folded, language, today)
        # A company's year is told of by an article's date, and is no calendar year.
        if (m.since or m.until) and not _COMPANY_YEAR.search(folded, m.start, m.end)
    ]
    limits = [_limit_of(m, folded, question) for m in moments]
    if not limits:
        return None
    if len(limits) == 1:
        return limits[0]
    # Open ends ("von 2010 bis 2015", "between May 2020 and June 2021") close each other.
    return TimeLimit(
        since=min((x.since for x in limits if x.since), default=None),
        until=max((x.until for x in limits if x.until), default=None),
        phrase=", ".join(x.phrase for x in limits),
        relative=any(x.relative for x in limits),
    )


def _limit_of(moment: Moment, folded: str, question: str) -> TimeLimit:
    match = _PREPOSITION.search(folded[max(0, moment.start - 25) : moment.start])
    said = {k for k, v in match.groupdict().items() if v} if match else set()
    start = moment.start - len(match.group()) if match else moment.start
    since, until = moment.since, moment.until
    if said & {"since", "since2"}:
        until = None
    elif "after" in said:
        since, until = _next_day(until, 1), None
    elif "before" in said:
        since, until = None, _next_day(since, -1)
    elif "until" in said:
        since = None
    return TimeLimit(since, until, question[start : moment.end].strip(), moment.relative)


_COMPANY_YEAR = re.compile(r"(?:geschäfts|wirtschafts|fiscal |financial )(?:jahr|year)", re.I)


def _next_day(day: date | None, step: int) -> date | None:
    """The day after (or before), or None at the ends of the calendar."""
    if day is None or day in {date.min, date.max}:
        return None
    return day + timedelta(days=step)


# --- content words -------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:[-'.&+][^\W_]+)*[+#]*")
_FUNCTION_WORDS = {
    "de": (
        "ab aber alle als am an auch auf aus bei beim bis da das dass dem den denn der des "
        "dessen die "
        "dies diese dieser diesem diesen dieses doch du durch ein eine einem einen einer eines "
        "er es "
        "für gab gibt ging haben hat hatte hatten ich ihr ihre ihrem ihren ihrer im in ins ist "
        "ja kann "
        "konnte können man mit nach nicht noch nur ob oder sein seine seinem seinen seiner "
        "sich sie "
        "sind so um und uns unter über vom von vor war waren was wegen weil wem wen wenn wer "
        "werden "
        "wessen wie wieviel wieviele viel viele vielen wird wo wofür woher wohin womit worden "
        "wurde "
        "wurden während wann warum wieso weshalb welche welchem welchen welcher welches zu zum zur "
        "zwischen nach bitte nennen laut hoch prozent heißt hieß heißen lautet lautete seit"
    ),
    "en": (
        "a about after all also an and any are as at be been before being between both but by can "
        "could did do does doing during each for from had has have he her him his how i if in "
        "into is "
        "it its many may might more most much my name no not of off on or other our out over she "
        "should so some such than that the their them then there these they this those to "
        "under until "
        "up was we were what when where which while who whom whose why will with would you "
        "your percent since"
    ),
    "fr": (
        "le la les un une des de du et en est sont dans que qui quoi quel quelle quand où "
        "combien pourquoi comment à au aux par pour sur ce cette il elle"
    ),
    "es": (
        "el la los las un una de del y en es son que qué quién cuál cuándo dónde cuánto "
        "cuántos cuántas por para con se su a al"
    ),
    "it": (
        "il lo la i gli le un una di del della e in è sono che chi quale quando dove quanto "
        "quanti per con si a al"
    ),
}  # fmt: skip


@cache
def _function_words(language: str) -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.get(language, "").casefold().split())


def _terms(folded: str, language: str, limit: TimeLimit | None) -> tuple[str, ...]:
    left_out = _function_words(language)
    if limit is not None and limit.relative:
        # "letzte Woche" is in no article by these words; a year may well be.
        for phrase in limit.phrase.split(", "):
            folded = folded.replace(fold(phrase), " ")
    words = (m.group() for m in _WORD.finditer(folded))
    terms = [w for w in words if w.casefold() not in left_out]
    return tuple(dict.fromkeys(terms))
