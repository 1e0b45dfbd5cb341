"""A BERT encoder's forward pass without padding, on the weights that sentence-transformers loaded.

The tokens of all texts of a batch stand in one long matrix, so a matrix product never works on
padding; attention runs over each set of texts of equal length at once. Batches go to one
single-threaded worker per core, so that no core waits for another within a layer.

CPU time on one thread of a Zen 4 with avx512_bf16, German news: 2.4 times less than
``SentenceTransformer.encode`` in float32 on passages of 165 tokens (in bfloat16: 1.9 times less),
2.8 times less on single sentences (1.8). Cosine to float32 .99996 and more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from index.encoder.batches import batches

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_TOKENS = 1024
"""Tokens in a batch. CPU time per token on Zen 4: 347 µs with 512, 329 µs with 1,024 tokens."""

SMALLEST_BATCH = 128
"""Below this a matrix product no longer pays for reading its weights."""


def is_supported(model: SentenceTransformer) -> bool:
    """Whether ``PackedBert`` computes what ``model`` computes: a plain BERT, mean, length 1."""
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertModel

    modules = list(model)
    if [type(module) for module in modules] != [Transformer, Pooling, Normalize]:
        return False
    transformer, pooling, normalize = modules
    bert = transformer.auto_model
    return (
        type(bert) is BertModel
        and bert.config.hidden_act == "gelu"
        and not bert.config.is_decoder
        and not bert.config.add_cross_attention
        and getattr(bert.config, "position_embedding_type", "absolute") == "absolute"
        and transformer.module_output_name == "token_embeddings"
        and pooling.pooling_mode == "mean"
        and pooling.include_prompt
        and normalize.module_input_name == "sentence_embedding"
        and normalize.module_output_name == "sentence_embedding"
        and model.truncate_dim is None
        and model.tokenizer.num_special_tokens_to_add() > 0  # so that no text is without tokens
    )


class PackedBert:
    """BertModel, mean pooling and normalisation as one function over token ids."""

    @torch.inference_mode()
    def __init__(self, model: SentenceTransformer) -> None:
        bert = model[0].auto_model
        config = bert.config
        self._dimension = config.hidden_size
        self._heads = config.num_attention_heads
        self._epsilon = config.layer_norm_eps
        embeddings = bert.embeddings
        self._words = embeddings.word_embeddings.weight
        self._places = (
            embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
        )
        self._norm = embeddings.LayerNorm
        self._layers = [_Layer(layer, self._heads) for layer in bert.encoder.layer]

    def encode(
        self, texts: Sequence[Sequence[int]], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Vectors of length 1, shape (len(texts), dimension), of texts given as token ids."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        threads = torch.get_num_threads()
        lengths = [len(ids) for ids in texts]
        # Small enough to give each worker some.
        budget = min(BATCH_TOKENS, max(SMALLEST_BATCH, sum(lengths) // threads))
        try:
            with ThreadPoolExecutor(threads, "embed", torch.set_num_threads, (1,)) as pool:
                running = {
                    pool.submit(self._forward, [texts[i] for i in batch]): batch
                    for batch in batches(lengths, budget, padded=False)
                }
                for future in as_completed(running):
                    vectors[running[future]] = future.result()
                    if progress is not None:
                        progress(len(running[future]))
        finally:
            # What a thread started later begins with; the workers lowered it for themselves.
            torch.set_num_threads(threads)
        return vectors

    @torch.inference_mode()
    def _forward(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """The vectors of ``texts``, in which those of equal length are neighbours."""
        groups = [(length, len(list(same))) for length, same in groupby(map(len, texts))]
        ids = torch.tensor([token for text in texts for token in text])  # (tokens,)
        places = torch.cat([self._places[:length].repeat(n, 1) for length, n in groups])
        hidden = self._norm(functional.embedding(ids, self._words) + places)  # (tokens, d)
        for layer in self._layers:
            hidden = layer(hidden, groups)
        sizes = [length * n for length, n in groups]
        pooled = torch.cat(
            [
                part.view(n, length, -1).mean(1, dtype=torch.float32)
                for part, (length, n) in zip(hidden.split(sizes), groups, strict=True)
            ]
        )
        return functional.normalize(pooled).numpy()


class _Layer:
    """One BertLayer over packed tokens."""

    def __init__(self, layer: Any, heads: int) -> None:
        attention = layer.attention.self
        self._heads = heads
        # The scale of the scores goes into the query's weights.
        scale = attention.attention_head_size**-0.5
        parts = (attention.query, attention.key, attention.value)
        factors = (scale, 1.0, 1.0)
        self._qkv = torch.cat([p.weight * f for p, f in zip(parts, factors, strict=True)])
        self._qkv_bias = torch.cat([p.bias * f for p, f in zip(parts, factors, strict=True)])
        self._output = layer.attention.output.dense
        self._norm = layer.attention.output.LayerNorm
        self._up = layer.intermediate.dense
        self._down = layer.output.dense
        self._last_norm = layer.output.LayerNorm

    def __call__(self, hidden: Tensor, groups: Sequence[tuple[int, int]]) -> Tensor:
        """``hidden`` (tokens, d); ``groups`` are (length, texts) in the order of the tokens."""
        qkv = functional.linear(hidden, self._qkv, self._qkv_bias)  # (tokens, 3 d)
        seen = torch.empty_like(hidden)
        at = 0
        for length, count in groups:
            end = at + length * count
            self._attend(qkv[at:end], length, seen[at:end])
            at = end
        hidden = self._norm(self._output(seen).add_(hidden))
        wide = functional.gelu(self._up(hidden))
        last: Tensor = self._last_norm(self._down(wide).add_(hidden))
        return last

    def _attend(self, qkv: Tensor, length: int, out: Tensor) -> None:
        """Attention within texts of one length, (texts × length, 3 d) → (texts × length, d).

        By two products and a float32 softmax: with heads of 32 numbers that took 4 to 6 % less time
        for the whole model than ``scaled_dot_product_attention``, whose bfloat16 softmax is slow
        at lengths that are no multiple of 32.
        """
        size = out.shape[1] // self._heads
        query, key, value = (
            qkv.view(-1, length, 3, self._heads, size)
            .permute(2, 0, 3, 1, 4)
            .reshape(3, -1, length, size)  # (3, texts × heads, length, size)
        )
        scores = torch.bmm(query, key.transpose(1, 2))
        weights = torch.softmax(scores.float(), dim=-1).to(scores.dtype)
        mixed = torch.bmm(weights, value).view(-1, self._heads, length, size)
        out.view(-1, length, self._heads, size).copy_(mixed.transpose(1, 2))
