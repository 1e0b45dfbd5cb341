"""The shortest script that finds a passage: sentence-transformers and faiss, vectors alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import faiss
from sentence_transformers import SentenceTransformer

from bench.peers.protocol import Passage, run


class Shortest:
    packages = ("sentence-transformers", "faiss-cpu", "transformers", "torch")

    def create(self, folder: str, model: str) -> None:
        self.folder = Path(folder)
        self.model = SentenceTransformer(model)
        self.model.encode_document(["Aufwärmen"])

    def add(self, passages: Sequence[Passage]) -> None:
        vectors = self.model.encode_document([passage.text for passage in passages])
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        self.folder.mkdir(parents=True)
        faiss.write_index(index, str(self.folder / "vectors.faiss"))
        told = json.dumps([[p.id, p.text] for p in passages], ensure_ascii=False)
        (self.folder / "passages.json").write_text(told, "utf-8")

    def open(self, folder: str, model: str) -> None:
        self.model = SentenceTransformer(model)
        self.index = faiss.read_index(f"{folder}/vectors.faiss")
        self.passages = json.loads(Path(folder, "passages.json").read_text("utf-8"))

    def search(self, question: str, count: int) -> list[str]:
        _, rows = self.index.search(self.model.encode_query([question]), count)
        return [self.passages[row][0] for row in rows[0]]


if __name__ == "__main__":
    run(Shortest())
