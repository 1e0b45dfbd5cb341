"""rank_bm25: words in small letters. It stores nothing itself, so its object is pickled."""

from __future__ import annotations

import pickle
import re
from collections.abc import Sequence
from pathlib import Path

from rank_bm25 import BM25Okapi

from bench.peers.protocol import Passage, run


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class RankBm25:
    packages = ("rank-bm25", "numpy")

    def create(self, folder: str, model: str) -> None:
        self.folder = Path(folder)

    def add(self, passages: Sequence[Passage]) -> None:
        index = BM25Okapi([words(passage.text) for passage in passages])
        kept = (index, [(passage.id, passage.text) for passage in passages])
        self.folder.mkdir(parents=True)
        (self.folder / "index.pickle").write_bytes(pickle.dumps(kept))

    def open(self, folder: str, model: str) -> None:
        self.index, self.passages = pickle.loads(Path(folder, "index.pickle").read_bytes())

    def search(self, question: str, count: int) -> list[str]:
        return [found[0] for found in self.index.get_top_n(words(question), self.passages, count)]


if __name__ == "__main__":
    run(RankBm25())
