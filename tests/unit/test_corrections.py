"""Values that their own sentence replaces."""

from __future__ import annotations

import pytest

from qa.values.find import find_values


@pytest.mark.parametrize(
    ("text", "language", "former"),
    [
        ("Die Halle kostet statt 48 Millionen nun 71 Millionen Euro.", "de", ["48 Millionen"]),
        ("Sie kostet nicht 48, sondern 71 Millionen Euro.", "de", ["48"]),
        ("Die Zahl stieg von 120 auf 150 Fälle.", "de", ["120"]),
        ("Statt der geplanten 12 Züge fahren 9 Züge.", "de", ["12"]),
        ("Es kamen 150 Gäste statt bisher 120 Gäste.", "de", ["120"]),
        (
            "It costs 71 million dollars instead of 48 million dollars.",
            "en",
            ["48 million dollars"],
        ),
        ("Die Kosten stiegen von 48 Millionen auf rund 71 Millionen Euro.", "de", ["48 Millionen"]),
        ("Zunächst sollte sie 48 Millionen Euro kosten, nun sind es 71 Millionen.", "de", ["48"]),
        ("It previously cost 48 million dollars and now costs 71 million dollars.", "en", ["48"]),
        ("Le pont coûte 71 millions d'euros au lieu de 48 millions d'euros.", "fr", ["48"]),
        ("Ein Teil von 120 Fällen ging auf eine Reise zurück.", "de", []),
        ("Bisher kostete sie 48 Millionen Euro.", "de", []),
        (
            "Bislang sammelte sie 14 Milliarden Dollar ein, davon 2 Milliarden Dollar 2025.",
            "de",
            [],
        ),
        ("Bisher starben 48 Menschen, mindestens 200 wurden verletzt.", "de", []),
        ("Sie will zunächst 200 Menschen einstellen, davon 50 Menschen in Ulm.", "de", []),
        ("Von 120 Abgeordneten stimmten auf Antrag 70 Abgeordnete dafür.", "de", []),
        ("Tickets cost from 10 euros for children to 15 euros for adults.", "en", []),
        ("Im Jahr 2020 kamen 120, im Jahr 2021 150 Gäste.", "de", []),
        ("Bisher füllt sie 9.000 Flaschen ab, künftig sollen es 22.000 Flaschen sein.", "de", []),
    ],
)
def test_what_no_longer_holds(text: str, language: str, former: list[str]) -> None:
    found = [value.text for value in find_values(text, language) if value.former]
    assert len(found) == len(former), found
    for value, start in zip(found, former, strict=True):
        assert value.startswith(start)
