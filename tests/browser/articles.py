"""Articles made for the tests of the page: what the examples do not have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from index import Article, make_article

HEIGHT = "Wie hoch ist der Glockenturm von Niederwalden?"
"""A question that the chronicle answers twice, at its beginning and at its end."""

COIN = "Wo fand Jakob Ehrlinger die Münze?"
"""A question that the article without a title answers."""

FIRST_SENTENCE = "Der Landwirt Jakob Ehrlinger fand am Dienstag im Moor bei Tessin eine Münze."


def chronicle() -> Article:
    """A long article in Markdown; what answers ``HEIGHT`` is far from what answers it again."""
    filler = "\n\n".join(
        f"Im {number}. Jahr nach der Weihe berichten die Bücher von Ernte, Wetter und Markt. "
        "Die Gemeinde hielt fest, wer Holz lieferte und wer die Wege besserte."
        for number in range(2, 42)
    )
    text = (
        "# Die Chronik von Niederwalden\n\n"
        "## Der erste Bau\n\n"
        "Im Jahr 1890 war der Glockenturm von Niederwalden **41 Meter** hoch.\n\n"
        "- Die Glocken kamen aus Apolda.\n"
        "- Das Holz kam *aus dem Ort*.\n\n"
        "1. Zuerst stand das Fundament.\n"
        "2. Dann kamen die Mauern.\n\n"
        "> Ein Turm für alle, schrieb der Pfarrer.\n\n"
        f"## Die Jahre danach\n\n{filler}\n\n"
        "## Heute\n\n"
        "Seit dem Umbau im Jahr 2019 ist der Glockenturm von Niederwalden 47 Meter hoch.\n"
    )
    return make_article(
        text,
        source="https://example.org/niederwalden/chronik",
        language="de",
        title="Die Chronik von Niederwalden",
        authors=("Almut Reger", "Jan Ohlsen"),
        publisher="Niederwaldener Bote",
        published=date(2021, 3, 14),
    )


def untitled() -> Article:
    """An article without a title, from a file of this machine."""
    text = (
        f"{FIRST_SENTENCE} Sie lag unter einer Wurzel. Das Museum in Wismar will sie im Herbst "
        "zeigen, sagte eine Sprecherin.\n"
    )
    source = "file:///home/archiv/geheim/eingang/notiz-7.txt"
    return make_article(text, source=source, language="de")


def made_up(count: int) -> Iterator[Article]:
    """Short articles that differ in all that a listing can be ordered by."""
    for number in range(1, count + 1):
        yield make_article(
            f"Sturmflut Nummer {number} traf die Küste bei Kilometer {number * 3}.",
            source=f"https://example.net/flut/{number}",
            language="de",
            title=f"Sturmflut {number:03}",
            publisher=f"Küstenarchiv {number % 7}",
            published=date(2015, 1, 1) + timedelta(days=number),
        )


def long_texts(count: int, name: str) -> Iterator[tuple[str, str]]:
    """Names and texts of files that take some time to be added."""
    for number in range(1, count + 1):
        sentences = " ".join(
            f"Am {day}. Tag der {name}-Messung {number} stand der Pegel bei {day * number} Zentimeter."
            for day in range(1, 15)
        )
        yield f"{name}-{number:03}.txt", f"{name}-Messung {number}\n\n{sentences}\n"
