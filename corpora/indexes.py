"""The evaluation corpus as an index, which all that measure or fit on it share."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from corpora.data import distractors, paragraph_articles, xquad
from corpora.folder import data_file
from index import Index, IndexConfig
from index.storage import segment
from index.text.analysis import analysis_version
from index.text.passages import splitter_version


def open_corpus(
    language: str, file: str = "dev", count: int = 1000, keep: frozenset[str] | None = None
) -> Index:
    """The evaluation corpus as an index; built once and kept in the project's working folder.

    ``keep`` names the articles whose paragraphs it holds, where it does not hold all.
    """
    sources = [data_file(f"xquad-r/{language}.{file}.json"), data_file("gnad/articles.dev.csv")]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    versions = [segment.LAYOUT, analysis_version, splitter_version]
    digest.update(json.dumps([count, sorted(keep) if keep else None, *versions]).encode())
    folder = Path(".fundstelle") / f"eval-{language}-{digest.hexdigest()[:12]}"
    if not (folder / "complete").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        with Index.open(folder, IndexConfig()) as index:
            paragraphs = [p for p in xquad(language, file) if not keep or p.article in keep]
            articles = paragraph_articles(paragraphs, language)
            index.add_articles([*articles, *distractors(index.embedder, count)])
        (folder / "complete").touch()
    return Index.open(folder, create=False)
