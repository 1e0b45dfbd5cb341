"""Dates, authors and titles as people write them."""

from __future__ import annotations

import logging
from datetime import date

import pytest

from index.errors import UsageError
from index.ingest import SYNONYMS, Columns, ReadOptions
from index.ingest.metadata import parse_published, split_authors, split_site, two_letters

JUNE = date(2025, 6, 12)


@pytest.mark.parametrize(
    "value",
    [
        "2025-06-12",
        " 2025-06-12T23:30:00+02:00 ",
        "2025/06/12",
        "2025/6/12",
        "20250612",
        "20250612T101500Z",
        "12.06.2025",
        "12.6.2025",
        "12. Juni 2025",
        "Donnerstag, 12. Juni 2025, 10:15 Uhr",
        "June 12, 2025",
        "Thu, 12 Jun 2025 10:00:00 +0200",
        "12 juin 2025",
        "1749729600",
        "1749729600000",
    ],
)
def test_dates(value: str) -> None:
    assert parse_published(value, "x") == JUNE


def test_the_day_stands_before_the_month() -> None:
    assert parse_published("03/04/2024", "x") == date(2024, 4, 3)


@pytest.mark.parametrize(
    "value",
    ["2025", "Juni 2025", "gestern", "vor 3 Tagen", "foo", "2024-02-31", "31.02.2024", "9" * 400],
)
def test_what_names_no_day_is_none_and_warned(value: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse_published(value, "the source") is None
    assert "the source" in caplog.text


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_date_is_no_warning(value: str | None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse_published(value, "x") is None
    assert not caplog.records


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()),
        ("Von Anna Maier und Bernd Kunz", ("Anna Maier", "Bernd Kunz")),
        ("Anna Maier, Bernd Kunz", ("Anna Maier", "Bernd Kunz")),
        ("Maier, Anna", ("Maier, Anna",)),
        ("Anna Maier; Anna Maier", ("Anna Maier",)),
        ("by Jane Roe and Max von der Heide", ("Jane Roe", "Max von der Heide")),
        ("Bernd von Kunz", ("Bernd von Kunz",)),
        ("ein Satz der gar kein Name ist " * 5, ()),
    ],
)
def test_authors(value: str | None, names: tuple[str, ...]) -> None:
    assert split_authors(value) == names


def test_split_site_needs_the_known_part_whole() -> None:
    assert split_site("Haus - Garten", "Haus") == ("Haus", "Garten")
    assert split_site("Haus - Garten", "Hau") == ("Haus - Garten", None)
    assert split_site("Haus - Garten", "") == ("Haus - Garten", None)


@pytest.mark.parametrize(
    ("name", "code"),
    [("de", "de"), ("DE-at", "de"), ("de_CH", "de"), ("deu", None), ("Deutsch", None), ("", None)],
)
def test_two_letters(name: str, code: str | None) -> None:
    assert two_letters(name) == code


@pytest.mark.parametrize(
    "arguments",
    [
        {"encoding": "utf-9"},
        {"encoding": "zlib"},
        {"encoding": "a\0b"},
        {"language": "deutsch"},
        {"stdin_format": "pdf"},
        {"max_bytes": 0},
    ],
)
def test_options_that_cannot_be(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ReadOptions(**arguments)  # type: ignore[arg-type]


def test_every_column_has_synonyms() -> None:
    assert set(SYNONYMS) == set(Columns.__dataclass_fields__)
