"""The names of authors, taken apart where they are those of persons."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARTICLES = frozenset(
    {
        *("af", "av", "da", "dal", "dalla", "de", "degli", "del", "della", "den", "der", "des"),
        *("di", "do", "dos", "du", "la", "le", "of", "ten", "ter", "van", "vom", "von", "y"),
        *("zu", "zum", "zur"),
    }
)
"""Begin a family name: "van Beethoven"."""

_OF_GROUPS = re.compile(
    r"^(?:das|der|die|the)\b"
    r"|\b(?:afp|ag|agency|associated|bureau|dpa|editors?|gmbh|group|inc|ltd|magazine?|media|news|"
    r"newsroom|post|press|presse|reporters?|reuters|staff|team|times)\b"
    r"|(?:agentur|amt|dienst|institut|ministerium|redaktion|verband|verein|verlag|zeitung)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name in its parts; without a ``given`` one ``family`` is the whole of it."""

    family: str
    given: str = ""


def name_of_author(author: str) -> Name:
    """ "Ludwig van Beethoven", "van Beethoven, Ludwig" in parts, "Deutsche Presse-Agentur" whole.

    What does not look like a person's is left whole: it is shown rightly all the same.
    """
    whole = " ".join(author.split())
    family, comma, given = (part.strip() for part in whole.partition(","))
    if comma:
        is_person = family and given and "," not in given and not re.search(r"\d", whole)
        return Name(family, given) if is_person else Name(whole)
    words = whole.split(" ")
    if not 2 <= len(words) <= _MOST_WORDS or _OF_GROUPS.search(whole):
        return Name(whole)
    if not all(map(_is_of_a_person, words)):
        return Name(whole)
    at = next((i for i in range(1, len(words)) if words[i] in _PARTICLES), len(words) - 1)
    return Name(" ".join(words[at:]), " ".join(words[:at]))


def _is_of_a_person(word: str) -> bool:
    """A word that begins as names do; "AFP" and "C3PO" are none, "J." is."""
    if word in _PARTICLES:
        return True
    letters = word.replace(".", "")
    return word[0].isupper() and not (len(letters) > 1 and letters.isupper()) and "@" not in word
