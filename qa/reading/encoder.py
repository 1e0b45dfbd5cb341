"""The reader of our own: the default encoder with a low-rank change of its weights and a span head.

The head gives two numbers for each token, how well an answer starts and ends there; the first
token stands for "no answer here". The change is added to the weights once; what comes of it is kept
in the user's cache as a graph that is loaded in a tenth of a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import ModelError
from index.cache import cache_folder, made_once
from index.encoder.compiled import CompiledEncoder
from index.encoder.graph import FILE as GRAPH
from index.encoder.graph import LINEARS, VERSION, WEIGHTS, bert_graph, store
from index.encoder.models import ModelFolder
from index.encoder.pieces import Pieces
from index.encoder.processor import preferred_dtype
from index.encoder.tensors import described, mapped
from index.translation import text
from qa.reading.spans import MAX_QUESTION, Reading, Window, reading_of, window_starts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_WEIGHTS = Path(__file__).parent / "reader.safetensors"
FORMAT = "fundstelle-reader-1"

MAX_TOKENS = 288


class EncoderReader:
    """The reader of our own: the encoder in ``model_folder``, changed by the file ``weights``."""

    def __init__(self, model_folder: ModelFolder, weights: Path) -> None:
        adapter = _Adapter.read(weights)
        if adapter.encoder != model_folder.fingerprint:
            raise ModelError(
                text(
                    "{weights} was trained on other encoder weights than those in {path}. Use the "
                    "default model with it, or --no-reader.",
                    weights=weights,
                    path=model_folder.path,
                )
            )
        self._head = adapter.head
        self.encoder = CompiledEncoder(
            _graph(model_folder, adapter), model_folder.path / WEIGHTS, preferred_dtype()
        )
        self._pieces = Pieces(model_folder.path)
        self._begin, self._end = (self._pieces.special[name] for name in ("<s>", "</s>"))

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        asked = self._pieces.encode(question).ids[:MAX_QUESTION]
        room = MAX_TOKENS - len(asked) - 4
        encoded = [self._pieces.encode(passage) for passage in passages]
        pieces = [
            (number, first, min(first + room, len(tokens.ids)))
            for number, tokens in enumerate(encoded)
            for first in window_starts(len(tokens.ids), room)
        ]
        inputs = [
            [self._begin, *asked, self._end, self._end, *encoded[n].ids[first:last], self._end]
            for n, first, last in pieces
        ]
        windows: list[list[Window]] = [[] for _ in passages]
        weight, bias = self._head
        states = self.encoder.states(inputs)
        for (number, first, last), of_tokens in zip(pieces, states, strict=True):
            logits = of_tokens @ weight.T + bias
            context = slice(len(asked) + 3, len(asked) + 3 + last - first)
            windows[number].append(
                Window.of(
                    passages[number],
                    encoded[number].offsets[first:last],
                    logits[context],
                    float(logits[0].sum()),
                )
            )
        return [reading_of(found) for found in windows]


# --- the reader's file -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Adapter:
    """The file's content: factors ``layer.{i}.{short}.a`` (rank, in) and ``….b`` (out, rank)."""

    sha256: str
    encoder: str
    scale: float
    tensors: Mapping[str, NDArray[np.float16]]

    @classmethod
    def read(cls, weights: Path) -> _Adapter:
        """Read and check a reader's file; its SHA-256 stands in the JSON file beside it."""
        try:
            expected = json.loads(weights.with_suffix(".json").read_text("utf-8"))["sha256"]
            with weights.open("rb") as stream:
                actual = hashlib.file_digest(stream, "sha256").hexdigest()
        except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
            raise ModelError(
                text(
                    "The reader {weights} or its .json file is missing or unreadable ({error}). "
                    "Reinstall the package, or use --no-reader.",
                    weights=weights,
                    error=error,
                )
            ) from error
        if actual != expected:
            raise ModelError(
                text(
                    "{weights} is damaged: its SHA-256 is {actual}… and should be {expected}…. "
                    "Reinstall the package, or use --no-reader.",
                    weights=weights,
                    actual=actual[:12],
                    expected=str(expected)[:12],
                )
            )
        metadata = described(weights)
        if metadata.get("format") != FORMAT:
            raise ModelError(
                text(
                    "{weights} is not a reader of the form {format}. Reinstall the package.",
                    weights=weights,
                    format=FORMAT,
                )
            )
        return cls(actual, metadata["encoder"], float(metadata["scale"]), mapped(weights))

    @property
    def head(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The span head's weight (2, hidden) and its bias (2,)."""
        weight, bias = (
            self.tensors[f"head.{part}"].astype("float32") for part in ("weight", "bias")
        )
        return weight, bias

    def merged(self, base: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The encoder's tensors with scale * b @ a added to its linear maps, in float32."""
        return {**base, **dict(self._changed(base))}

    def _changed(self, base: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
        for name, a in self.tensors.items():
            if name.endswith(".a"):
                _, layer, short, _ = name.split(".")
                linear = f"encoder.layer.{layer}.{LINEARS[short]}.weight"
                b = self.tensors[name.removesuffix("a") + "b"]
                change = b.astype("float32") @ a.astype("float32")
                yield linear, base[linear] + self.scale * change


def _graph(folder: ModelFolder, adapter: _Adapter) -> Path:
    """The graph of the changed encoder, drawn where it is not there yet."""

    def draw(into: Path) -> None:
        settings = json.loads((folder.path / "config.json").read_text("utf-8"))
        tensors = adapter.merged(mapped(folder.path / WEIGHTS))
        heads, epsilon = settings["num_attention_heads"], settings["layer_norm_eps"]
        store(bert_graph(tensors, heads, epsilon), into / GRAPH)

    name = f"{adapter.sha256[:16]}-{folder.fingerprint[:16]}-v{VERSION}"
    place = cache_folder() / "readers" / name
    try:
        return made_once(place, draw) / GRAPH
    except OSError as error:
        raise ModelError(
            text(
                "The reader could not be written to {parent}: {reason}. It needs 25 MB there; "
                "FUNDSTELLE_CACHE=FOLDER names another place.",
                parent=place.parent,
                reason=error.strerror,
            )
        ) from error
