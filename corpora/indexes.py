"""The evaluation corpus as an index, which all that measure or fit on it share."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from corpora.data import distractors, paragraph_articles, xquad
from corpora.folder import data_file
from index import Article, Index, IndexConfig
from index.storage import segment
from index.text.versions import analysis_version, splitter_version


def open_corpus(
    language: str, file: str = "dev", count: int = 1000, keep: frozenset[str] | None = None
) -> Index:
    """The evaluation corpus as an index; built once and kept in the project's working folder.

    ``keep`` names the articles whose paragraphs it holds, where it does not hold all.
    """
    sources = [data_file(f"xquad-r/{language}.{file}.json"), data_file("gnad/articles.dev.csv")]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    digest.update(json.dumps([count, sorted(keep) if keep else None]).encode())

    def articles(index: Index) -> list[Article]:
        paragraphs = [p for p in xquad(language, file) if not keep or p.article in keep]
        return [
            *paragraph_articles(paragraphs, language),
            *distractors(index.embedder, count),
        ]

    return _kept(f"eval-{language}", digest.hexdigest(), articles)


def kept_index(name: str, articles: Sequence[Article]) -> Index:
    """The articles as an index; built once and kept in the project's working folder."""
    told = [(a.id, a.sha256, a.title, a.language) for a in articles]
    digest = hashlib.sha256(json.dumps(told).encode())
    return _kept(name, digest.hexdigest(), lambda index: list(articles))


def _kept(name: str, content: str, articles: Callable[[Index], list[Article]]) -> Index:
    versions = [segment.LAYOUT, analysis_version, splitter_version]
    digest = hashlib.sha256(json.dumps([content, *versions]).encode()).hexdigest()
    folder = Path(".fundstelle") / f"{name}-{digest[:12]}"
    if not (folder / "complete").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        with Index.open(folder, IndexConfig()) as index:
            index.add_articles(articles(index))
        (folder / "complete").touch()
    return Index.open(folder, create=False)
