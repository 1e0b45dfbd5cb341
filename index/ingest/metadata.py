"""Dates, names, titles and languages as people write them, brought to the records' form."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime

from index.ingest.options import ReadOptions

logger = logging.getLogger(__name__)

# dateparser tries the languages in turn, so the likely ones stand first.
_DATE_LANGUAGES = ["de", "en", "fr", "es", "it", "nl", "pt", "pl"]
_DATE_SETTINGS = {
    # "2024" or "Juni" alone would be filled up with today's day: no date of publication.
    "REQUIRE_PARTS": ["day", "month", "year"],
    # 03/04/2024 is the third of April: German first.
    "DATE_ORDER": "DMY",
    # No relative dates: "gestern" is counted from the writing, not from the reading.
    "PARSERS": ["absolute-time"],
}
_MAX_DATE_CHARACTERS = 100
_SITE_SEPARATORS = (" - ", " – ", " — ", " | ", " :: ", " › ", " • ")
_MAX_NAME_CHARACTERS = 80
_MAX_BYLINE_CHARACTERS = 2000


def parse_published(value: str | None, source: str) -> date | None:
    """The day that ``value`` names. What cannot be understood is None, with a logged warning."""
    value = (value or "").strip()
    if not value:
        return None
    parsed = _parse_numeric(value) or _parse_words(value)
    if parsed is None:
        logger.warning("%s: the date %.40r is not understood and left out", source, value)
    return parsed


def split_authors(value: str | None) -> tuple[str, ...]:
    """Names from one string: "Von Anna Maier und Bernd Kunz" gives two, "Maier, Anna" one."""
    value = " ".join((value or "")[:_MAX_BYLINE_CHARACTERS].replace("\n", ";").split())
    names = re.split(r" ?[;|] ?| (?:und|and|&) ", value)
    names = [part for name in names for part in _split_commas(name)]
    names = [re.sub(r"^(?:von|by)\s+(?=[A-ZÄÖÜ])", "", name, flags=re.I) for name in names]
    names = [name.strip(" ,") for name in names]
    # Longer "names" are sentences that a page's author field was misused for.
    return tuple(dict.fromkeys(n for n in names if n and len(n) <= _MAX_NAME_CHARACTERS))


def split_site(title: str, known: str) -> tuple[str, str | None]:
    """A page title "Site - Title" or "Title | Site" as (title, site), where ``known`` is either.

    ``known`` is what the page says again elsewhere: its headline or its site's name, and
    the first one is meant where it is the longer part. Without a match: (title, None).
    """
    known = known.strip()
    for separator in _SITE_SEPARATORS:
        if known and title.startswith(known + separator):
            return known, title[len(known + separator) :].strip() or None
        if known and title.endswith(separator + known):
            return known, title[: -len(separator + known)].strip() or None
    return title, None


def two_letters(name: str | None) -> str | None:
    """ "de" from "de", "DE-at" or "de_CH"; None from anything else."""
    match = re.fullmatch(r"\s*([a-z]{2})(?:[-_][\w-]*)?\s*", name or "", re.IGNORECASE)
    return match[1].lower() if match else None


def language_of(text: str, named: str | None, options: ReadOptions) -> str:
    """The caller's word, else the metadata's, else what the text looks like; ISO 639-1 or "und"."""
    return options.language or two_letters(named) or detected_language(text)


def detected_language(text: str) -> str:
    """ISO 639-1, or "und"."""
    from index.text.analysis import detect

    return detect(text)


def _parse_numeric(value: str) -> date | None:
    """ISO 8601 and its kin, and Unix time in seconds or milliseconds; the day as written."""
    match = re.match(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?!\d)", value)
    try:
        if match and (match[2] or re.fullmatch(r"\d{8}(?:T.*)?", value)):
            return date(int(match[1]), int(match[3]), int(match[4]))
        if re.fullmatch(r"\d{9,10}(?:\d{3})?(?:\.\d+)?", value):
            seconds = float(value) / (1000 if float(value) >= 1e11 else 1)
            return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _parse_words(value: str) -> date | None:
    if len(value) > _MAX_DATE_CHARACTERS or re.match(r"\d{4}-\d\d-\d\d", value):
        return None  # the second: 2024-02-31 is wrong, not something to be guessed at
    import dateparser

    try:
        moment = dateparser.parse(value, languages=_DATE_LANGUAGES, settings=_DATE_SETTINGS)
    except Exception as error:  # dateparser lets many kinds through on odd input
        logger.debug("dateparser failed on %.40r: %r", value, error)
        return None
    return moment.date() if moment else None


def _split_commas(name: str) -> list[str]:
    parts = re.split(r" ?, ?", name)
    return parts if all(" " in part for part in parts) else [name]
