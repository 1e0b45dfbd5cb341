"""Footnote marks: they stand in a text and are not part of what it says."""

from __future__ import annotations

import re

_NUMBERS = r"\d{1,3}(?: ?[,;-] ?\d{1,3})*"
_LABEL = (
    r"(?:anm(?:erkung)?|fn|fußnote|footnote|note|nb|quelle|beleg|source|ref|lit|abb|tab|fig|kap|pp?|"
    r"[a-z])\.? ?\d{1,4}"
)
_PLACE = r"(?:, ?(?:s|p|pp)\. ?\d{1,4}f{0,2}\.?)?"
_MARK = re.compile(
    rf"\[\^?{_NUMBERS}{_PLACE}\]|\[[a-z]\]|\[\^[\w-]{{1,20}}\]|\[{_LABEL}{_PLACE}\]|\({_LABEL}\)|"
    # Raised digits: a power after "m" ("km²") and after a bare ten, else a note's number.
    r"(?<![mM])(?<!(?<!\d)10)(?<=[\w.,;:!?)\"'“”»])[⁰¹²³⁴-⁹]+(?:[,]?[⁰¹²³⁴-⁹]+)*",
    re.I,
)


def without_notes(folded: str) -> list[int]:
    """The places of ``folded`` (see ``numbers.fold``) that belong to no footnote mark.

    "812 [4]", "812[4][5]", "(Anm. 3)", "[^n]" and raised digits hold marks; "[2019]" is none, since
    notes are not numbered that high.
    """
    kept: list[int] = []
    at = 0
    for match in _MARK.finditer(folded):
        start, end = match.span()
        kept += range(at, start)
        # "hat [3] 812": one blank is enough.
        alone = folded[start - 1 : start].isspace() and folded[end : end + 1].isspace()
        at = end + alone
    kept += range(at, len(folded))
    return kept
