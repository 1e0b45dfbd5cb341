"""A BERT encoder as a graph for OpenVINO, drawn from its weights alone: no torch and no exporter.

The graph begins with the sums of the tokens' embeddings, which are looked up outside of it: of a
table of 384 MB a text needs a few rows. Texts are filled up to one length, and what fills them is
masked: each length that a graph meets for the first time costs it a tenth of a second.

Its matrices stay in memory as whole numbers of a byte, with a scale for every 32 of a row: a fourth
of float32's room (blockwise quantisation of weights alone, Dettmers and Zettlemoyer 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.encoder.runtime import openvino

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 3
"""Of the graph; one that was drawn otherwise takes other inputs."""

FILE, WEIGHTS = "encoder.xml", "model.safetensors"
"""A graph, and beside it the weights that it was drawn from."""

LINEARS: Mapping[str, str] = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
"""A layer's six linear maps: their short names, and those in ``BertModel``."""

GROUP = 32
"""Neighbours in a row of a matrix that share a scale."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """``numbers`` (out, groups, 32) int8 times ``scales`` (out, groups, 1) float16."""

    numbers: NDArray[np.int8]
    scales: NDArray[np.float16]

    @property
    def weights(self) -> NDArray[np.float32]:
        """What it stands for, (out, in)."""
        found: NDArray[np.float32] = self.numbers * self.scales.astype("float32")
        return found.reshape(len(self.numbers), -1)


def rounded(weights: NDArray[np.float32]) -> Matrix:
    """The matrix (out, in) nearest to ``weights``; ``in`` is a multiple of 32."""
    import numpy as np

    groups = weights.reshape(len(weights), -1, GROUP)
    # Scales that float16 would round to 0 belong to groups of nothing.
    least = np.finfo(np.float16).tiny
    scales = np.maximum(np.abs(groups).max(2, keepdims=True) / 127, least).astype(np.float16)
    numbers = np.rint(groups / scales.astype(np.float32)).clip(-127, 127)
    return Matrix(numbers.astype(np.int8), scales)


def bert_graph(
    tensors: Mapping[str, NDArray[Any]],
    heads: int,
    epsilon: float,
    matrices: Mapping[str, Matrix] | None = None,
) -> Any:
    """The ``openvino.Model`` of a ``BertModel`` with these tensors, named as it does.

    (texts, tokens, hidden) float32 go in and come out: sums of embeddings, and the last states. The
    second input is (texts, 1, 1, tokens): 0, or a number far below it where nothing stands.
    ``matrices`` are those of its linear maps, where the tensors were made of such; else the nearest
    are taken.
    """
    return _Drawing(tensors, heads, epsilon, matrices or {}).model()


def store(model: Any, path: Path) -> None:
    """Write a graph to ``path``, an .xml file, and its numbers to the .bin file beside it."""
    openvino().save_model(model, path, compress_to_fp16=True)


class _Drawing:
    def __init__(
        self,
        tensors: Mapping[str, NDArray[Any]],
        heads: int,
        epsilon: float,
        matrices: Mapping[str, Matrix],
    ) -> None:
        import numpy as np

        self._tensors, self._matrices, self._epsilon, self._np = tensors, matrices, epsilon, np
        self._op = openvino().opset13
        self._hidden = len(tensors["embeddings.LayerNorm.weight"])
        self._parts = self._numbers([0, 0, heads, self._hidden // heads])
        self._whole = self._numbers([0, 0, self._hidden])
        self._turn = self._numbers([0, 2, 1, 3])
        self._last = self._numbers([-1])

    def model(self) -> Any:
        given = self._op.parameter([-1, -1, self._hidden], self._np.float32, name="embeddings")
        seen = self._op.parameter([-1, 1, 1, -1], self._np.float32, name="seen")
        states = self._normalised(given, "embeddings.LayerNorm")
        layer = 0
        while f"encoder.layer.{layer}.output.dense.weight" in self._tensors:
            states = self._layer(states, seen, f"encoder.layer.{layer}.")
            layer += 1
        return openvino().Model([self._op.result(states)], [given, seen], "encoder")

    def _layer(self, states: Any, seen: Any, name: str) -> Any:
        op = self._op
        query, key, value = (
            op.transpose(
                op.reshape(self._linear(states, f"{name}attention.self.{part}"), self._parts, True),
                self._turn,
            )
            for part in ("query", "key", "value")
        )
        found = op.scaled_dot_product_attention(query, key, value, seen)
        found = op.reshape(op.transpose(found, self._turn), self._whole, True)
        found = self._linear(found, f"{name}attention.output.dense")
        states = self._normalised(op.add(found, states), f"{name}attention.output.LayerNorm")
        wide = op.gelu(self._linear(states, f"{name}intermediate.dense"), "erf")
        last = op.add(self._linear(wide, f"{name}output.dense"), states)
        return self._normalised(last, f"{name}output.LayerNorm")

    def _linear(self, states: Any, name: str) -> Any:
        op, np = self._op, self._np
        weight = f"{name}.weight"
        matrix = self._matrices.get(weight) or rounded(self._tensors[weight])
        # Unpacked in the product itself as long as it is drawn in just these steps.
        numbers = op.convert(op.constant(matrix.numbers), np.float16)
        groups = op.multiply(numbers, op.constant(matrix.scales))
        rows = op.reshape(groups, self._numbers([len(matrix.numbers), -1]), False)
        product = op.matmul(states, op.convert(rows, np.float32), False, True)
        return op.add(product, self._constant(f"{name}.bias"))

    def _normalised(self, states: Any, name: str) -> Any:
        op = self._op
        even = op.mvn(states, self._last, True, self._epsilon, "inside_sqrt")
        weighed = op.multiply(even, self._constant(f"{name}.weight"))
        return op.add(weighed, self._constant(f"{name}.bias"))

    def _constant(self, name: str) -> Any:
        return self._op.constant(self._tensors[name].astype(self._np.float32))

    def _numbers(self, numbers: list[int]) -> Any:
        return self._op.constant(self._np.array(numbers, self._np.int64))
