"""What a collection holds over time, and how its evaluations went."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.evaluation.runs import Run, kept_runs
from qa.show.languages import language_name

if TYPE_CHECKING:
    from index import Index


@dataclass(frozen=True, slots=True)
class MonthCount:
    """So many articles were published in a ``month`` such as "2024-05"."""

    month: str
    articles: int


@dataclass(frozen=True, slots=True)
class PublisherCount:
    """So many articles are a publisher's."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """So many articles are in a language, with its name in the language spoken."""

    code: str
    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Insight:
    """A collection counted: by month, in their order; by publisher and language, the most first.

    ``undated`` and ``without_publisher`` say how many articles are in none of these.
    """

    months: tuple[MonthCount, ...]
    undated: int
    publishers: tuple[PublisherCount, ...]
    without_publisher: int
    languages: tuple[LanguageCount, ...]
    evaluations: tuple[Run, ...]


def insight(index: Index, evaluations: Path | None = None) -> Insight:
    """The articles of ``index`` counted, and its evaluations or those kept in another folder.

    Raises IndexFolderError where they cannot be read.
    """
    articles = index.articles()
    months = Counter(a.published.isoformat()[:7] for a in articles if a.published)
    publishers = Counter(a.publisher for a in articles if a.publisher)
    languages = Counter(a.language for a in articles)
    return Insight(
        months=tuple(MonthCount(month, count) for month, count in sorted(months.items())),
        undated=len(articles) - months.total(),
        publishers=tuple(PublisherCount(name, count) for name, count in _most_first(publishers)),
        without_publisher=len(articles) - publishers.total(),
        languages=tuple(
            LanguageCount(code, language_name(code), count)
            for code, count in _most_first(languages)
        ),
        evaluations=kept_runs(evaluations or index.path),
    )


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
