"""Haystack: the hybrid pipeline of its tutorial over the store in memory, kept as its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from bench.peers.protocol import Passage, run


class Haystack:
    packages = ("haystack-ai", "sentence-transformers", "transformers", "torch")

    def create(self, folder: str, model: str) -> None:
        self.folder = folder
        self.embedder = SentenceTransformersDocumentEmbedder(
            model=model, prefix="passage: ", progress_bar=False
        )
        self.embedder.warm_up()
        self.embedder.run([Document(content="Aufwärmen")])

    def add(self, passages: Sequence[Passage]) -> None:
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        documents = [Document(id=passage.id, content=passage.text) for passage in passages]
        store.write_documents(self.embedder.run(documents)["documents"])
        Path(self.folder).mkdir(parents=True)
        store.save_to_disk(f"{self.folder}/store.json")

    def open(self, folder: str, model: str) -> None:
        store = InMemoryDocumentStore.load_from_disk(f"{folder}/store.json")
        self.pipeline = Pipeline()
        self.pipeline.add_component(
            "embedder",
            SentenceTransformersTextEmbedder(model=model, prefix="query: ", progress_bar=False),
        )
        self.pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store))
        self.pipeline.add_component("bm25", InMemoryBM25Retriever(store))
        self.pipeline.add_component("joiner", DocumentJoiner("reciprocal_rank_fusion"))
        self.pipeline.connect("embedder.embedding", "vectors.query_embedding")
        self.pipeline.connect("vectors", "joiner")
        self.pipeline.connect("bm25", "joiner")

    def search(self, question: str, count: int) -> list[str]:
        inputs = {
            "embedder": {"text": question},
            "vectors": {"top_k": count},
            "bm25": {"query": question, "top_k": count},
            "joiner": {"top_k": count},
        }
        return [found.id for found in self.pipeline.run(inputs)["joiner"]["documents"]]


if __name__ == "__main__":
    run(Haystack())
