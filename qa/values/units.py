"""Units: currencies by ISO 4217, measures and durations with a base unit and a factor.

Names in every language come from CLDR (babel); the table below says what a unit is worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_name
from babel.units import UnknownUnitError, format_unit

from qa.answer_types import Kind


@dataclass(frozen=True, slots=True)
class Unit:
    """``symbol`` is what a value shows; amount × ``factor`` + ``offset`` is it in ``base``."""

    kind: Kind
    symbol: str
    base: str
    factor: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)


PERCENT = Unit(Kind.PERCENT, "%", "%")
POINTS = Unit(Kind.PERCENT, "pp", "pp")

# CLDR unit: (symbol, base, factor). Years and months are not days: they have no fixed length.
_CLDR: dict[str, tuple[str, str, str]] = {
    "length-kilometer": ("km", "m", "1000"),
    "length-meter": ("m", "m", "1"),
    "length-centimeter": ("cm", "m", "0.01"),
    "length-millimeter": ("mm", "m", "0.001"),
    "length-micrometer": ("µm", "m", "0.000001"),
    "length-nanometer": ("nm", "m", "0.000000001"),
    "length-mile": ("mi", "m", "1609.344"),
    "length-yard": ("yd", "m", "0.9144"),
    "length-foot": ("ft", "m", "0.3048"),
    "length-inch": ("in", "m", "0.0254"),
    "length-nautical-mile": ("nmi", "m", "1852"),
    "length-light-year": ("ly", "ly", "1"),
    "area-square-kilometer": ("km²", "m²", "1000000"),
    "area-square-meter": ("m²", "m²", "1"),
    "area-square-centimeter": ("cm²", "m²", "0.0001"),
    "area-square-mile": ("mi²", "m²", "2589988.110336"),
    "area-square-foot": ("ft²", "m²", "0.09290304"),
    "area-hectare": ("ha", "m²", "10000"),
    "area-acre": ("ac", "m²", "4046.8564224"),
    "volume-liter": ("l", "l", "1"),
    "volume-milliliter": ("ml", "l", "0.001"),
    "volume-hectoliter": ("hl", "l", "100"),
    "volume-cubic-meter": ("m³", "l", "1000"),
    "volume-cubic-kilometer": ("km³", "l", "1000000000000"),
    "volume-gallon": ("gal", "l", "3.785411784"),
    "volume-barrel": ("bbl", "bbl", "1"),
    "mass-tonne": ("t", "kg", "1000"),
    "mass-kilogram": ("kg", "kg", "1"),
    "mass-gram": ("g", "kg", "0.001"),
    "mass-milligram": ("mg", "kg", "0.000001"),
    "mass-ounce": ("oz", "kg", "0.028349523125"),
    "mass-pound": ("lb", "kg", "0.45359237"),
    "speed-kilometer-per-hour": ("km/h", "km/h", "1"),
    "speed-mile-per-hour": ("mph", "km/h", "1.609344"),
    "speed-meter-per-second": ("m/s", "km/h", "3.6"),
    "speed-knot": ("kn", "km/h", "1.852"),
    "temperature-celsius": ("°C", "°C", "1"),
    "temperature-fahrenheit": ("°F", "°F", "1"),
    "temperature-kelvin": ("K", "K", "1"),
    "power-gigawatt": ("GW", "W", "1000000000"),
    "power-megawatt": ("MW", "W", "1000000"),
    "power-kilowatt": ("kW", "W", "1000"),
    "power-watt": ("W", "W", "1"),
    "power-horsepower": ("hp", "hp", "1"),
    "energy-kilowatt-hour": ("kWh", "kWh", "1"),
    "energy-joule": ("J", "J", "1"),
    "energy-kilojoule": ("kJ", "J", "1000"),
    "energy-kilocalorie": ("kcal", "kcal", "1"),
    "frequency-hertz": ("Hz", "Hz", "1"),
    "frequency-kilohertz": ("kHz", "Hz", "1000"),
    "frequency-megahertz": ("MHz", "Hz", "1000000"),
    "frequency-gigahertz": ("GHz", "Hz", "1000000000"),
    "digital-byte": ("B", "B", "1"),
    "digital-kilobyte": ("kB", "B", "1000"),
    "digital-megabyte": ("MB", "B", "1000000"),
    "digital-gigabyte": ("GB", "B", "1000000000"),
    "digital-terabyte": ("TB", "B", "1000000000000"),
    "electric-volt": ("V", "V", "1"),
    "electric-ampere": ("A", "A", "1"),
    "pressure-bar": ("bar", "bar", "1"),
    "pressure-hectopascal": ("hPa", "bar", "0.001"),
    "duration-second": ("s", "s", "1"),
    "duration-minute": ("min", "s", "60"),
    "duration-hour": ("h", "s", "3600"),
    "duration-day": ("d", "s", "86400"),
    "duration-week": ("wk", "s", "604800"),
    "duration-month": ("mo", "mo", "1"),
    "duration-quarter": ("qtr", "mo", "3"),
    "duration-year": ("a", "mo", "12"),
    "duration-decade": ("dec", "mo", "120"),
    "duration-century": ("c", "mo", "1200"),
    "duration-millisecond": ("ms", "s", "0.001"),
}
# Forms CLDR does not list; cased forms stand as they are written.
_EXTRA: dict[str, tuple[str, ...]] = {
    "length-kilometer": ("Kilometern", "kilometre", "kilometres", "kms"),
    "length-meter": ("Metern", "metre", "metres"),
    "length-foot": ("Fuß", "feet", "foot"),
    "length-mile": ("mi", "Meile", "Meilen"),
    "length-nanometer": ("nm",),
    "length-light-year": ("Lichtjahre", "Lichtjahren"),
    "area-square-kilometer": ("km2", "km²", "qkm", "sq km", "square kilometres",
                             "Quadratkilometern"),
    "area-square-meter": ("m2", "m²", "qm", "sq m", "square metres", "Quadratmetern"),
    "area-square-mile": ("sq mi", "square miles", "Quadratmeilen"),
    "area-square-foot": ("sq ft",),
    "area-hectare": ("ha", "Hektar"),
    "volume-liter": ("litre", "litres", "Liter", "l"),
    "volume-cubic-meter": ("m3", "m³", "Kubikmetern"),
    "volume-barrel": ("Barrel", "Fass", "barrels"),
    "mass-tonne": ("Tonne", "Tonnen", "t", "tons", "ton", "tonnes", "metric tons"),
    "mass-kilogram": ("Kilo", "Kilos", "kilos"),
    "speed-kilometer-per-hour": ("km/h", "kmh", "kph", "Stundenkilometer", "Stundenkilometern"),
    "speed-mile-per-hour": ("mph", "Meilen pro Stunde"),
    "temperature-celsius": ("°C", "° C", "Grad Celsius", "Grad", "degrees", "degrees Celsius"),
    "temperature-fahrenheit": ("°F", "Grad Fahrenheit", "degrees Fahrenheit"),
    "power-horsepower": ("PS", "hp"),
    "energy-kilowatt-hour": ("Kilowattstunden",),
    "duration-second": ("Sek.", "sec", "secs", "sec."),
    "duration-minute": ("Min.", "Minuten", "mins", "min"),
    "duration-hour": ("Std.", "h", "hrs", "Stunden"),
    "duration-day": ("Tagen",),
    "duration-month": ("Monaten",),
    "duration-year": ("Jahren", "Jahres", "yrs", "years old", "year-old", "jährige", "jährigen",
                      "jähriger", "jähriges", "jährig"),
    "duration-decade": ("Jahrzehnt", "Jahrzehnte", "Jahrzehnten", "decade", "decades"),
    "duration-century": ("Jahrhunderte", "Jahrhunderten", "centuries"),
}  # fmt: skip
_MULTIPLES: dict[str, tuple[str, str, str]] = {
    "Gigatonnen": ("Gt", "kg", "1000000000000"),
    "gigatons": ("Gt", "kg", "1000000000000"),
    "Gigatonne": ("Gt", "kg", "1000000000000"),
    "Megatonnen": ("Mt", "kg", "1000000000"),
    "megatons": ("Mt", "kg", "1000000000"),
    "kWh": ("kWh", "kWh", "1"),
    "MWh": ("MWh", "kWh", "1000"),
    "GWh": ("GWh", "kWh", "1000000"),
    "TWh": ("TWh", "kWh", "1000000000"),
    "Gigawattstunden": ("GWh", "kWh", "1000000"),
    "Megawattstunden": ("MWh", "kWh", "1000"),
    "Terawattstunden": ("TWh", "kWh", "1000000000"),
    "Zentner": ("Ztr", "kg", "50"),
}
_PERCENT_FORMS = (
    "%", "Prozent", "prozentige", "prozentigen", "prozentiger", "percent", "per cent", "pct",
    "pour cent", "por ciento", "por cento", "per cento", "procent", "v. H.", "v.H.",
)  # fmt: skip
_POINT_FORMS = (
    "Prozentpunkte", "Prozentpunkten", "Prozentpunkt", "percentage points", "percentage point",
    "points de pourcentage", "puntos porcentuales",
)  # fmt: skip

SYMBOLS = {
    "US$": "USD", "$US": "USD", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "AU$": "AUD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH", "₪": "ILS",
    "zł": "PLN", "Kč": "CZK", "sFr.": "CHF", "SFr.": "CHF", "Fr.": "CHF",
}  # fmt: skip
# Codes written in text. All of ISO 4217 would take "ALL", "TOP" and "SOS" for money.
CODES = frozenset(
    {
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "JPY",
        "CNY",
        "RMB",
        "AUD",
        "CAD",
        "NZD",
        "SEK",
        "NOK",
        "DKK",
        "ISK",
        "PLN",
        "CZK",
        "HUF",
        "RON",
        "BGN",
        "RUB",
        "UAH",
        "TRY",
        "INR",
        "KRW",
        "SGD",
        "HKD",
        "TWD",
        "THB",
        "IDR",
        "MYR",
        "PHP",
        "VND",
        "BRL",
        "MXN",
        "ARS",
        "CLP",
        "ZAR",
        "ILS",
        "AED",
        "SAR",
        "QAR",
        "EGP",
        "DEM",
        "ATS",
        "FRF",
        "ITL",
        "ESP",
    }
)
_SHORT_NAMES = {
    "dollar": "USD", "dollars": "USD", "dólares": "USD", "dólar": "USD", "dollari": "USD",
    "dollaro": "USD", "us-dollar": "USD", "us-dollars": "USD", "us dollar": "USD",
    "amerikanische dollar": "USD", "bucks": "USD", "euro": "EUR", "euros": "EUR",
    "pfund": "GBP", "pound": "GBP", "pounds": "GBP", "pfund sterling": "GBP",
    "britische pfund": "GBP", "pounds sterling": "GBP", "libras": "GBP", "livres": "GBP",
    "sterling": "GBP", "franken": "CHF", "swiss francs": "CHF", "schweizer franken": "CHF",
    "francs suisses": "CHF", "yen": "JPY", "yuan": "CNY", "renminbi": "CNY", "rubel": "RUB",
    "rubles": "RUB", "roubles": "RUB", "rupien": "INR", "rupees": "INR", "won": "KRW",
    "złoty": "PLN", "zloty": "PLN", "schekel": "ILS", "shekels": "ILS", "rand": "ZAR",
    "forint": "HUF", "dm": "DEM", "d-mark": "DEM", "mark": "DEM", "schilling": "ATS",
}  # fmt: skip
_CENTS = {"cent": "0.01", "cents": "0.01", "pence": "0.01", "rappen": "0.01"}
_CENT_OF = {"pence": "GBP", "rappen": "CHF"}
_ENDINGS = ("", "s", "n", "en", "e")


def money(code: str, factor: str = "1") -> Unit:
    """The unit of a currency; ``code`` by ISO 4217, RMB being CNY."""
    code = "CNY" if code == "RMB" else code
    return Unit(Kind.AMOUNT, code, code, Decimal(factor))


def unit_after(folded: str, at: int, language: str) -> tuple[Unit, int] | None:
    """The unit that begins at ``at`` (after an optional blank or hyphen) and where it ends."""
    forms, pattern = _lexicon(language)
    match = pattern.match(folded, at)
    if match is None:
        return None
    said = match.group("unit")
    unit = forms.get(said) or forms.get(said.casefold())
    return (unit, match.end()) if unit else None


def currency_before(folded: str, at: int) -> tuple[Unit, int] | None:
    """The currency sign or code that ends right before ``at``, and where it starts."""
    match = _BEFORE.search(folded, max(0, at - 6), at)
    if match is None:
        return None
    said = match.group("unit")
    return money(SYMBOLS.get(said, said)), match.start("unit")


_BEFORE = re.compile(
    r"(?<![A-Za-z])(?P<unit>"
    + "|".join(re.escape(s) for s in sorted({*SYMBOLS, *CODES}, key=len, reverse=True))
    + r") ?$"
)


@cache
def _lexicon(language: str) -> tuple[dict[str, Unit], re.Pattern[str]]:
    """Unit forms of a language, and of German and English, with the pattern that finds them.

    Written-out names are matched in any case, abbreviations as they stand ("m", "M").
    """
    names: dict[str, Unit] = {}
    exact: dict[str, Unit] = {}
    for lang in dict.fromkeys((language, "de", "en")):
        _add_currencies(lang, names)
        _add_measures(lang, names, exact)
    for form, code in _SHORT_NAMES.items():
        names[form] = money(code)
    for form, factor in _CENTS.items():
        names[form] = money(_CENT_OF.get(form, "USD" if language == "en" else "EUR"), factor)
    for form in _PERCENT_FORMS:
        names[form.casefold()] = PERCENT
    for form in _POINT_FORMS:
        names[form.casefold()] = POINTS
    exact |= {s: money(c) for s, c in SYMBOLS.items()} | {c: money(c) for c in CODES}
    exact = {form: unit for form, unit in exact.items() if form.casefold() not in names}
    return {**names, **exact}, _pattern(names, exact)


def _pattern(names: dict[str, Unit], exact: dict[str, Unit]) -> re.Pattern[str]:
    def any_of(forms: dict[str, Unit]) -> str:
        return "|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True))

    return re.compile(
        rf"(?: {{0,2}}|-| ?(?:d'|de |di |of ))"
        rf"(?P<unit>(?i:{any_of(names)})(?:(?<=\w)(?!\w)|(?<!\w))|"
        rf"(?:{any_of(exact)})(?:(?<=\w)(?![\w'])|(?<!\w)))"
    )


def _add_currencies(language: str, names: dict[str, Unit]) -> None:
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return
    for code in CODES - {"RMB"}:
        for name in (get_currency_name(code, n, locale) for n in (None, 1, 2)):
            if name != code:
                names.setdefault(name.casefold().replace("\u00a0", " "), money(code))


def _add_measures(language: str, names: dict[str, Unit], exact: dict[str, Unit]) -> None:
    for cldr, (symbol, base, factor) in _CLDR.items():
        kind = Kind.DURATION if cldr.startswith("duration") else Kind.MEASURE
        unit = Unit(kind, symbol, base, Decimal(factor))
        for name in _cldr_names(cldr, "long", language):
            for ending in _ENDINGS if language == "de" else ("",):
                names.setdefault((name + ending).casefold(), unit)
        for form in (symbol, *_cldr_names(cldr, "short", language)):
            # One capital letter or "in" and "a" are words far more often than units.
            if kind is Kind.MEASURE and form not in {"in", "a", "A", "B", "K", "C", "J"}:
                exact.setdefault(form, unit)
        for form in _EXTRA.get(cldr, ()):
            target = exact if len(form) < 3 or not form.isalpha() else names
            target[form if target is exact else form.casefold()] = unit
    for form, (symbol, base, factor) in _MULTIPLES.items():
        exact[form] = Unit(Kind.MEASURE, symbol, base, Decimal(factor))


def _cldr_names(cldr: str, length: str, language: str) -> set[str]:
    """The names of a unit in one language, without the number babel writes beside them."""
    try:
        said = [format_unit(n, cldr, length, locale=language) for n in (1, 2)]
    except (UnknownUnitError, UnknownLocaleError, ValueError):
        return set()
    stripped = (re.sub(r"[\d\u0660-\u0669]+", "", s).strip("\u00a0\u202f ") for s in said)
    return {s.replace("\u00a0", " ") for s in stripped if s}
