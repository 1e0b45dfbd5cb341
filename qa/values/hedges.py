"""Words that weaken a value: before it ("rund", "bis zu") or about it ("geschätzt", "könnte")."""

from __future__ import annotations

import re
from enum import StrEnum


class Nearness(StrEnum):
    """What a word before a number says about where the true number lies."""

    AROUND = "around"
    ABOVE = "above"  # a little more
    BELOW = "below"  # a little less
    BOUND = "bound"  # a limit, not an estimate


_APPROXIMATORS: dict[Nearness, str] = {
    Nearness.AROUND: (
        "rund|etwa|circa|zirka|ca.|ungefähr|annähernd|schätzungsweise|um die|gegen|in etwa|grob|"
        "about|around|roughly|approximately|approx.|some|circa|c.|an estimated|or so|"
        "environ|unos|unas|alrededor de|aproximadamente|circa|cerca de|ongeveer"
    ),
    Nearness.ABOVE: (
        "gut|über|mehr als|gute|etwas mehr als|etwas über|deutlich mehr als|weit über|"
        "over|more than|just over|a little over|well over|upwards of|plus de|más de|più di|mais de"
    ),
    Nearness.BELOW: (
        "knapp|fast|beinahe|nahezu|knappe|unter|weniger als|etwas weniger als|etwas unter|"
        "nicht ganz|"
        "nearly|almost|close to|just under|under|less than|fewer than|presque|casi|quasi|quase"
    ),
    Nearness.BOUND: (
        "bis zu|mindestens|höchstens|maximal|minimal|wenigstens|zumindest|nicht mehr als|"
        "nicht weniger als|up to|at least|at most|as much as|as many as|no more than|no less than|"
        "not more than|minimum|maximum|au moins|al menos|almeno|jusqu'à|hasta|fino a|até"
    ),
}
_BY_WORD = {
    word: nearness for nearness, words in _APPROXIMATORS.items() for word in words.split("|")
}
_BEFORE = re.compile(
    r"(?<!\w)("
    + "|".join(re.escape(w) for w in sorted(_BY_WORD, key=len, reverse=True))
    + r")(?: (?:den|die|das|der|dem|the|einem|eine|einer|jeweils|insgesamt|"
    r"umgerechnet))? ?[\"'„(]?$",
    re.I,
)
_LONGEST_BEFORE = max(map(len, _BY_WORD)) + len(" umgerechnet „")

# What is said of the whole clause. Only the words themselves are the hedge.
_HEDGES = re.compile(
    r"(?<!\w)(?:"
    r"(?:ge|ein)schätzt\w*|schätz(?:t|ten?|ungen?|ungsweise)|im Gespräch|"
    r"könnten?|dürften?|soll(?:en|te|ten)?|angeblich\w*|vermutlich\w*|voraussichtlich\w*|"
    r"mutmaßlich\w*|wohl|möglicherweise|wahrscheinlich|würden?|erwartet\w*|geplant\w*|"
    r"vorgesehen\w*|prognostiziert\w*|\w+ zufolge|"
    r"dem Vernehmen nach|"
    r"nach Schätzung(?:en)?(?: [A-Zdv]\w+){0,3}|nach (?:eigenen |ihren )?Angaben(?: (?:von|des|"
    r"der|aus)(?: [A-ZÄÖÜ][\w-]*)+)?|"
    r"laut(?: (?:de[rmsn]|eine[rm]|einem))?(?: [A-ZÄÖÜ][\w.-]*)+|"
    r"estimat(?:ed|es?)|could|might|may(?= (?:be|have|reach|cost))|would|expected|"
    r"reportedly|allegedly|supposedly|probably|likely|possibly|planned|projected|forecasts?|"
    r"is said to|are said to|said to be|according to(?: [A-Z][\w.-]*| the| a)+|"
    r"estimée?s?|pourrait|selon|se estima|podría|según|stimat[oaie]|potrebbe|secondo"
    r")(?!\w)"
)


def approximator_before(folded: str, at: int) -> tuple[str, int, int] | None:
    """(word, start, end) of what stands right before a value that begins at ``at``."""
    window = max(0, at - _LONGEST_BEFORE)
    match = _BEFORE.search(folded[window:at])
    if match is None:
        return None
    return match.group(1), window + match.start(1), window + match.end(1)


def nearness(word: str | None) -> Nearness | None:
    """What an approximator says, or None."""
    return _BY_WORD.get(word.casefold()) if word else None


def find_hedges(folded: str) -> list[tuple[int, int]]:
    """The spans of all hedges, in order."""
    return [m.span() for m in _HEDGES.finditer(folded)]
