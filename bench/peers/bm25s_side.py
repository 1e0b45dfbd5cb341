"""bm25s: German stop words and the Snowball stemmer, as its documentation has it for English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bm25s
import Stemmer

from bench.peers.protocol import Passage, run


class Bm25s:
    packages = ("bm25s", "PyStemmer", "numpy")

    def create(self, folder: str, model: str) -> None:
        self.folder = folder
        self.stemmer = Stemmer.Stemmer("german")

    def add(self, passages: Sequence[Passage]) -> None:
        index = bm25s.BM25()
        index.index(self._terms([passage.text for passage in passages]), show_progress=False)
        index.save(self.folder, corpus=[{"id": p.id, "text": p.text} for p in passages])

    def open(self, folder: str, model: str) -> None:
        self.stemmer = Stemmer.Stemmer("german")
        self.index = bm25s.BM25.load(folder, load_corpus=True)

    def search(self, question: str, count: int) -> list[str]:
        found, _ = self.index.retrieve(self._terms([question]), k=count, show_progress=False)
        return [passage["id"] for passage in found[0]]

    def _terms(self, texts: list[str]) -> Any:
        return bm25s.tokenize(texts, stopwords="de", stemmer=self.stemmer, show_progress=False)


if __name__ == "__main__":
    run(Bm25s())
