"""The reader of our own: the default encoder with a low-rank change of its weights and a span head.

The head gives two numbers for each token, how well an answer starts and ends there; the first
token stands for "no answer here".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

from index import ModelError
from index.encoder.embedder import preferred_dtype
from index.encoder.models import ModelFolder
from index.encoder.offline import go_offline, quiet
from index.translation import text
from qa.reading.spans import MAX_QUESTION, Reading, Window, reading_of, window_starts

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

DEFAULT_WEIGHTS = Path(__file__).parent / "reader.safetensors"
FORMAT = "fundstelle-reader-1"

LINEARS: Mapping[str, str] = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
"""A layer's six linear maps: their short names in the reader's file, and those in ``BertModel``."""

MAX_TOKENS = 288


class EncoderReader:
    """The reader of our own: the encoder in ``model_folder``, changed by the file ``weights``."""

    def __init__(
        self, model_folder: ModelFolder, weights: Path, *, tokenizer: Tokenizer | None = None
    ) -> None:
        go_offline()
        quiet()
        import torch
        from tokenizers import Tokenizer as Tokenizers
        from transformers import BertModel

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
        bert: Any = BertModel.from_pretrained(
            model_folder.path,
            dtype=getattr(torch, preferred_dtype()),
            add_pooling_layer=False,
            local_files_only=True,
            use_safetensors=True,
        )
        adapter.merge_into(bert, model_folder.path / "model.safetensors")
        self._bert = bert.eval()
        self._head = adapter.tensors["head.weight"].float(), adapter.tensors["head.bias"].float()
        self._tokenizer = tokenizer or Tokenizers.from_file(
            str(model_folder.path / "tokenizer.json")
        )
        self._begin, self._end = (_token_id(self._tokenizer, name) for name in ("<s>", "</s>"))
        self._workers = _workers()

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:MAX_QUESTION]
        room = MAX_TOKENS - len(asked) - 4
        encoded = self._tokenizer.encode_batch(list(passages), add_special_tokens=False)
        pieces = [
            (number, first, min(first + room, len(encoding.ids)))
            for number, encoding in enumerate(encoded)
            for first in window_starts(len(encoding.ids), room)
        ]
        inputs = [
            [self._begin, *asked, self._end, self._end, *encoded[n].ids[first:last], self._end]
            for n, first, last in pieces
        ]
        windows: list[list[Window]] = [[] for _ in passages]
        for (number, first, last), logits in zip(pieces, self._logits(inputs), strict=True):
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

    def _logits(self, inputs: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """Start and end logits of each input, (tokens, 2) float32.

        Each input goes whole to a single-threaded worker, one worker per core: no product is spent
        on padding, and where the cores are shared no thread waits for another.
        """
        # The longest first, so that the workers end at about the same time.
        order = sorted(range(len(inputs)), key=lambda i: -len(inputs[i]))
        read = self._workers.map(self._read_one, [inputs[i] for i in order])
        found = dict(zip(order, read, strict=True))
        return [found[i] for i in range(len(inputs))]

    def _read_one(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        import torch
        from torch.nn import functional

        with torch.inference_mode():
            states = self._bert(input_ids=torch.tensor([tokens])).last_hidden_state[0]
            logits: NDArray[np.float32] = functional.linear(states.float(), *self._head).numpy()
        return logits


# --- the reader's file -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Adapter:
    """The file's content: factors ``layer.{i}.{short}.a`` (rank, in) and ``….b`` (out, rank)."""

    encoder: str
    scale: float
    tensors: dict[str, torch.Tensor]

    @classmethod
    def read(cls, weights: Path) -> _Adapter:
        """Read and check a reader's file; its SHA-256 stands in the JSON file beside it."""
        from safetensors import SafetensorError, safe_open

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
        try:
            with safe_open(weights, "pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise ModelError(
                text("{weights} is not a safetensors file: {error}.", weights=weights, error=error)
            ) from error
        if metadata.get("format") != FORMAT:
            raise ModelError(
                text(
                    "{weights} is not a reader of the form {format}. Reinstall the package.",
                    weights=weights,
                    format=FORMAT,
                )
            )
        return cls(metadata["encoder"], float(metadata["scale"]), tensors)

    def merge_into(self, bert: Any, base: Path) -> None:
        """Add scale * b @ a to the linear maps of ``bert``, from the float32 weights in ``base``.

        Adding in float32 and rounding once keeps changes that are smaller than a step of bfloat16.
        """
        import torch
        from safetensors import safe_open

        parameters = dict(bert.named_parameters())
        with safe_open(base, "pt") as file, torch.no_grad():
            for name, a in self.tensors.items():
                if not name.endswith(".a"):
                    continue
                _, layer, short, _ = name.split(".")
                linear = f"encoder.layer.{layer}.{LINEARS[short]}.weight"
                b = self.tensors[name.removesuffix("a") + "b"]
                change = torch.addmm(
                    file.get_tensor(linear).float(), b.float(), a.float(), alpha=self.scale
                )
                parameters[linear].copy_(change)


def _token_id(tokenizer: Tokenizer, name: str) -> int:
    number = tokenizer.token_to_id(name)
    if number is None:
        raise ModelError(
            text(
                "The encoder's tokenizer has no {name}, which the reader's input needs. Use "
                "the default model, or --no-reader.",
                name=name,
            )
        )
    return number


def _workers() -> ThreadPoolExecutor:
    """One thread for each core that torch uses, each of which computes by itself."""
    import torch

    threads = torch.get_num_threads()
    ready = Barrier(threads + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        ready.wait()

    pool = ThreadPoolExecutor(threads, "reader")
    for _ in range(threads):
        pool.submit(begin)
    ready.wait()
    torch.set_num_threads(threads)  # what later threads start with; the workers lowered it
    return pool
