"""What the words beside a number say against reading it: rather no amount than a wrong one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from index.text.words import words_of, words_understood
from qa.answer_types import Kind
from qa.values.digits import decimal_sign
from qa.values.quantity import Quantity
from qa.values.scales import scale_letters, scales_may_precede
from qa.values.units import unit_after

_LETTERS = r"[^\W\d_]"
_MARKS = r"\u0300-\u036f\u064b-\u065f\u0900-\u0963"  # accents and vowel signs go on with a word
_WORD_AFTER = re.compile(rf"(?:[ '-]{{0,2}}|:)({_LETTERS}[\w{_MARKS}]*)")
_LATIN = re.compile(r"[a-zA-Z]")


def counts_nothing(quantity: Quantity, folded: str, language: str) -> bool:
    """Whether a number only names a thing, "Seite 12", "第3", or a time, "kl. 14.30"."""
    number = quantity.number
    if quantity.unit is not None or number.words:
        return False
    if _neighbours(language).label.search(folded[max(0, number.start - 20) : number.start]):
        return True
    # Where a comma is the decimal sign, a point between few digits is one of times and dates.
    # German and English times are told by the words beside them.
    return (
        not words_of(language).compounds
        and number.power == 0
        and decimal_sign(language) == ","
        and _FEW_DIGITS.fullmatch(folded, number.start, number.end) is not None
    )


_FEW_DIGITS = re.compile(r"\d{1,2}\.\d{1,2}")


def opens_list_item(quantity: Quantity, folded: str, text: str) -> bool:
    """Whether a number at a line's start only numbers the line: "1. Die Kosten", "2) Erlöse".

    ``folded`` has no line breaks any more, which ``text`` still has.
    """
    number = quantity.number
    if quantity.unit is not None or number.ordinal or not number.plain or number.power:
        return False
    at = quantity.start
    while at and text[at - 1] != "\n" and text[at - 1].isspace():  # no-break blanks too
        at -= 1
    opens_line = at == 0 or text[at - 1] == "\n"
    return opens_line and folded[quantity.end : quantity.end + 2] in {
        ". ",
        ") ",
    }


def unread_beside(quantity: Quantity, folded: str, language: str) -> bool:
    """Whether a word beside the amount may change it: a scale or a unit that is not understood.

    Where a unit was read behind the number nothing is left that could. A language's file knows
    its scales, and the stems of those and of its currencies in case another ending stands there.
    In a language without a file, and where words follow without a blank, any unknown word may be
    one.
    """
    unit, number = quantity.unit, quantity.number
    if number.ordinal or (unit is not None and unit.kind is Kind.PERCENT):
        return False
    letters = scale_letters(language)
    if unit is not None and quantity.end > number.end:
        # "640 t": tonnes, or thousands. In "bilioni 29 USD" the scale stands before.
        said = folded[number.end : quantity.end].strip(" -")
        before = unit.kind is Kind.AMOUNT and _behind_a_word(folded, quantity.start)
        return said in letters or (
            before and not words_of(language).known and scales_may_precede(language)
        )
    words, neighbours = words_of(language), _neighbours(language)
    after = _WORD_AFTER.match(folded, quantity.end)
    if after and after[0][0] != "-" and _is_money(folded, after.end(), language):
        return True
    if not words.known:
        before = unit is None or scales_may_precede(language)
        return after is not None or (before and _behind_a_word(folded, quantity.start))
    if after is None:
        return False
    if neighbours.stem.match(after[1]) or after[1] in letters:
        return True
    if words.blanks:
        return not words.compounds and after[0][0] in "-:"
    # A sign or code says that it is money, and no scale follows.
    return unit is None and not (_LATIN.match(after[1]) or neighbours.counted.match(after[1]))


def _behind_a_word(folded: str, at: int) -> bool:
    """Whether a word of any script ends before ``at``; a mark may be its last sign."""
    last = folded[max(0, at - 4) : at].rstrip(" .'")[-1:]
    if last.isascii():
        return last.isalpha()
    return unicodedata.category(last) not in {"Pd", "Ps", "Pi", "Sc", "Nd"}


def _is_money(folded: str, at: int, language: str) -> bool:
    """Whether money is named behind the word that ends at ``at``: the word is a scale, "29 G€"."""
    unit = unit_after(folded, at + folded.startswith(".", at), language)
    return unit is not None and unit[0].kind is Kind.AMOUNT


@dataclass(frozen=True, slots=True)
class _Neighbours:
    label: re.Pattern[str]
    stem: re.Pattern[str]
    counted: re.Pattern[str]


@cache
def _neighbours(language: str) -> _Neighbours:
    own, understood = words_of(language), words_understood(language)

    def any_of(forms: tuple[str, ...]) -> str:
        return "|".join(map(re.escape, forms)) or r"(?!)"

    labels = any_of(tuple(label for words in understood for label in words.labels))
    apart = r"(?<!\w)" if own.blanks else ""
    return _Neighbours(
        label=re.compile(rf"{apart}(?:{labels}) ?$", re.I),
        stem=re.compile(any_of(own.stems), re.I),
        counted=re.compile(any_of(own.counted)),
    )
