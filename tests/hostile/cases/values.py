"""What is no value: marks, numbers of things that are counted by nobody, and broken numbers.

A wrong value shown with confidence is the worst thing this product can do; none is better.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from qa.values.find import find_values
from tests.hostile.case import Case

NOTHING = (
    "de: Siehe Fußnote [3].", "de: So steht es dort.[12]", "de: Das ist belegt [1, 2] und [4-6].",
    "de: Mehr dazu (Anm. 7).", "de: Quelle[^3] und Quelle[^abc]", "de: Ein Satz.¹ Noch einer.²³",
    "en: As shown before [note 4].", "de: Telefon 030/1234567", "de: Tel. +49 (0)30 123456-78",
    "en: Call +1-555-0100-234", "de: ISBN 978-3-16-148410-0", "de: ISBN 3-16-148410-X",
    "de: Der Server 192.168.0.17 antwortet nicht.", "en: It listens on 10.0.0.1:8080.",
    "de: Version 3.11.7 ist da.", "en: Python v3.12.1 and 2.7.181 differ.", "de: IBAN DE89 3704 0044 0532 0130 00",
    "de: https://example.org/2024/artikel-123.html", "de: Siehe www.example.org/a/45?b=67.",
    "de: anna99@example.org", "de: Der Airbus A320 und die MiG-29 flogen.",
    "de: Ein 4x4-Antrieb und 3D-Druck.", "de: Das Urteil (Az. 5 C 12/20) gilt.", "de: Nach § 12 gilt das.",
    "de: Paragraf §§ 3-5", "de: DIN A4, ISO 9001 und H5N1", "de: Die Rufnummer lautet 0800 4711 4711.",
    "de: Hash 3f9a2b7c1d", "de: UUID 123e4567-e89b-12d3-a456-426614174000", "de: Matrix 1.2.3.4.5",
    "de: 10⁶", "de: #12345", "en: Section 3.2.1 says so.", "de: 12/3/4/5", "de: 1,2,3,4,5,6", "en: 1..2",
    "de: 5,,6", "de: ---", "de: %", "de: € $ £", "de: Mrd. Mio. Tsd.", "de: ......", "de: ,5.,", "de: 1'2'3'4",
    "de: 00-00-00", "en: CVE-2024-12345", "de: PLZ D-10115 Berlin",
)  # fmt: skip
"""Texts in which nothing is counted, measured, paid or dated."""

EXACTLY: tuple[tuple[str, list[str]], ...] = (
    ("de: Fakedorf hat [3] 812 Einwohner [4].", ["812"]),
    ("de: Der Bau kostet 4[2] Mio. Euro.[3]", ["4[2] Mio. Euro"]),
    ("de: Rund 25 Prozent¹ mehr als 2023².", ["25 Prozent", "2023"]),
    ("de: Der HSV gewann 3:1 vor 48.500 Zuschauern.", ["48.500"]),
    ("de: Um 14:30 Uhr waren es 12 Grad.", ["14:30 Uhr", "12 Grad"]),
    ("de: Es waren １２ Personen und ３ Hunde.", ["１２", "３"]),
    ("ar: الحصة ٣٠٪ فقط", ["٣٠٪"]),
    ("de: Für 1.234.567,89 Euro", ["1.234.567,89 Euro"]),
    ("en: For 1,234,567.89 euros", ["1,234,567.89 euros"]),
    ("de: Für 12.34.56 Euro", []),
    ("de: 10 bis 12 Millionen Euro", ["10 bis 12 Millionen Euro"]),
    ("de: 4 Mio. Euro und 12 Personen", ["4 Mio. Euro", "12"]),
    ("de: " + "9" * 40 + " Euro", []),
    ("de: minus 5 Grad", ["5 Grad"]),
    ("de: 3 Mio. € [1] und 4 Mio. € [2]", ["3 Mio. €", "4 Mio. €"]),
    ("de: Das Werk (2019) kostet 7 Mrd. Dollar", ["2019", "7 Mrd. Dollar"]),
    ("de: 1. Die Kosten: 3 Mio. Euro", ["3 Mio. Euro"]),
    ("de: Posten:\n1) Bau 3 Mio. Euro\n2) Park", ["3 Mio. Euro"]),
    ("de: Seite 12: Der Umsatz stieg auf 5 Mrd. Euro.", ["5 Mrd. Euro"]),
)
"""Texts with their values."""

LONG = (
    "9" * 100_000, "1." * 50_000, "1 " * 50_000, "[1]" * 30_000, "½" * 50_000, "¹" * 50_000, "eins " * 20_000,
    "Mrd. " * 20_000, "$" * 100_000, "1-" * 50_000, "1. Mai " * 10_000, "zwischen 1 und " * 5_000,
)  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Texts with what is no value in them, and long ones that must come to an end."""
    for text in NOTHING:
        yield Case(f"nothing in {text}", partial(_holds, text, []))
    for text, values in EXACTLY:
        yield Case(f"{values} in {text[:60]}", partial(_holds, text, values))
    for text in LONG[: 3 if quick else None]:
        yield Case(
            f"an end of {text[:9]!r}", partial(find_values, text[: 5_000 if quick else None], "de")
        )


def _holds(text: str, values: list[str]) -> None:
    language, said = text[:2], text[4:]
    found = find_values(said, language)
    assert all(said[value.start : value.end] == value.text for value in found)
    assert [value.text for value in found] == values
