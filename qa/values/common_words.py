"""The common words that a language writes small: what has a capital only as a sentence begins.

They are jusText's lists of the most frequent words of a hundred languages, without what stands in
them with a capital: in German the nouns, elsewhere the names. Of the words that begin sentences in
German and are written small elsewhere they hold .89 (written news) and .91 (Wikipedia, Klexikon).
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from babel import Locale, UnknownLocaleError

_BOKMAL = "Norwegian_Bokmal"


@cache
def common_words(language: str) -> frozenset[str]:
    """The words for an ISO 639-1 code; none for a language without a list."""
    try:
        name = Locale.parse(language).get_language_name("en")
    except (UnknownLocaleError, ValueError):
        return frozenset()
    if language in {"no", "nb"}:
        name = _BOKMAL
    # Where it lies is all that is asked of the package: importing it takes a twentieth of a second.
    package = find_spec("justext")
    places = (package.submodule_search_locations if package else None) or ()
    listed = next(
        (file for place in places if (file := Path(place, "stoplists", f"{name}.txt")).is_file()),
        None,
    )
    if listed is None:
        return frozenset()
    return frozenset(
        word for word in listed.read_text("utf-8").split() if word.isalpha() and word.islower()
    )
