"""Fundstelle: ``Index.add_articles`` and ``Index.search``, as they come."""

from __future__ import annotations

from collections.abc import Sequence

from bench.peers.protocol import Passage, run
from index import Index, make_article


class Ours:
    packages = ("openvino", "numpy")

    def create(self, folder: str, model: str) -> None:
        self.index = Index.open(folder)
        self.index.embedder.embed_passages(["Aufwärmen"])

    def add(self, passages: Sequence[Passage]) -> None:
        self.index.add_articles(
            [make_article(p.text, source=p.id, language="de") for p in passages]
        )

    def open(self, folder: str, model: str) -> None:
        self.index = Index.open(folder, create=False)

    def search(self, question: str, count: int) -> list[str]:
        # A long paragraph is several passages here.
        hits = self.index.search(question, k=2 * count)
        return list(dict.fromkeys(hit.passage.article.source for hit in hits))[:count]


if __name__ == "__main__":
    run(Ours())
