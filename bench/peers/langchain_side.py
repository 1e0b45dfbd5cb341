"""LangChain: ``EnsembleRetriever`` over FAISS and ``BM25Retriever``, at .5 each.

Its BM25 cannot be stored: it is built from the documents whenever the store is opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings

from bench.peers.protocol import COUNT, Passage, run


def embeddings_of(model: str) -> HuggingFaceEmbeddings:
    return HuggingFaceEmbeddings(
        model_name=model,
        encode_kwargs={"prompt": "passage: "},
        query_encode_kwargs={"prompt": "query: "},
    )


class LangChain:
    packages = ("langchain-classic", "langchain-community", "sentence-transformers", "torch")

    def create(self, folder: str, model: str) -> None:
        self.folder = folder
        self.embeddings = embeddings_of(model)
        self.embeddings.embed_documents(["Aufwärmen"])

    def add(self, passages: Sequence[Passage]) -> None:
        texts, ids = [p.text for p in passages], [p.id for p in passages]
        FAISS.from_texts(texts, self.embeddings, ids=ids).save_local(self.folder)
        told = json.dumps([[p.id, p.text] for p in passages], ensure_ascii=False)
        Path(self.folder, "documents.json").write_text(told, "utf-8")

    def open(self, folder: str, model: str) -> None:
        vectors = FAISS.load_local(
            folder, embeddings_of(model), allow_dangerous_deserialization=True
        )
        told = json.loads(Path(folder, "documents.json").read_text("utf-8"))
        documents = [Document(id=name, page_content=text) for name, text in told]
        self.retriever = EnsembleRetriever(
            retrievers=[
                BM25Retriever.from_documents(documents, k=COUNT),
                vectors.as_retriever(search_kwargs={"k": COUNT}),
            ],
            weights=[0.5, 0.5],
        )

    def search(self, question: str, count: int) -> list[str]:
        return [found.id for found in self.retriever.invoke(question)][:count]


if __name__ == "__main__":
    run(LangChain())
