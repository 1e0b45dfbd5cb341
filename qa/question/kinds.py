"""What kind of answer a question asks for, learned: a linear model on the question's vector.

The vector is the encoder's of the question, which searching needs anyhow; it is the same for one
question in a hundred languages. ``training/fit_kinds.py`` fits the model on questions whose answers
are known, and writes ``kinds.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from qa.answer_types import Kind

Chances = Mapping[Kind, float]
"""The probability of each kind of answer."""

UNTOLD: Chances = {kind: 1.0 / len(Kind) for kind in Kind}
"""Each kind as likely as another."""


@dataclass(frozen=True, slots=True)
class KindModel:
    """Two softmax layers: of what kind a value is, or that it is a text; and of what kind a text.

    Weights are (kinds, d + 1), the last column being the intercept.
    """

    encoder: str
    values: tuple[Kind | None, ...]
    texts: tuple[Kind, ...]
    value_weights: NDArray[np.float64]
    text_weights: NDArray[np.float64]

    def chances(self, vector: NDArray[np.float32]) -> Chances:
        """What a question with this vector (d,), of length 1, asks for."""
        given = np.append(vector.astype(np.float64), 1.0)
        first = dict(zip(self.values, _softmax(self.value_weights @ given), strict=True))
        text = first.pop(None)
        second = zip(self.texts, _softmax(self.text_weights @ given), strict=True)
        values = {kind: float(chance) for kind, chance in first.items() if kind is not None}
        return values | {kind: float(text * chance) for kind, chance in second}


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    risen = np.exp(logits - logits.max())
    shares: NDArray[np.float64] = risen / risen.sum()
    return shares


def chances(vector: NDArray[np.float32], encoder: str) -> Chances:
    """What a question with that vector asks for.

    ``encoder`` is the fingerprint of the model that made it; of another one than the model was
    fitted on nothing can be told.
    """
    model = load_kinds()
    return model.chances(vector) if encoder == model.encoder else UNTOLD


@cache
def load_kinds() -> KindModel:
    """The fitted model, from ``kinds.json``."""
    stored = json.loads(files("qa.question").joinpath("kinds.json").read_text("utf-8"))
    values = {Kind(name) if name != "text" else None: row for name, row in stored["values"].items()}
    texts = {Kind(name): row for name, row in stored["texts"].items()}
    return KindModel(
        stored["encoder"],
        tuple(values),
        tuple(texts),
        np.array(list(values.values())),
        np.array(list(texts.values())),
    )
