"""Names for files and keys, of letters and digits that every system and program takes."""

from __future__ import annotations

import re
import unicodedata

_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l"}
)
"""What is written with two letters, or has no accent that could be taken away."""


def slug(text: str, longest: int, between: str = "-") -> str:
    """The words of ``text`` in a to z and 0 to 9, cut after a word where it is too long.

    Empty where it has none, as a text in Chinese.
    """
    spelled = unicodedata.normalize("NFC", text).casefold().translate(_SPELLED)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode("ascii")
    found = between.join(re.findall(r"[a-z0-9]+", plain))
    if len(found) <= longest:
        return found
    return (found[: longest + 1].rpartition(between)[0] if between else "") or found[:longest]
