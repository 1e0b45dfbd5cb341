"""Chinese, Japanese and Korean numbers: tens to thousands within groups of ten thousand.

"12億5000万", "3천만" and "二百五十": what a figure is worth is said by the signs behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from index.text.words import words_of
from qa.values.digits import parse_digits
from qa.values.number import Number

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_LONGEST = 40
"""Characters of a number; longer ones are none."""


def writes_myriads(language: str) -> bool:
    """Whether the language writes numbers so."""
    return bool(words_of(language).steps) and not words_of(language).blanks


def continued(number: Number, folded: str, language: str) -> Number | None:
    """The number that begins with these digits, with the signs behind; None where it is broken."""
    read = _read(folded, number.start, language)
    if read is None or read[1] <= number.end:
        return number
    amount, end, power = read
    written = amount.scaleb(-power)
    whole = written == written.to_integral_value()
    return Number(number.start, end, written.quantize(1) if whole else written.normalize(), power)


def find_figures(folded: str, language: str) -> list[Number]:
    """Numbers in figures of words alone: "二百五十", of at least two signs, one with a value."""
    signs = _signs(language)
    found = []
    for match in signs.run.finditer(folded):
        read = _read(folded, match.start(), language)
        if read is not None and read[1] == match.end() and match.end() - match.start() > 1:
            found.append(Number(match.start(), match.end(), read[0], words=True))
    return found


@dataclass(frozen=True, slots=True)
class _Signs:
    figures: dict[str, str]
    steps: dict[str, int]
    scales: tuple[tuple[re.Pattern[str], int], ...]
    run: re.Pattern[str]


@cache
def _signs(language: str) -> _Signs:
    words = words_of(language)
    figures = {sign: value for value, forms in words.figures.items() for sign in forms}
    steps = {sign: int(power) for power, forms in words.steps.items() for sign in forms}
    scales = [(re.compile(f), int(p)) for p, forms in words.scales.items() for f in forms]
    plain = {form[:1] for forms in words.scales.values() for form in forms}
    start = "".join(sign for sign, value in figures.items() if value not in {".", "0"})
    inside = "".join({*figures, *steps, *plain})
    # "百", "千" and "万" begin words and names, if no figure follows; ten may begin a number.
    ten = "".join(sign for sign, power in steps.items() if power == 1) if figures else ""
    before = "".join(form for form in words.labels if len(form) == 1 and form.isalpha())
    first = rf"(?:[{start}{ten}]|[{''.join(steps)}](?=[{start}]))"
    run = rf"(?<![{inside}{before}\d]){first}[{inside}]+" if figures else r"(?!)"
    return _Signs(figures, steps, tuple(scales), re.compile(run))


def _read(folded: str, at: int, language: str) -> tuple[Decimal, int, int] | None:
    """Amount, end and the first large scale's power of the number at ``at``; None if broken."""
    signs = _signs(language)
    total, section = Decimal(0), Decimal(0)
    current: Decimal | None = None
    end, first, last = at, 0, 99
    while at < len(folded) and end - at < _LONGEST:
        digits = _figure(folded, at, language)
        if digits is not None:
            if current is not None or (last < 99 and digits[0] >= Decimal(10) ** last):
                return None
            current, end = digits
        elif folded[at] in signs.steps:
            section += (Decimal(1) if current is None else current).scaleb(signs.steps[folded[at]])
            current, end = None, at + 1
        else:
            scale = next(((m, p) for r, p in signs.scales if (m := r.match(folded, at))), None)
            if scale is None or (at == end and current is None and not section and not total):
                break
            match, power = scale
            if current is None and not section:  # "万亿": the scale before, times this one
                total = total.scaleb(power)
            elif power >= last:
                return None
            else:
                total += (section + (current or Decimal(0))).scaleb(power)
            section, current, end = Decimal(0), None, match.end()
            first, last = first or power, power
        at = end
        if folded[at : at + 1] == " " and _goes_on(folded, at + 1, signs, after_scale=last < 99):
            at += 1
    return total + section + (current or Decimal(0)), end, first


def _goes_on(folded: str, at: int, signs: _Signs, *, after_scale: bool) -> bool:
    """Whether the number goes on behind a blank: "12억 5000만", "4만 8500", "290 亿"."""
    if _DIGITS.match(folded, at):
        return after_scale
    return any(scale.match(folded, at) for scale, _ in signs.scales)


def _figure(folded: str, at: int, language: str) -> tuple[Decimal, int] | None:
    """The digits or figures of words at ``at`` ("5000", "十二点五" has two), and their end."""
    digits = _DIGITS.match(folded, at)
    if digits is not None:
        value = parse_digits(digits.group(), language)
        return None if value is None else (value, digits.end())
    figures, end, said = _signs(language).figures, at, ""
    while end < len(folded) and folded[end] in figures:
        said += figures[folded[end]]
        end += 1
    said = said.strip(".") if said.endswith(".") else said
    return (Decimal(said), end) if re.fullmatch(r"\d*(?:\.\d+)?", said) and said else None
