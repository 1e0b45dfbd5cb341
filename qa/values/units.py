"""Units: currencies by ISO 4217, measures and durations with a base unit and a factor.

Names come from CLDR (babel) and from the languages' files (``index.text.words``); ``measures`` says
what a unit is worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_name
from babel.units import UnknownUnitError, format_unit

from index.text.words import Words, words_understood
from qa.answer_types import Kind
from qa.values.measures import CODES, MEASURES, SPELLINGS, SYMBOLS


@dataclass(frozen=True, slots=True)
class Unit:
    """``symbol`` is what a value shows; amount × ``factor`` + ``offset`` is it in ``base``."""

    kind: Kind
    symbol: str
    base: str
    factor: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)


PERCENT = Unit(Kind.PERCENT, "%", "%")
PERMILLE = Unit(Kind.PERCENT, "‰", "%", Decimal("0.1"))
POINTS = Unit(Kind.PERCENT, "pp", "pp")

_PLURALS = (None, 1, 2, 5, 1.5)  # one of each of CLDR's forms
_SHORTEST_ABROAD = 4
"""Letters of a unit's name that is understood in another language; "mi", "won" are words there."""
_NEVER = frozenset({"in", "a", "A", "B", "K", "C", "J"})
"""Symbols that are words far more often than units."""


def money(code: str, factor: str = "1") -> Unit:
    """The unit of a currency; ``code`` by ISO 4217, RMB being CNY."""
    code = "CNY" if code == "RMB" else code
    return Unit(Kind.AMOUNT, code, code, Decimal(factor))


def unit_after(folded: str, at: int, language: str) -> tuple[Unit, int] | None:
    """The unit that begins at ``at`` (after an optional blank or hyphen) and where it ends."""
    lexicon = _lexicon(language)
    match = lexicon.after.match(folded, at)
    if match is None:
        return None
    said = match.group("name") or match.group("exact")
    unit = lexicon.exact.get(said) or lexicon.names.get(said.casefold())
    return (unit, match.end()) if unit else None


def unit_before(folded: str, at: int, language: str) -> tuple[Unit, int] | None:
    """The sign, code or word for a currency or percent that ends right before ``at``: its start."""
    lexicon = _lexicon(language)
    match = lexicon.before.search(folded, max(0, at - lexicon.longest_before), at)
    if match is None:
        return None
    said = match.group("unit")
    return lexicon.prefixes.get(said) or lexicon.prefixes[said.casefold()], match.start("unit")


# --- the words of a language ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """``names`` are found in any case, ``exact`` forms as they stand ("m", "M")."""

    names: dict[str, Unit]
    exact: dict[str, Unit]
    prefixes: dict[str, Unit]
    after: re.Pattern[str]
    before: re.Pattern[str]
    longest_before: int


@cache
def _lexicon(language: str) -> _Lexicon:
    """The units of a language: its file's before CLDR's, its own before those of others."""
    own, *_ = understood = words_understood(language)
    names: dict[str, Unit] = {}
    stated: dict[str, Unit] = {}
    in_files: dict[str, Unit] = {}
    for reader, exact in ((_read_cldr, stated), (_read_file, in_files)):
        for words in reversed(understood):
            abroad = words is not own and own.code not in words.also
            for form, unit, as_it_stands in reader(words):
                if not abroad or len(form) >= _SHORTEST_ABROAD:
                    target = exact if as_it_stands else names
                    target[form if as_it_stands else form.casefold()] = unit
    exact = {k: u for k, u in (stated | _symbols() | in_files).items() if k.casefold() not in names}
    for form in own.not_units:
        names.pop(form.casefold(), None)
        exact.pop(form, None)
    before, percent = _before(understood)
    return _Lexicon(
        names,
        exact,
        before | percent,
        _after(names, exact, understood),
        re.compile(rf"(?<![A-Za-z])(?P<unit>{_any_of(before)}|(?i:{_any_of(percent)})) ?$")
        if percent
        else re.compile(rf"(?<![A-Za-z])(?P<unit>{_any_of(before)}) ?$"),
        max(map(len, before | percent)) + 2,
    )


def _before(understood: tuple[Words, ...]) -> tuple[dict[str, Unit], dict[str, Unit]]:
    """What stands before a number: currencies as they are written, and percents."""
    found = {sign: money(code) for sign, code in SYMBOLS.items()}
    found |= {code: money(code) for code in CODES}
    for words in reversed(understood):
        found |= {f: money(c) for c, forms in words.currencies_before.items() for f in forms}
    own = understood[0]
    percent = {*own.percent_before, *_cldr_names("concentr-percent", "long", own.code)[1]}
    return found, {form.casefold(): PERCENT for form in percent}


def _symbols() -> dict[str, Unit]:
    found = {sign: money(code) for sign, code in SYMBOLS.items()}
    found |= {code: money(code) for code in CODES} | {"%": PERCENT, "‰": PERMILLE}
    for name, (symbol, *_) in MEASURES.items():
        unit = _measure(name)
        if unit.kind is Kind.MEASURE and symbol not in _NEVER:
            found |= dict.fromkeys((symbol, *SPELLINGS.get(name, ())), unit)
    return found


def _measure(name: str) -> Unit:
    symbol, base, factor = MEASURES[name]
    kind = Kind.DURATION if name.startswith("duration") else Kind.MEASURE
    return Unit(kind, symbol, base, Decimal(factor))


def _read_cldr(words: Words) -> list[tuple[str, Unit, bool]]:
    """CLDR's forms of a language, and whether each stands as it is."""
    found = []
    for name in reversed(MEASURES):
        unit = _measure(name)
        long, short = (_cldr_names(name, length, words.code)[0] for length in ("long", "short"))
        # Where CLDR has one form for both lengths, babel shows it as the short one.
        for said in long or {form for form in short if len(form) > 1 or not form.isascii()}:
            found += [(said + end, unit, False) for end in ("", *words.plural_endings)]
        if unit.kind is Kind.MEASURE:
            # Spanish "M" are nautical miles, and millions far more often.
            found += [(f, unit, True) for f in short - _NEVER if len(f) > 1 or f == unit.symbol]
    found += [(f, PERCENT, False) for f in _cldr_names("concentr-percent", "long", words.code)[0]]
    return found + [(said, money(code), False) for code, said in _currency_names(words.code)]


def _currency_names(language: str) -> list[tuple[str, str]]:
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return []
    named = [
        (code, get_currency_name(code, n, locale).replace("\u00a0", " "))
        for code in sorted(CODES - {"RMB"})
        for n in _PLURALS
    ]
    return [(code, name) for code, name in named if name != code] + [
        ("USD", dollar) for n in _PLURALS if (dollar := _dollar(locale, n))
    ]


def _dollar(locale: Locale, plural: float | None) -> str:
    """The word that the names of all dollars share, if it is one: US dollars go by it alone."""
    names = (get_currency_name(code, plural, locale) for code in ("USD", "CAD", "AUD", "NZD"))
    shared = set.intersection(*(set(name.split()) for name in names))
    return shared.pop() if len(shared) == 1 else ""


def _read_file(words: Words) -> list[tuple[str, Unit, bool]]:
    """The forms of a language's file, and whether each stands as it is: short or abbreviated."""
    found = [(form, PERCENT) for form in words.percent] + [(form, POINTS) for form in words.points]
    found += [(form, PERMILLE) for form in words.permille]
    found += [(f, _measure(name)) for name, forms in words.measures.items() for f in forms]
    found += [(f, money(code, "0.01")) for code, forms in words.cents.items() for f in forms]
    found += [(f, money(code)) for code, forms in words.currencies.items() for f in forms]
    return [(f, unit, (f.isascii() and len(f) < 3) or f.endswith(".")) for f, unit in found]


@cache
def _locale(language: str) -> Locale:
    """Raises UnknownLocaleError, ValueError. Babel takes its time to find one by its name."""
    return Locale.parse(language)


@cache
def _cldr_names(name: str, length: str, language: str) -> tuple[set[str], set[str]]:
    """The names of a unit in one language that stand behind a number, and those before it."""
    try:
        said = [format_unit(n or 1, name, length, locale=_locale(language)) for n in _PLURALS]
    except (UnknownUnitError, UnknownLocaleError, ValueError):
        return set(), set()
    after, before = set[str](), set[str]()
    for text in said:
        form = re.sub(r"[\d\u0660-\u0669]+(?:[.,٫][\d\u0660-\u0669]+)?", "", text)
        form = form.strip("\u00a0\u202f ").replace("\u00a0", " ")
        if form and form != name:
            leads = text[0].isdigit() or form == text
            (after if leads else before).add(form)
    return after, before


def _after(
    names: dict[str, Unit], exact: dict[str, Unit], understood: tuple[Words, ...]
) -> re.Pattern[str]:
    own = understood[0]
    of = _any_of({word + ("" if word.endswith("'") else " ") for w in understood for word in w.of})
    ending = rf"(?:'?(?:{_any_of(own.case_endings)}))?" if own.case_endings else ""
    called = rf"(?:'(?:{_any_of(own.case_endings)}))?" if own.case_endings else r"(?!')"
    # Where no blanks are written, only Latin letters that go on make another word.
    word = r"\w" if own.blanks else "[A-Za-z]"
    return re.compile(
        rf"(?: {{0,2}}|-| ?(?:{of or '-'}))"
        rf"(?:(?P<name>(?i:{_any_of(names)})){ending}(?:(?<={word})(?!{word})|(?<!{word}))|"
        rf"(?P<exact>{_any_of(exact)})(?:(?<={word}){called}(?!{word}|[€$£¥])|(?<!{word})))"
    )


def _any_of(forms: Iterable[str]) -> str:
    return "|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True))
