"""A value written in a language."""

from __future__ import annotations

from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from qa.answer_types import Kind
from qa.values.value import Value

_SCALE_NAMES = {
    "de": ((12, "Billionen"), (9, "Milliarden"), (6, "Millionen")),
    "en": ((12, "trillion"), (9, "billion"), (6, "million")),
}
_UNIT_NAMES = {
    "de": {"USD": "US-Dollar", "EUR": "Euro", "GBP": "Pfund", "CHF": "Franken", "%": "Prozent"},
    "en": {"USD": "US dollars", "EUR": "euros", "GBP": "pounds", "CHF": "francs", "%": "percent"},
}


def format_value(value: Value, language: str) -> str:
    """The value written in ``language``: "14 Milliarden US-Dollar"; else its own text."""
    if value.amount is None or value.kind is Kind.ORDINAL:
        return value.text
    ends = [value.amount] if value.upper is None else [value.amount, value.upper]
    power, scale = next(
        ((p, s) for p, s in _SCALE_NAMES.get(language, ()) if min(ends) >= Decimal(10) ** p),
        (0, ""),
    )
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    numbers = "–".join(
        format_decimal(e / Decimal(10) ** power, format="#,##0.####", locale=locale) for e in ends
    )
    unit = _UNIT_NAMES.get(language, {}).get(value.unit or "", value.unit or "")
    return " ".join(part for part in (numbers, scale, unit) if part)
