"""txtai: a hybrid index with content, its default weights."""

from __future__ import annotations

from collections.abc import Sequence

from txtai import Embeddings

from bench.peers.protocol import Passage, run


class Txtai:
    packages = ("txtai", "faiss-cpu", "transformers", "torch")

    def create(self, folder: str, model: str) -> None:
        self.folder = folder
        self.embeddings = Embeddings(
            path=model,
            hybrid=True,
            content=True,
            instructions={"query": "query: ", "data": "passage: "},
        )
        self.embeddings.batchtransform(["Aufwärmen"], "data")

    def add(self, passages: Sequence[Passage]) -> None:
        self.embeddings.index((passage.id, passage.text, None) for passage in passages)
        self.embeddings.save(self.folder)

    def open(self, folder: str, model: str) -> None:
        self.embeddings = Embeddings()
        self.embeddings.load(folder)

    def search(self, question: str, count: int) -> list[str]:
        return [found["id"] for found in self.embeddings.search(question, count)]


if __name__ == "__main__":
    run(Txtai())
