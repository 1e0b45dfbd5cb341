"""Check clusters of invented news: that every view and every tempting value stands where it says.

python -m training.check_clusters FILE...     # prints what is wrong, or the figures
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from training.check_data import DataError


def check(paths: Sequence[Path]) -> Counter[str]:
    """How many clusters, articles and questions there are; DataError names all that is wrong."""
    wrong: list[str] = []
    figures: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                cluster = json.loads(line)
                wrong += [f"{where}: {fault}" for fault in _faults(cluster)]
            except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                wrong.append(f"{where}: cannot be read: {type(error).__name__} {error}")
                continue
            ids[cluster["id"]] += 1
            figures.update(_figures(cluster))
    wrong += [f"the id {name!r} is there {times} times" for name, times in ids.items() if times > 1]
    if wrong:
        raise DataError("\n".join(wrong))
    return figures


def _figures(cluster: Mapping[str, Any]) -> Iterator[str]:
    yield "clusters"
    yield from ("articles" for _ in cluster["articles"])
    for asked in cluster["questions"]:
        yield "questions"
        values = len({view["value"] for view in asked["views"]})
        yield ("unanswerable", "with one view")[values] if values < 2 else "with several views"


def _faults(cluster: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one cluster."""
    texts = {article["id"]: article["text"] for article in cluster["articles"]}
    if len(texts) != len(cluster["articles"]):
        yield "two articles have one id"
    for article in cluster["articles"]:
        date.fromisoformat(article["published"])
        if not article["title"].strip() or not article["publisher"].strip():
            yield f"{article['id']}: no title or no publisher"
    for question, times in Counter(asked["question"] for asked in cluster["questions"]).items():
        if times > 1:
            yield f"{question!r} is asked {times} times"
    for asked in cluster["questions"]:
        yield from (f"{asked['question']!r}: {fault}" for fault in _faults_of(asked, texts))


def _faults_of(asked: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one question of articles with these texts."""
    for view in [*asked["views"], *asked.get("also", ())]:
        if fault := _fault_of_view(view, texts):
            yield fault
    tempting = asked.get("tempting")
    if bool(asked["views"]) == bool(tempting):
        yield "needs either views or a tempting value"
    elif tempting and not any(tempting in text for text in texts.values()):
        yield f"{tempting!r} stands in no article"


def _fault_of_view(view: Mapping[str, str], texts: Mapping[str, str]) -> str | None:
    text = texts.get(view["article"])
    if text is None:
        return f"there is no article {view['article']!r}"
    if text.count(view["quote"]) != 1:
        return f"{view['quote']!r} stands {text.count(view['quote'])} times in {view['article']}"
    if view["quote"].count(view["value"]) != 1:
        return f"{view['value']!r} stands {view['quote'].count(view['value'])} times in its quote"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    try:
        found = check(parser.parse_args(arguments).files)
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(", ".join(f"{number} {name}" for name, number in sorted(found.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
