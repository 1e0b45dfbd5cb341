"""Indexes that earlier layouts wrote, kept as data: python -m tests.durability.golden writes one.

It is for a new ``segment.LAYOUT`` alone, or where another analysis or splitter makes an index of
the same layout unreadable. What earlier layouts wrote stays as it is.
"""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from index import Article, make_article
from index.indexing.merge import is_earlier
from index.storage import segment
from index.storage.store import Store
from tests.durability.check import check_content, check_segments, open_index, scratch
from tests.durability.outcome import Outcome
from tests.durability.workload import State

FOLDER = Path(__file__).parents[1] / "golden"
QUESTION = "Wie hoch ist der Turm am Hafen?"

ARTICLES = (
    make_article(
        "Der Turm am Hafen ist 61 Meter hoch. Er wurde 1913 gebaut und trägt ein grünes Licht. "
        "Seit dem Umbau dürfen ihn zwölf Besucher zugleich besteigen.",
        source="golden:turm",
        language="de",
        title="Der Leuchtturm",
        authors=("A. Beispiel",),
        publisher="Hafenblatt",
        published=date(2024, 5, 4),
        fetched=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
    ),
    make_article(
        "Die Fähre fährt jede Stunde. Am Abend wartet sie auf den letzten Zug, auch bei Nebel.",
        source="golden:fähre",
        language="de",
        title="Fahrplan der Fähre",
        published=date(2024, 6, 1),
        fetched=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
    ),
    make_article(
        "The ferry is painted red. It carries forty cars and, in summer, a small café.",
        source="golden:ferry",
        language="en",
        title="The ferry",
        fetched=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
    ),
)
REMOVED = make_article(
    "Dieser Bericht wurde zurückgezogen.",
    source="golden:removed",
    language="de",
    fetched=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def folder_of_this_layout() -> Path:
    return FOLDER / f"index-{segment.LAYOUT}"


def write(folder: Path) -> None:
    """Write the articles in two commits, with one removed, and what a question finds."""
    with open_index(folder) as index:
        index.add_articles([*ARTICLES[:2], REMOVED])
        index.add_articles(ARTICLES[2:])
        index.remove(REMOVED.id)
        found = [(h.passage.article.source, round(h.score, 3)) for h in index.search(QUESTION)]
    (folder / "writer.lock").unlink(missing_ok=True)
    (folder / "answers.json").write_text(json.dumps(found, ensure_ascii=False) + "\n", "utf-8")


def run(golden: Path) -> Outcome:
    """An old index opens, answers as it did, takes more, and is brought up to date by that."""
    outcome = Outcome()
    with scratch() as folder:
        copy = folder / "index"
        shutil.copytree(golden, copy)
        try:
            problem = _use(copy)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    if problem:
        outcome.failed(f"{golden.name}: {problem}")
    else:
        outcome.passed()
    return outcome


def _use(copy: Path) -> str:
    expected = json.loads((copy / "answers.json").read_text("utf-8"))
    state: State = {article.id: article for article in ARTICLES}
    with open_index(copy, read_only=True) as index:
        check_content(index, [state])
        check_segments(index)
        found = [[h.passage.article.source, round(h.score, 3)] for h in index.search(QUESTION)]
    if [source for source, _ in found] != [source for source, _ in expected]:
        return f"finds {found} where it found {expected}"
    if any(abs(a[1] - b[1]) > 0.01 for a, b in zip(found, expected, strict=True)):
        return f"scores {found} where it scored {expected}"
    more: Article = REMOVED
    with open_index(copy) as index:
        index.add_articles([more])
        check_content(index, [{**state, more.id: more}])
        check_segments(index)
    with closing(Store(copy / "articles.db", read_only=True)) as store:
        if store.settings()["segments"] != segment.LAYOUT or any(
            map(is_earlier, store.segments.all())
        ):
            return "was not brought up to date"
    return ""


if __name__ == "__main__":
    shutil.rmtree(folder_of_this_layout(), ignore_errors=True)
    write(folder_of_this_layout())
    print(f"{folder_of_this_layout()} written")
