"""Texts to vectors: the one place where a model is run and where its prompts are applied.

``Embedder`` is the seam. Opening one is cheap; torch and sentence-transformers, which take seconds,
are imported when the first text is embedded.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol

from index.encoder import accelerator
from index.encoder.batches import batches
from index.encoder.models import DEFAULT, ModelFolder, resolve
from index.encoder.offline import go_offline, quiet
from index.errors import ModelError
from index.translation import text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from index.encoder.packed_bert import PackedBert

Progress = Callable[[int], None]
"""Called with the number of passages embedded since the last call."""

BATCH_TOKENS = 2048
"""Tokens in a padded batch; bf16 batches of 8 passages ran 1.2 times as fast as of 32."""

PROMPT_TOKENS = 8
"""What the prompt and the special tokens add to a text, about."""


class Embedder(Protocol):
    """Texts to vectors of one model. Vectors are rows of length 1, so a product is the cosine."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, tokenizer and settings: equal means comparable vectors."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Tokens the model reads of a text, its prompt and special tokens included."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, shape (len(texts), dimension)."""
        ...

    def embed_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Vectors of passages, shape (len(texts), dimension), in the order of ``texts``."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without prompt and special tokens."""
        ...


def open_embedder(name: str = DEFAULT, *, fetch: bool = True) -> Embedder:
    """The embedder of the default model, of a model folder, or of a model on the hub.

    Reads only the folder's small files. Without ``fetch`` a model on the hub must be here already.
    Raises ModelError.
    """
    folder = resolve(name, fetch=fetch)
    if name == DEFAULT:
        from index.encoder.light import LightEmbedder

        return LightEmbedder(folder)
    return TransformerEmbedder(folder)


class OfFolder(ABC):
    """What an embedder knows of its model before it is loaded."""

    def __init__(self, folder: ModelFolder) -> None:
        self._folder = folder
        self._lock = RLock()

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def fingerprint(self) -> str:
        return self._folder.fingerprint

    @abstractmethod
    def load(self) -> None:
        """Load what a question needs, which otherwise the first one would wait for."""


class TransformerEmbedder(OfFolder):
    """Any SentenceTransformer. Safe to use from several threads; they take turns."""

    @cached_property
    def dimension(self) -> int:
        stated = _stated_dimension(self._folder.path)
        return stated or int(self._model.get_embedding_dimension() or 0)

    @cached_property
    def max_tokens(self) -> int:
        stated = _stated_max_tokens(self._folder.path)
        return stated or int(self._model.max_seq_length or 512)

    def load(self) -> None:
        self.embed_queries(["?"])  # what is quickest here is made ready by the first text

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embed(texts, "query", None)

    def embed_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        return self._embed(texts, "document", progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def _embed(
        self, texts: Sequence[str], task: str, progress: Progress | None
    ) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        with self._lock:
            prompt = self._prompt(task)
            if self._packed is not None:
                tokens = self._model.tokenizer([prompt + text for text in texts], truncation=True)
                return self._packed.encode(tokens["input_ids"], progress)
            encode = self._model.encode_query if task == "query" else self._model.encode_document
            lengths = [count + PROMPT_TOKENS for count in self.count_tokens(texts)]
            for batch in batches(lengths, BATCH_TOKENS, padded=True):
                vectors[batch] = encode(
                    [texts[i] for i in batch],
                    prompt=prompt,
                    batch_size=len(batch),
                    show_progress_bar=False,
                )
                if progress is not None:
                    progress(len(batch))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _prompt(self, task: str) -> str:
        """What the model's own settings put before a text; "passage" is an older "document"."""
        prompts = self._model.prompts
        names = ("query",) if task == "query" else ("document", "passage", "corpus")
        return next((prompts[name] for name in names if prompts.get(name)), "")

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        with self._lock:
            return _load_tokenizer(self._folder.path)

    @cached_property
    def _model(self) -> SentenceTransformer:
        with self._lock:
            return load_sentence_transformer(self._folder)

    @cached_property
    def _packed(self) -> PackedBert | None:
        """The faster way to the same vectors, for the models it is made for."""
        with self._lock:
            model = self._model
            from index.encoder import packed_bert

            supported = model.device.type == "cpu" and packed_bert.is_supported(model)
            return packed_bert.PackedBert(model) if supported else None


def load_sentence_transformer(folder: ModelFolder, dtype: str | None = None) -> SentenceTransformer:
    """The model in ``folder``, from safetensors and without code of its own.

    ``dtype`` is "float32" or "bfloat16"; None takes what suits where it runs. Raises ModelError.
    """
    go_offline()
    import torch

    quiet()
    from sentence_transformers import SentenceTransformer

    where = accelerator.device()
    try:
        return SentenceTransformer(
            str(folder.path),
            device=where,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={
                "dtype": getattr(torch, dtype or accelerator.dtype(where)),
                "use_safetensors": True,
            },
        ).eval()
    except Exception as error:  # Foreign code raises whatever it likes on a broken folder.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(
            text(
                "{path}: the model could not be loaded ({reason}). Fetch it again, or choose "
                "another with --model.",
                path=folder.path,
                reason=reason,
            )
        ) from error


# --- what a model folder says without being loaded ----------------------------------------------


def _load_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    files = [path / "tokenizer.json", *sorted(path.glob("*/tokenizer.json"))]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise ModelError(
            text("{path}: has no tokenizer.json. Choose a model that has one (most do).", path=path)
        )
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises plain Exception
        raise ModelError(
            text("{file} cannot be read: {error}. Fetch the model again.", file=file, error=error)
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _stated_dimension(path: Path) -> int | None:
    """The dimension where the modules are Transformer, Pooling, Normalize alone."""
    modules = _read_json(path / "modules.json") or []
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    pooling = _read_json(path / modules[1]["path"] / "config.json") or {}
    mode = pooling.get("pooling_mode")
    stated = pooling.get("embedding_dimension")
    return int(stated) if stated and isinstance(mode, str) else None


def _stated_max_tokens(path: Path) -> int | None:
    """The limit that the tokenizer's and the encoder's settings state together."""
    tokenizer = _read_json(path / "tokenizer_config.json") or {}
    encoder = _read_json(path / "config.json") or {}
    settings = _read_json(path / "sentence_bert_config.json") or {}
    tokens, places = tokenizer.get("model_max_length"), encoder.get("max_position_embeddings")
    if not isinstance(tokens, int) or not isinstance(places, int):
        return None
    return min(tokens, places, settings.get("max_seq_length") or tokens)
