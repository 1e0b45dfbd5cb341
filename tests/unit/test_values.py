"""Values: exact spans, normalised amounts, times, hedges, and what counts as the same value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from qa.answer_types import Kind
from qa.values.dates import find_moments
from qa.values.find import (
    Value,
    find_values,
    group_values,
    normalized_key,
    same_value,
)


def only(text: str, language: str = "de") -> Value:
    found = find_values(text, language)
    assert len(found) == 1, (text, found)
    return found[0]


def language_of(text: str) -> tuple[str, str]:
    """ "en:14 billion" names its language; without a mark it is German."""
    return (text[:2], text[3:]) if text[2:3] == ":" else ("de", text)


# (a, b) say the same. "xx:" names the language, German without it.
SAME = [
    ("14 Mrd. Dollar", "14 Milliarden US-Dollar"),
    ("14 Mrd. Dollar", "en:$14 billion"),
    ("14 Mrd. Dollar", "en:14bn USD"),
    ("14 Mrd. Dollar", "US$ 14 Mrd."),
    ("14 Mrd. Dollar", "en:$14bn"),
    ("14 Mrd. Dollar", "en:14 billion dollars"),
    ("14 Mrd. Dollar", "en:US$14 billion"),
    ("14 Mrd. Dollar", "14.000 Mio. Dollar"),
    ("14 Mrd. Dollar", "vierzehn Milliarden Dollar"),
    ("14 Mrd. Dollar", "14\u00a0Milliarden\u202fDollar"),
    ("14 Mrd. Dollar", "14-Milliarden-Dollar-Bewertung"),
    ("14 Mrd. Dollar", "fr:14 milliards de dollars"),
    ("14 Mrd. Dollar", "es:14 mil millones de dólares"),
    ("14 Mrd. Dollar", "it:14 miliardi di dollari"),
    ("14 Mrd. Dollar", "$14 billion"),
    ("2,7 Milliarden Euro", "en:2.7 billion euros"),
    ("2,7 Milliarden Euro", "en:€2.7bn"),
    ("2,7 Milliarden Euro", "2.700 Mio. EUR"),
    ("2,7 Milliarden Euro", "2.700.000.000 €"),
    ("2,7 Milliarden Euro", "en:EUR 2,700 million"),
    ("eine halbe Milliarde Euro", "500 Millionen Euro"),
    ("en:half a billion dollars", "en:$500m"),
    ("anderthalb Millionen Euro", "1,5 Mio. Euro"),
    ("zweieinhalb Millionen Euro", "2,5 Mio. Euro"),
    ("en:two and a half million euros", "2,5 Mio. Euro"),
    ("eine Million Euro", "en:one million euros"),
    ("en:a million euros", "1 Mio. €"),
    ("30 Mio. GBP", "en:£30m"),
    ("30 Mio. GBP", "30 Millionen Pfund"),
    ("5 Mio. Franken", "CHF 5 Mio."),
    ("5 Mio. Franken", "5 Millionen Schweizer Franken"),
    ("300 Yen", "en:¥300"),
    ("12 kanadische Dollar", "en:12 Canadian dollars"),
    ("50 Cent", "0,50 Euro"),
    ("1 Billion Euro", "en:1 trillion euros"),
    ("1 Billion Euro", "1.000 Milliarden Euro"),
    ("200 Tsd. Euro", "200.000 Euro"),
    ("10 bis 12 Millionen Euro", "en:10 to 12 million euros"),
    ("10 bis 12 Millionen Euro", "10-12 Mio. Euro"),
    ("10 bis 12 Millionen Euro", "zwischen 10 und 12 Millionen Euro"),
    ("49 Prozent", "49 %"),
    ("49 Prozent", "49%"),
    ("49 Prozent", "en:49 percent"),
    ("49 Prozent", "en:49 per cent"),
    ("49,5 Prozent", "en:49.5%"),
    ("die Hälfte", "50 Prozent"),
    ("en:half of them", "50 Prozent"),
    ("zwei Drittel", "en:two-thirds"),
    ("7 bis 10 Prozent", "en:7 to 10 percent"),
    ("1.000", "en:1,000"),
    ("1.000", "1 000"),
    ("1.000", "fr:1 000"),
    ("1.345.596", "en:1,345,596"),
    ("zwölf", "en:twelve"),
    ("zweiundzwanzig Länder", "22 Länder"),
    ("en:twenty-two countries", "22 Länder"),
    ("37 Millionen Fahrgäste", "en:37 million passengers"),
    ("30.000 bis 50.000", "en:30 to 50 thousand"),
    ("1 km", "1.000 Meter"),
    ("340 Meilen", "en:340 miles"),
    ("8.646 Quadratmeilen", "en:8,646 sq mi"),
    ("5.500.000 Quadratkilometer", "en:5.5 million square kilometres"),
    ("1,5 Gigatonnen", "1.500 Megatonnen"),
    ("2 Tonnen", "2.000 kg"),
    ("0,3 bis 0,6 °C", "en:0.3 to 0.6 °C"),
    ("2 Jahre", "24 Monate"),
    ("17 Sekunden", "en:17 seconds"),
    ("eine Stunde", "60 Minuten"),
    ("14. März 2024", "14.03.2024"),
    ("14. März 2024", "en:March 14, 2024"),
    ("14. März 2024", "en:14 March 2024"),
    ("14. März 2024", "2024-03-14"),
    ("14. März 2024", "fr:14 mars 2024"),
    ("14. März", "en:March 14"),
    ("Februar 2015", "en:February 2015"),
    ("Sommer 1521", "en:summer of 1521"),
    ("1970er-Jahre", "en:1970s"),
    ("19. Jahrhundert", "en:nineteenth century"),
    ("1321 bis 1323", "en:1321 to 1323"),
    ("44 v. Chr.", "en:44 BC"),
    ("15.00 Uhr", "15 Uhr"),
    ("15.00 Uhr", "en:3 pm"),
    ("12. Platz", "en:12th place"),
    ("rund 25 Milliarden Dollar", "24,8 Milliarden Dollar"),
    ("gut 25 Milliarden Euro", "25,4 Milliarden Euro"),
    ("knapp 25 Milliarden Euro", "24,6 Milliarden Euro"),
    ("en:nearly 100 people", "98 Menschen"),
]

DIFFERENT = [
    ("14 Mrd. Dollar", "14 Mio. Dollar"),
    ("14 Mrd. Dollar", "14 Mrd. Euro"),
    ("14 Mrd. Dollar", "29 Mrd. Dollar"),
    ("14 Mrd. Dollar", "14 Milliarden kanadische Dollar"),
    ("14 Mrd. Dollar", "1,4 Mrd. Dollar"),
    ("14 Mrd. Dollar", "14 Dollar"),
    ("14 Mrd. Dollar", "14 Prozent"),
    ("14 Mrd. Dollar", "14 Milliarden"),
    ("1 Billion Euro", "en:1 billion euros"),
    ("2,7 Milliarden Euro", "27 Milliarden Euro"),
    ("10 Millionen Euro", "10 bis 12 Millionen Euro"),
    ("10 bis 12 Millionen Euro", "10 bis 13 Millionen Euro"),
    ("5 Pfund", "5 Euro"),
    ("5 Franken", "5 Yen"),
    ("50 Cent", "50 Euro"),
    ("49 Prozent", "49 Prozentpunkte"),
    ("49 Prozent", "49"),
    ("49 Prozent", "4,9 Prozent"),
    ("die Hälfte", "ein Drittel"),
    ("1.000", "en:1.000"),
    ("2,7", "27"),
    ("zwölf", "zwanzig"),
    ("12. Platz", "12 Plätze"),
    ("1 km", "1 m"),
    ("1 km", "1 Meile"),
    ("1 m", "1 m²"),
    ("10 kg", "10 g"),
    ("10 km", "10 km/h"),
    ("20 °C", "20 °F"),
    ("-5 °C", "5 °C"),
    ("2 Jahre", "2 Monate"),
    ("2 Jahre", "2 Jahrzehnte"),
    ("2 Stunden", "2 Minuten"),
    ("14. März 2024", "14. März 2023"),
    ("14. März 2024", "15. März 2024"),
    ("14. März 2024", "März 2024"),
    ("3.4.2024", "en:3/4/2024"),
    ("März 2024", "2024"),
    ("1970er-Jahre", "1970"),
    ("19. Jahrhundert", "18. Jahrhundert"),
    ("1321 bis 1323", "1321"),
    ("44 v. Chr.", "44 n. Chr."),
    ("15.00 Uhr", "en:3 am"),
    ("rund 25 Milliarden Dollar", "24 Milliarden Dollar"),
    ("rund 25 Milliarden Dollar", "29 Milliarden Dollar"),
    ("rund 25 Milliarden Dollar", "rund 24,8 Milliarden Dollar"),
    ("gut 25 Milliarden Euro", "24,6 Milliarden Euro"),
    ("knapp 25 Milliarden Euro", "25,4 Milliarden Euro"),
    ("bis zu 25 Milliarden Euro", "24,8 Milliarden Euro"),
    ("rund 10 Milliarden Euro", "14 Milliarden Euro"),
]


def test_tables_are_large_enough() -> None:
    assert len(set(SAME)) >= 60
    assert len(set(DIFFERENT)) >= 40


@pytest.mark.parametrize(("a", "b"), SAME)
def test_same(a: str, b: str) -> None:
    first, second = (only(text, lang) for lang, text in map(language_of, (a, b)))
    assert same_value(first, second), (first, second)
    assert same_value(second, first)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different(a: str, b: str) -> None:
    first, second = (only(text, lang) for lang, text in map(language_of, (a, b)))
    assert not same_value(first, second), (first, second)
    assert not same_value(second, first)


def test_each_value_has_its_clause_s_time_and_hedge() -> None:
    text = (
        "Der Wert der Firma wurde 2021 auf 3\u00a0Milliarden Euro geschätzt, Anfang dieses Jahres "
        "war ein Preis von rund 5 Milliarden Euro im Gespräch."
    )
    money = [v for v in find_values(text, "de") if v.kind is Kind.AMOUNT]
    assert [(v.text, v.time, v.hedge, v.approximator) for v in money] == [
        ("3\u00a0Milliarden Euro", "2021", "geschätzt", None),
        ("5 Milliarden Euro", "Anfang dieses Jahres", "im Gespräch", "rund"),
    ]


def test_english_time_and_hedge() -> None:
    text = "The deal could be worth up to $9bn in 2026, after an offer of $4bn last year."
    money = [v for v in find_values(text, "en") if v.kind is Kind.AMOUNT]
    assert [(v.text, v.time, v.hedge, v.approximator) for v in money] == [
        ("$9bn", "2026", "could", "up to"),
        ("$4bn", "last year", None, None),
    ]


@pytest.mark.parametrize(
    ("text", "hedge"),
    [
        ("Der Umsatz soll 3 Mio. Euro betragen.", "soll"),
        ("Laut Bericht und laut Reuters waren es 3 Mio. Euro.", "laut Reuters"),
        ("Nach Angaben der Polizei, die 40 Menschen befragte.", None),
        ("Der Schaden beträgt angeblich 3 Mio. Euro.", "angeblich"),
        ("Der Polizei zufolge waren es 3 Mio. Euro.", "Polizei zufolge"),
        ("Der Schaden beträgt 3 Mio. Euro.", None),
    ],
)
def test_hedges(text: str, hedge: str | None) -> None:
    assert only(text).hedge == hedge


def test_a_conversion_is_marked_and_shares_time() -> None:
    first, second = [
        v
        for v in find_values("2023 kostete es 8 Milliarden Dollar (gut 7 Milliarden Euro).", "de")
        if v.kind is Kind.AMOUNT
    ]
    assert (first.conversion, second.conversion) == (False, True)
    assert (second.unit, second.approximator, second.time) == ("EUR", "gut", "2023")


def test_a_second_amount_is_no_conversion() -> None:
    values = find_values("Es kostete 8 Milliarden Dollar und 7 Milliarden Euro.", "de")
    assert [v.conversion for v in values] == [False, False]


def test_coordinated_numbers_share_scale_and_unit() -> None:
    values = find_values("Es waren 10 und 12 Millionen Euro.", "de")
    assert [(v.text, v.amount, v.unit) for v in values] == [
        ("10", Decimal(10_000_000), "EUR"),
        ("12 Millionen Euro", Decimal(12_000_000), "EUR"),
    ]


def test_a_range_is_one_value() -> None:
    value = only("Er zahlt 10 bis 12 Millionen Euro.")
    assert (value.text, value.amount, value.upper) == (
        "10 bis 12 Millionen Euro",
        Decimal(10_000_000),
        Decimal(12_000_000),
    )


@pytest.mark.parametrize(
    "text",
    [
        "Meta investiert mehrere Milliarden Dollar.",
        "Hunderte Menschen kamen.",
        "Ein Mann ging.",
        "Das Modell Llama-4 und MPEG-4 auf dem A380.",
        "Version 3.5.1 ist da.",
        "In der zweiten Hälfte wurde es besser.",
        "Kein Wert.",
        "",
    ],
)
def test_no_value(text: str) -> None:
    assert [v for v in find_values(text, "de") if v.kind is not Kind.ORDINAL] == []


@pytest.mark.parametrize(
    ("text", "language", "noun"),
    [
        ("nur 308 Punkte", "de", "Punkte"),
        ("vier erzwungene Fumbles", "de", "Fumbles"),
        ("22-mal", "de", "mal"),
        ("308 points", "en", "points"),
        ("nine was enough", "en", None),
    ],
)
def test_counted_noun(text: str, language: str, noun: str | None) -> None:
    value = only(text, language)
    assert (value.kind, value.noun) == (Kind.COUNT, noun)


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("2000 Gäste kamen.", "de", Kind.COUNT),
        ("Gegründet wurde sie 2016.", "de", Kind.YEAR),
        ("2024 Euro", "de", Kind.AMOUNT),
        ("2000 km", "de", Kind.MEASURE),
        ("by 2000 guests", "en", Kind.COUNT),
        ("The 2005 series reveals it", "en", Kind.YEAR),
        ("Er wog 20 Pfund.", "de", Kind.MEASURE),
        ("Es kostete 20 Pfund.", "de", Kind.AMOUNT),
    ],
)
def test_kind_by_context(text: str, language: str, kind: Kind) -> None:
    assert only(text, language).kind is kind


@pytest.mark.parametrize(
    ("text", "language", "moment"),
    [
        ("im Mai 2024", "de", "2024-05"),
        ("im März", "de", "--03"),
        ("seit 2023", "de", "2023"),
        ("Ende 2023", "de", "2023"),
        ("in den achtziger Jahren", "de", "198X"),
        ("Q2 2024", "de", "2024-34"),
        ("2001-02", "de", "2001/2002"),
        ("um 15.00 Uhr", "de", "T15:00"),
        ("2024年3月14日", "zh", "2024-03-14"),
        ("3/14/2024", "en", "2024-03-14"),
    ],
)
def test_moments(text: str, language: str, moment: str) -> None:
    assert moment in {v.moment for v in find_values(text, language)}


@pytest.mark.parametrize(
    ("text", "language", "since", "until"),
    [
        ("letzte Woche", "de", date(2024, 6, 3), date(2024, 6, 9)),
        ("last month", "en", date(2024, 5, 1), date(2024, 5, 31)),
        ("im vergangenen Jahr", "de", date(2023, 1, 1), date(2023, 12, 31)),
        ("gestern", "de", date(2024, 6, 11), date(2024, 6, 11)),
        ("vor zwei Jahren", "de", date(2022, 1, 1), date(2022, 12, 31)),
        ("am Montag", "de", date(2024, 6, 10), date(2024, 6, 10)),
        ("le mois dernier", "fr", date(2024, 5, 1), date(2024, 5, 31)),
    ],
)
def test_relative_times_have_bounds(text: str, language: str, since: date, until: date) -> None:
    (moment,) = find_moments(text, language, date(2024, 6, 12))
    assert (moment.since, moment.until, moment.iso) == (since, until, None)


def test_groups_put_an_estimate_with_the_value_it_rounds() -> None:
    texts = ["25,3 Mrd. Euro", "29 Mrd. Euro", "rund 25 Mrd. Euro", "25.300 Mio. Euro"]
    assert group_values([only(t) for t in texts]) == ((0, 2, 3), (1,))


def test_an_estimate_that_fits_two_groups_stays_alone() -> None:
    texts = ["25,3 Mrd. Euro", "24,8 Mrd. Euro", "rund 25 Mrd. Euro"]
    assert group_values([only(t) for t in texts]) == ((0,), (1,), (2,))


def test_keys_are_hashable_and_exact() -> None:
    assert normalized_key(only("1,50 Euro")) == ("amount", "EUR", "1.5")
    assert normalized_key(only("0 Euro")) == ("amount", "EUR", "0")


def test_a_long_paragraph_keeps_its_values_whole() -> None:
    sentence = "Die Firma zahlte am 14. März 2024 rund 14 Mrd. Dollar für das Werk. "
    found = find_values(sentence * 100, "de")
    assert {v.text for v in found} == {"14. März 2024", "14 Mrd. Dollar"}
    assert len(found) == 200
    assert all((sentence * 100)[v.start : v.end] == v.text for v in found)


# --- what is no value ---------------------------------------------------------------------------

NOTES = [
    ("Fakedorf hat [3] 812 Einwohner [4].", ["812"]),
    ("Fakedorf hat 812[4][5] Einwohner und 3,2 km² Fläche.", ["812", "3,2 km²"]),
    ("Fakedorf hat 812¹ Einwohner.² Es liegt in 5 m³ Sand.", ["812", "5 m³"]),
    ("Das sagte sie (Anm. 3) und er [Anm. 12]; dazu [^7], [^note-2] und [a].", []),
    ("Siehe [12, 13] und [4-6].", []),
    ("Der Umsatz lag bei 5[a] Millionen Euro.[12]", ["5[a] Millionen Euro"]),
    ("812 [A 3] Einwohner [1, S. 5] und [Quelle 3]", ["812"]),
    ("10⁶ Zellen", []),
    ("Im Jahr [2019] waren es 12 %.", ["2019", "12 %"]),
]


@pytest.mark.parametrize(("text", "values"), NOTES)
def test_footnote_marks_are_no_values(text: str, values: list[str]) -> None:
    found = find_values(text, "de")
    assert [value.text for value in found] == values
    assert all(text[value.start : value.end] == value.text for value in found)


@pytest.mark.parametrize(
    ("text", "language", "amount"),
    [
        ("１２３ people came", "en", "123"),
        ("الحصة ٣٠%", "ar", "30"),
        ("यहाँ ४५० लोग", "hi", "450"),
        ("費用 １,２５０ 円", "ja", "1250"),
    ],
)
def test_digits_of_any_script_are_digits(text: str, language: str, amount: str) -> None:
    assert [value.amount for value in find_values(text, language)] == [Decimal(amount)]


@pytest.mark.parametrize(
    "text", ["4 Mio. Euro und 12 Personen kamen", "3 km und 12 Personen", "2 % oder 12 Personen"]
)
def test_a_unit_behind_one_number_is_not_said_of_the_next(text: str) -> None:
    first, second = find_values(text, "de")
    assert first.unit is not None
    assert (second.amount, second.unit, second.noun) == (Decimal(12), None, "Personen")
