"""A reranker that the user names: a cross-encoder, which reads question and passage together.

None ships with the project. Any of the sentence-transformers zoo can be named, by its folder or by
its name on the hub; safetensors only, none of its code, on the CPU.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from index import Hit, LegScore, ModelError
from index.encoder import accelerator
from index.encoder.models import resolve
from index.encoder.offline import go_offline, quiet
from index.translation import text

RERANKED = 20
"""The best passages, which are read: one batch, and deep enough to hold the right one."""

MAX_TOKENS = 512
"""Of question and passage; passages have about 200."""


class Reranker:
    """The cross-encoder in ``folder``. Raises ModelError for a folder that holds none."""

    def __init__(self, folder: Path) -> None:
        _check_head(folder)
        go_offline()
        quiet()
        from sentence_transformers import CrossEncoder

        try:
            self._model: Any = CrossEncoder(
                str(folder),
                device=accelerator.device(),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            limit = int(self._model.max_seq_length or MAX_TOKENS)
            self._model.max_seq_length = min(limit, MAX_TOKENS, _positions(self._model))
            outputs = int(self._model.num_labels)
        except Exception as error:  # Foreign code raises whatever it likes on a broken folder.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(
                text(
                    "{folder}: cannot be loaded as a reranker: {reason} Name a cross-encoder with "
                    "safetensors, or leave --reranker out.",
                    folder=folder,
                    reason=reason,
                )
            ) from error
        if outputs != 1:
            raise ModelError(
                text(
                    "{folder}: the model gives {outputs} numbers for a pair, and a reranker gives "
                    "one. Name a cross-encoder that was trained to rank passages.",
                    folder=folder,
                    outputs=outputs,
                )
            )
        self._folder = folder

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, by one batch; higher is better."""
        import numpy as np

        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        scores = self._model.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        if not np.isfinite(scores).all():
            raise ModelError(
                text(
                    "{folder}: the reranker's scores are no numbers. Its weights are damaged: "
                    "fetch the model again, or leave --reranker out.",
                    folder=self._folder,
                )
            )
        return [float(score) for score in scores]


@cache
def load_reranker(name: str) -> Reranker:
    """The reranker in a folder, or by its name on the hub. Raises ModelError."""
    return Reranker(resolve(name).path)


def rerank(question: str, hits: Sequence[Hit], reranker: Reranker) -> list[Hit]:
    """The best ``RERANKED`` hits in the order of the reranker's scores, then the others.

    A hit keeps what both legs say of it and gains what the reranker says. ``score`` belongs to the
    place: the first has the highest as before, since what judges the sentences was fitted on such.
    """
    best, others = hits[:RERANKED], hits[RERANKED:]
    scores = reranker.scores(question, [_text(hit) for hit in best])
    order = sorted(range(len(best)), key=lambda i: -scores[i])
    moved = [
        replace(
            best[i],
            rank=rank,
            score=place.score,
            reranker=LegScore(rank, scores[i]),
        )
        for rank, (i, place) in enumerate(zip(order, best, strict=True), start=1)
    ]
    return [*moved, *others]


def _text(hit: Hit) -> str:
    title, text = hit.passage.article.title, hit.passage.text
    return text if not title or text.startswith(title) else f"{title}\n{text}"


def _check_head(folder: Path) -> None:
    """Refuse a bare encoder: the head would be made of random numbers, and order at random."""
    if (folder / "modules.json").is_file():
        modules = (folder / "modules.json").read_text("utf-8")
        ranks = "cross_encoder" in modules
    else:
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            built = config.get("architectures") or []
        except (OSError, ValueError, AttributeError) as error:
            raise ModelError(
                text(
                    "{folder} cannot be read: {error}. Name the folder of a cross-encoder, or "
                    "leave --reranker out.",
                    folder=folder / "config.json",
                    error=error,
                )
            ) from error
        ranks = any(str(name).endswith("ForSequenceClassification") for name in built)
    if not ranks:
        raise ModelError(
            text(
                "{folder}: the model has no head that scores pairs, so it would order at "
                "random. Name one that was trained as a cross-encoder.",
                folder=folder,
            )
        )


def _positions(model: Any) -> int:
    """How many tokens the model has positions for."""
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    return int(getattr(config, "max_position_embeddings", None) or MAX_TOKENS)
