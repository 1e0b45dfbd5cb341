"""Which language a text is in, and a text as the terms that BM25 counts."""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import Stemmer

from index.text.identifier import identifier
from index.text.units import ONE_LETTER, SYMBOLS, unit_terms

UNKNOWN = "und"


# --- detection -------------------------------------------------------------------------------

_DETECTION_CHARACTERS = 3000  # more text does not change the answer, only the time
_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")


def detect(text: str) -> str:
    """The ISO 639-1 code of the language of ``text``, or "und" where it has no words.

    py3langid with a prior toward German and English that only matters in short text. Norwegian,
    Bokmål as well as Nynorsk, is "no".
    """
    sample = text[:_DETECTION_CHARACTERS]
    letters = sum(map(str.isalpha, sample))
    if letters < 2:
        return UNKNOWN
    if _KANA.search(sample):
        return "ja"
    if _HAN.search(sample):
        return "zh"
    short = _SHORT_TEXT_PRIOR / len(sample)
    best, best_score = UNKNOWN, -math.inf
    for language, probability in identifier().rank(sample):
        score = math.log(max(probability, 1e-30))
        if language in ("de", "en"):
            score += _PRIOR + short
        elif language in _SNOWBALL:
            score += (_PRIOR + short / 2) / 2
        if score > best_score:
            best, best_score = language, score
    return _ONE_NAME.get(best, best)


# Whole questions need no prior: German .995, English .993 told right without it (lingua, 96 MB on
# disk: .989 and .982). Of the last three words of each it raises the share from .855 to .923
# (German) and from .717 to .961 (English; lingua .856 and .840), of single words from .67 to .86
# and from .47 to .70. Norwegian questions stay at .87, nearly all of the rest taken for Danish.
_PRIOR = 1.5  # natural logarithm
_SHORT_TEXT_PRIOR = 10  # divided by the number of characters
_ONE_NAME = {"nb": "no", "nn": "no"}


# --- terms -----------------------------------------------------------------------------------


def terms(text: str, language: str, leaving_out: frozenset[str] = frozenset()) -> list[str]:
    """The terms of ``text``, repeated as often as they occur, for a bag of words.

    Words are folded, stemmed by the Snowball algorithm of ``language`` (none for a language
    without one) and stripped of their accents: München, Muenchen and Mu\u0308nchen are one term.
    A hyphenated word gives its parts and their compounds. Words that only ask, and in English
    those that only join, give none. Numbers lose their thousands separators and have a
    decimal point; units have one term in all languages. Chinese, Japanese, Korean and Thai give
    pairs of characters. The words ``leaving_out``, folded, are passed over.
    """
    folded = _units_apart(fold(text))
    known = _known_words(language)
    found: list[str] = []
    for token in _TOKEN.findall(folded):
        if token in leaving_out:
            continue
        word_terms = known.get(token)
        if word_terms is None:
            word_terms = known[token] = _analyse(token, language)
        found.extend(word_terms)
        if len(known) > _KNOWN_WORDS_LIMIT:
            known.clear()
    silent = stop_words(language)
    if silent:  # IT and WHO are names
        found += [w for w in map(str.lower, _ACRONYM.findall(text)) if w in silent]
    return found


def _units_apart(folded: str) -> str:
    """Write out the units that only their place after a number or an amount tells."""
    folded = _PER_CENT.sub("percent", folded)
    folded = _LARGE_AMOUNT.sub(lambda m: f"{m[1]} {_LARGE[m[2]]}", folded)
    folded = _ONE_LETTER_UNIT.sub(lambda m: " " + ONE_LETTER[m[1]], folded)
    return _DECIMALS_AND_UNIT.sub(r"\1 \2", folded)


_PER_CENT = re.compile(r"\b(?:per|por|pour|pro) (?:cent|ciento|cento)\b")
_LARGE = {"m": "mio", "b": "mrd", "bn": "mrd"}
_LARGE_AMOUNT = re.compile(r"([$€£¥] ?\d[\d.,]*) ?(m|bn?)(?![\w&'’-])")  # $14B, £2.5 m
_ONE_LETTER_UNIT = re.compile(r"(?<=\d) ?([mgtl])(?![\w.&'’-])")
_DECIMALS_AND_UNIT = re.compile(r"(\d[.,]\d+)([^\W\d_]{1,12})(?!\w)")  # 2.5bn

_ACRONYM = re.compile(r"(?<!\w)[A-Z]{2,4}(?!\w)")


def stop_words(language: str) -> frozenset[str]:
    """The folded words that give no term in ``language``."""
    return _STOP_WORDS.get(language, frozenset())


def fold(text: str) -> str:
    """``text`` in NFKC and without case, soft hyphens and invisible characters."""
    text = _INVISIBLE.sub("", text)
    text = _RAISED_AFTER_DIGIT.sub(" ", text).replace("\u2010", "-").replace("\u2011", "-")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# NFKC would turn 6½ into 61⁄2 and a footnote's 2024¹ into 20241.
_RAISED_AFTER_DIGIT = re.compile("(?<=[0-9])(?=[¼-¾²³¹⁰-₉⅐-⅞])")

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"  # kana and Han
    "\uac00-\ud7af\U00020000-\U0003ffff"  # Hangul, further Han
)
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u0d7f])"
_TOKEN = re.compile(
    rf"""
      [{_UNSPACED}]+
    | \d{{1,3}}(?:[.,'’\u0020]\d{{3}})+(?:[.,]\d+)?(?![\d{_UNSPACED}])(?!{_LETTER})
    | \d+(?:[.,]\d+)+(?!{_LETTER})
    | [a-z](?:\+\+|\#)
    | (?:[a-z]\.){{2,}}
    | [a-z]{{1,4}}(?:&[a-z]{{1,4}})+
    | {_LETTER}+(?:-{_LETTER}+)*
    | [%€$£¥]
    """,
    re.VERBOSE,
)

_KNOWN_WORDS_LIMIT = 200_000  # about 40 MB a language and thread; a news corpus of 100 MB has fewer
_local = threading.local()


def _known_words(language: str) -> dict[str, tuple[str, ...]]:
    """This thread's memory of words already analysed; stemmer objects are not thread-safe."""
    by_language: dict[str, dict[str, tuple[str, ...]]] | None
    by_language = getattr(_local, "known", None)
    if by_language is None:
        by_language = _local.known = {}
    return by_language.setdefault(language, {})


def _analyse(token: str, language: str) -> tuple[str, ...]:
    first = token[0]
    if first.isdecimal() and _NUMBER.fullmatch(token):
        return _number(token)
    if _UNSPACED_CHARACTER.match(first):
        return tuple(a + b for a, b in pairwise(token)) or (token,)
    if token in SYMBOLS:
        return (SYMBOLS[token],)
    if "-" in token:
        return _compound(token.split("-"), language)
    if "&" in token or "+" in token or "#" in token:
        return (token,)
    if "." in token:
        return (token.replace(".", ""),)
    if token in stop_words(language):
        return ()
    units = unit_terms(language)
    if token in units:
        return (units[token],)
    amount = _AMOUNT.fullmatch(token)
    if amount and amount[2] in units:
        return (amount[1], units[amount[2]])
    return (_plain(_stem(token, language)),)


def _compound(parts: list[str], language: str) -> tuple[str, ...]:
    """The parts, each two neighbours as one word, and the whole: Start-up is Startup as well.

    On XQuAD-R German with the news as distractors, parts alone: R@1 .863, MRR .906; with the
    whole: .868 and .909.
    """
    if all(part.isdecimal() for part in parts):
        return tuple(part.lstrip("0") or "0" for part in parts)
    joined = ["".join(pair) for pair in pairwise(parts)]
    if len(parts) > 2:
        joined.append("".join(parts))
    found: list[str] = []
    for word in parts:
        found.extend(_analyse(word, language))
    found.extend(_plain(_stem(word, language)) for word in joined)
    return tuple(found)


_NUMBER = re.compile(r"[\d.,'’ ]+")
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
_AMOUNT = re.compile(r"(\d+)(\D+)")


def _number(token: str) -> tuple[str, ...]:
    """1.000, 1,000 and 1 000 are 1000; 2,70 is 2.7; 14.03.2025 is 14, 3 and 2025."""
    grouped = _GROUPED.fullmatch(token)
    if grouped:
        digits = re.sub(r"\D", "", grouped["whole"])
        decimals = (grouped["decimals"] or "").rstrip("0")
    else:
        parts = re.split("[.,]", token)
        if len(parts) > 2:
            return tuple(part.lstrip("0") or "0" for part in parts)
        digits = parts[0]
        decimals = parts[1].rstrip("0") if len(parts) == 2 else ""
    return (f"{digits}.{decimals}" if decimals else digits,)


_GROUPED = re.compile(
    r"(?P<whole>\d{1,3}(?P<mark>[.,'’ ])\d{3}(?:(?P=mark)\d{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<decimals>\d+))?"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# XQuAD-R with the news as distractors, R@1 and MRR: German without these words .877 and .916, with
# them .871 and .911, without articles and prepositions too .873 and .910; English without these
# .941 and .960, with them .907 and .942, without the question's words alone .931 and .954.
_STOP_WORDS = {
    "de": _words("""wie was wer wo wann welche welcher welches welchen welchem warum viele"""),
    "en": _words(
        """the a an of in on at to for from by with and or is are was were be been what who where
        when which how many much why did does do that this it its as"""
    ),
}


def _stem(word: str, language: str) -> str:
    stem = _stemmer(language)
    return stem(word) if stem else word


def _stemmer(language: str) -> Callable[[str], str] | None:
    stemmers: dict[str, Any] | None = getattr(_local, "stemmers", None)
    if stemmers is None:
        stemmers = _local.stemmers = {}
    if language not in stemmers:
        name = _SNOWBALL.get(language)
        stemmers[language] = Stemmer.Stemmer(name, 0).stemWord if name else None
    found: Callable[[str], str] | None = stemmers[language]
    return found


_SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german",
    "el": "greek", "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian",
    "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


def _plain(word: str) -> str:
    """``word`` without accents; stems come first because Snowball reads the umlauts."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))


_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652]")


# --- parts of words --------------------------------------------------------------------------


def term_of(word: str, language: str) -> str | None:
    """The one term of a folded word; None where it has none or several."""
    known = _known_words(language)
    found = known.get(word)
    if found is None:
        found = known[word] = _analyse(word, language)
    return found[0] if len(found) == 1 else None


def is_unspaced(term: str) -> bool:
    """Whether a term is of a script without spaces between words."""
    return bool(_UNSPACED_CHARACTER.match(term))
