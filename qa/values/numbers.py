"""Numbers in running text, in digits or in words, as exact spans with their value.

Digits follow the language's separators (CLDR) and, where the form itself decides, the form:
"2,7" in an English text is still 2.7. Number words come from text2num (seven languages).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol
from text_to_num import find_numbers as find_word_numbers

from qa.values.codes import code_spans

# Each maps one code point to one, so offsets in the folded text are offsets in the original.
_FOLDED = str.maketrans(
    {
        "\u00a0": " ",
        "\u2007": " ",
        "\u2009": " ",
        "\u200a": " ",
        "\u202f": " ",
        "\t": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2019": "'",
        "\uff05": "%",
        "\u066a": "%",
        "\u066b": ".",
        "\u066c": ",",
        "\uff0c": ",",
        "\uff0e": ".",
    }
)
_DIGIT = re.compile(r"(?![0-9])\d")  # "１２", "٣", "४": decimal digits of any script
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")

_WORD_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})
_ARTICLES = frozenset(
    {
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
        "eines",
        "one",
        "a",
        "an",
        "un",
        "une",
        "una",
        "uno",
        "um",
        "uma",
        "een",
        "één",
    }
)
_ARTICLE = re.compile(rf"\b({'|'.join(sorted(_ARTICLES))}) ", re.I)
# Alone these are no number ("Milliarden Dollar", "hundreds of people"); as scales see _SCALES.
_NO_NUMBER = re.compile(
    r"hunderte[nr]?|tausende[nr]?|hundreds|thousands|dozens|"
    r"(?:mil|bil|tril)(?:li|i|lj|j|h)\w{1,5}|mill[oó]n(?:es)?|bill[oó]n(?:es)?",
    re.I,
)

_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅓": "0.3333", "⅔": "0.6667"}
_DIGITS = re.compile(
    r"(?:(?:(?<=[\s(\[\"'„“])|^)[-+](?=\d))?"
    r"(?:\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?![\d])|\d+(?:[.,']\d+)*)"
    r" ?[½¼¾⅓⅔]?|[½¼¾⅓⅔]"
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?")
_LETTER_BEFORE = re.compile(r"[^\W\d_]$|[^\W\d_]-$|\d[.,:/']{1,2}$|#$|(?<!\w)[,']$")
_BROKEN_AFTER = re.compile(r"[.,:/']{1,2}\d|[.,]{2,}\d")  # "3:1", "5,,6", "1'2"
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")

_HALF = re.compile(
    r"\b(?:(?:ein|eine|einer|einem|einen) )?halbe[nrms]?(?= )|\bhalf(?: an?|-an?)?(?=[ -])|"
    r"\b(?:un |une )?demi[- ]|\bmedio(?= )|\bmezzo(?= )",
    re.I,
)
_AND_A_HALF = re.compile(r"[ -](?:und ein(?:e|en)? halbe?[nrs]?|and a half|et demie?)\b", re.I)
_EINHALB = re.compile(r"\b(\w+?)einhalb\b|\b(anderthalb)(?:e[nr]?)?\b", re.I)

_SCALES: dict[str, tuple[tuple[str, int], ...]] = {
    "de": (
        (r"tsd\.?|tausend", 3),
        (r"mio\.?|mill\.|million(?:en)?", 6),
        (r"mrd\.?|md\.|milliarden?", 9),
        (r"bio\.?|billion(?:en)?", 12),
        (r"billiarden?", 15),
    ),
    "en": (
        (r"thousand", 3),
        (r"millions?|mln\.?|mio\.?", 6),
        (r"billions?|bn|bln|milliards?", 9),
        (r"trillions?|tn|trn", 12),
    ),
    "fr": ((r"mille|milliers", 3), (r"millions?", 6), (r"milliards?|mds?", 9), (r"billions?", 12)),
    "es": ((r"mil millones", 9), (r"mil", 3), (r"mill(?:ón|ones)", 6), (r"bill(?:ón|ones)", 12)),
    "it": ((r"mila", 3), (r"milion[ei]|mln", 6), (r"miliard[oi]|mld", 9)),
    "pt": ((r"mil", 3), (r"milh(?:ão|ões)", 6), (r"bilh(?:ão|ões)|mil milhões", 9)),
    "nl": ((r"duizend", 3), (r"miljoen", 6), (r"miljard", 9), (r"biljoen", 12)),
}
_TIGHT = {"k": 3, "K": 3, "m": 6, "M": 6, "mn": 6, "b": 9, "B": 9, "T": 12}


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``[start, end)``, scale word included: "14 Mrd." is 14 × 10**9.

    ``written`` is the number without its scale; ``article`` marks "ein", "one", "une", which are
    numbers only before a unit or a scale; ``plain`` marks bare digits without separators.
    """

    start: int
    end: int
    written: Decimal
    power: int = 0
    words: bool = False
    article: bool = False
    ordinal: bool = False
    plain: bool = False

    @property
    def amount(self) -> Decimal:
        return self.written * (Decimal(10) ** self.power)


def fold(text: str) -> str:
    """``text`` with every kind of blank, dash and digit made plain; same length, same offsets."""
    folded = _LINE_BREAK.sub(" ", text.translate(_FOLDED))
    return folded if folded.isascii() else _DIGIT.sub(_as_ascii, folded)


def _as_ascii(digit: re.Match[str]) -> str:
    return str(unicodedata.decimal(digit[0]))


def find_numbers(folded: str, language: str) -> list[Number]:
    """The numbers of a text that went through ``fold``, in order, without overlaps."""
    digits = _digit_numbers(folded, language)
    words = _word_numbers(folded, language)
    taken = [(n.start, n.end) for n in digits]
    words = [n for n in words if not any(s < n.end and n.start < e for s, e in taken)]
    scaled = [_with_scale(n, folded, language) for n in digits + words]
    numbers: list[Number] = []
    for number in sorted(scaled, key=lambda n: (n.start, -n.end)):
        if not numbers or number.start >= numbers[-1].end:
            numbers.append(number)
    return numbers


def parse_digits(written: str, language: str) -> Decimal | None:
    """The value of digits with separators, or None where they are no number ("3.5.1")."""
    fraction = Decimal(_FRACTIONS.get(written[-1], "0"))
    body = written.rstrip("".join(_FRACTIONS)).strip().replace("'", " ")
    if not body:
        return fraction
    sign = -1 if body.startswith("-") else 1
    body = body.lstrip("+-")
    if " " in body:
        if not _SPACED.fullmatch(body):
            return None
        body = body.replace(" ", "")
        value = _decimal(body.replace(",", "."))
    else:
        value = _decimal(_plain_digits(body, language))
    return None if value is None else sign * (value + fraction)


def _plain_digits(body: str, language: str) -> str:
    """``body`` with a point for the decimal sign and without group signs; "" if neither fits."""
    marks = [c for c in body if c in ".,"]
    if not marks:
        return body
    if len(set(marks)) == 2:
        last = marks[-1]
        other = "," if last == "." else "."
        if marks.count(last) != 1 or not _grouped(body.rsplit(last, 1)[0], other):
            return ""
        return body.replace(other, "").replace(last, ".")
    mark = marks[0]
    if len(marks) > 1:
        return body.replace(mark, "") if _grouped(body, mark) else ""
    if _grouped(body, mark) and not body.startswith("0") and mark != decimal_sign(language):
        return body.replace(mark, "")
    return body.replace(mark, ".")


def _grouped(body: str, mark: str) -> bool:
    head, *groups = body.split(mark)
    return 1 <= len(head) <= 3 and all(len(g) == 3 for g in groups)


def _decimal(body: str) -> Decimal | None:
    # Longer runs of digits are keys or hashes, not quantities.
    if not body or len(body) > 30 or not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", body):
        return None
    return Decimal(body)


@cache
def decimal_sign(language: str) -> str:
    """The decimal sign of a language by CLDR; a point where the language is unknown."""
    try:
        return str(get_decimal_symbol(Locale.parse(language)))
    except (UnknownLocaleError, ValueError):
        return "."


def _digit_numbers(folded: str, language: str) -> list[Number]:
    found = []
    codes = iter(code_spans(folded))
    code = next(codes, None)
    for match in _DIGITS.finditer(folded):
        written = match.group().rstrip()
        start, end = match.start(), match.start() + len(written)
        while code and code[1] <= start:
            code = next(codes, None)
        if code and code[0] < end:
            continue
        if _LETTER_BEFORE.search(folded[max(0, start - 4) : start]):
            continue
        if _BROKEN_AFTER.match(folded, end):
            continue
        value = parse_digits(written, language)
        if value is None:
            continue
        found.append(Number(start, end, value, plain=written.isascii() and written.isdigit()))
    return found


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    apart: bool

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: object) -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return bool(_NO_NUMBER.fullmatch(self.word)) or self.word[0].isdigit()


def _word_numbers(folded: str, language: str) -> list[Number]:
    if language not in _WORD_LANGUAGES:
        return []
    spans = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(folded)]
    # A line break of a paragraph separates what two blanks in a row do not.
    tokens = [
        _Token(w, apart=i > 0 and "\n" in folded[spans[i - 1][2] : s])
        for i, (w, s, _) in enumerate(spans)
    ]
    found = []
    for hit in find_word_numbers(tokens, language, 0.0):
        start, end = spans[hit.start][1], spans[hit.end - 1][2]
        said = folded[start:end]
        if "," in said or "." in said or (start and folded[start - 1] == "-"):
            continue
        found.append(
            Number(
                start,
                end,
                Decimal(str(hit.value)).normalize() + 0,
                words=True,
                article=said.casefold() in _ARTICLES,
                ordinal=hit.is_ordinal,
            )
        )
    found = [_with_half(n, folded) for n in found]
    return _add_articles(found, folded, language) + _mixed_halves(folded, language)


def _with_half(number: Number, folded: str) -> Number:
    half = _AND_A_HALF.match(folded, number.end)
    if half is None:
        return number
    return replace(number, end=half.end(), written=number.written + Decimal("0.5"), article=False)


def _add_articles(found: list[Number], folded: str, language: str) -> list[Number]:
    """Also "eine Million", "eine Stunde" and "a hundred", where text2num reads no number.

    "a year" is a rate or a date more often than a duration: "a" counts only before a scale.
    """
    known = {n.start for n in found}
    scales = re.compile("|".join(p for p, _ in _SCALES[language]), re.I)
    extra = []
    for match in _ARTICLE.finditer(folded):
        if match.start() in known:
            continue
        if match.group(1).casefold() in {"a", "an"} and not scales.match(folded, match.end()):
            continue
        extra.append(Number(match.start(), match.end(1), Decimal(1), words=True, article=True))
    return found + extra


def _mixed_halves(folded: str, language: str) -> list[Number]:
    """ "eine halbe (Milliarde)", "half a (billion)", "zweieinhalb", "anderthalb"."""
    found = []
    scales = "|".join(p for p, _ in _SCALES[language])
    for match in _HALF.finditer(folded):
        said = match.group().rstrip(" -")
        end = match.start() + len(said)
        if re.match(rf"[ -](?:{scales})\b", folded[end:], re.I):
            found.append(Number(match.start(), end, Decimal("0.5"), words=True))
    for match in _EINHALB.finditer(folded):
        value = Decimal("1.5") if match.group(2) else _stem_value(match.group(1))
        if value is not None:
            found.append(Number(match.start(), match.end(), value, words=True))
    return found


def _stem_value(stem: str) -> Decimal | None:
    if stem.casefold() == "ein":
        return Decimal("1.5")
    hits = find_word_numbers([_Token(stem, apart=False)], "de", 0.0)
    return Decimal(str(hits[0].value)) + Decimal("0.5") if len(hits) == 1 else None


def _with_scale(number: Number, folded: str, language: str) -> Number:
    if number.ordinal:
        return number
    gap = re.compile(r"-| {0,2}").match(folded, number.end)
    at = gap.end() if gap else number.end
    for pattern, power in _scale_patterns(language):
        match = pattern.match(folded, at)
        if match is None:
            continue
        word = match.group()
        # In a German text "14 Billionen" is 10**12, while a quoted "14 billion" is English.
        if language == "de" and power == 12 and word.startswith("billion"):
            power = 9
        return replace(number, end=match.end(), power=power, article=False, plain=False)
    return number


@cache
def _scale_patterns(language: str) -> tuple[tuple[re.Pattern[str], int], ...]:
    own = _SCALES.get(language, ())
    rest = tuple(p for lang in ("de", "en") if lang != language for p in _SCALES[lang])
    return tuple(
        (re.compile(rf"(?:{pattern})(?!\w)", re.I), power) for pattern, power in own + rest
    )


def tight_scale(folded: str, at: int) -> tuple[int, int] | None:
    """(end, power) of a letter that is a scale only beside a currency: "$14B", "£30m"."""
    match = re.compile(r" ?(mn|[kKmMbBT])(?![\w.]\w|\w)").match(folded, at)
    return (match.end(), _TIGHT[match.group(1)]) if match else None
