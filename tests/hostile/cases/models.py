"""Model folders: nothing in them runs, and only weights in safetensors form are read."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from index import Index, IndexConfig, ModelError, make_article
from index.encoder.embedder import open_embedder
from index.encoder.models import resolve
from qa.reading.base import load_reader
from qa.retrieval.rerank import load_reranker
from tests.hostile.case import Case

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]
PICKLES = ("pytorch_model.bin", "model.pt", "model.pth", "weights.pkl", "model.ckpt", "x.pickle")
FOREIGN = (
    "modeling.Evil", "os.system", "sentence_transformers_evil.X", "builtins.eval", "", ".", "a.b.c", "subprocess.Popen",
    "SENTENCE_TRANSFORMERS.models.X", " sentence_transformers.models.Transformer",
)  # fmt: skip
NAMES = (
    "", " ", "/", ".", "..", "/dev/zero", "/dev/null", "/proc/self", "~nobody/x", "a/b/c", "../../etc", "a" * 5_000,
    "x\x00y", "https://example.org/model", "file:///etc/passwd", "C:\\model", "-x", "|id", "$(id)", "\u202emodel",
)  # fmt: skip
JSON = (b"", b"{", b"null", b"[]", b"7", b'"x"', b"[[]]", b"[{}]", b'[{"type": 7}]', b"\xff\xfe", b"[" * 100_000,
        b'[{"type": "sentence_transformers.models.Transformer", "path": 7}]',
        b'[{"type": "sentence_transformers.models.Transformer", "path": "../../.."}]')  # fmt: skip


class Canary:
    """Unpickled, it leaves a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (os.mkdir, (str(self.file),))


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Folders and names, given to the encoder, the reader and the reranker."""
    canary = folder / "canary"
    makers: dict[str, Callable[[Path], None]] = {}
    for name in PICKLES:
        makers[f"pickle alone {name}"] = partial(_pickled, name=name, canary=canary, bare=True)
        makers[f"pickle in a module {name}"] = partial(
            _pickled, name=name, canary=canary, bare=False
        )
    for kind in FOREIGN:
        makers[f"module {kind!r}"] = partial(_foreign, kind=kind)
    for data in JSON:
        makers[f"modules.json {data[:24]!r}"] = partial(_settings, data=data)
    makers |= {
        "code of its own": partial(_remote_code, canary=canary),
        "weights cut off": partial(_weights, change=lambda data: data[: len(data) // 2]),
        "weights of no length": partial(_weights, change=lambda data: b""),
        "weights that claim a terabyte": partial(_weights, change=_claims),
        "weights with a broken header": partial(
            _weights, change=lambda data: b"\xff" * 8 + data[8:]
        ),
        "weights that are a pickle": partial(_weights, change=lambda data: pickle.dumps([1])),
        "an empty folder": lambda path: None,
    }
    for number, (name, make) in enumerate(makers.items()):
        if quick and number % 3:
            continue
        place = folder / f"model-{number}"
        place.mkdir()
        make(place)
        yield Case(f"encoder: {name}", partial(_is_refused, place, canary, _encode))
        if not quick:
            yield Case(f"reader: {name}", partial(_is_refused, place, canary, load_reader))
            yield Case(f"reranker: {name}", partial(_is_refused, place, canary, load_reranker))
    for name in NAMES[:: 4 if quick else 1]:
        yield Case(f"name {name[:20]!r}", partial(_name_is_refused, name, canary))
        yield Case(f"an index that names {name[:20]!r}", partial(_index_is_refused, name, folder))


def _encode(name: str) -> object:
    return open_embedder(name).embed_queries(["Werk"])


def _is_refused(place: Path, canary: Path, use: Callable[[str], object]) -> None:
    with pytest.raises(ModelError, match=r".{20}"):
        use(str(place))
    assert not canary.exists()


def _name_is_refused(name: str, canary: Path) -> None:
    with pytest.raises(ModelError, match=r".{20}"):
        resolve(name, fetch=False)
    assert not canary.exists()


def _index_is_refused(name: str, folder: Path) -> None:
    place = folder / "foreign"
    shutil.rmtree(place, ignore_errors=True)
    with (
        pytest.raises(ModelError, match=r".{20}"),
        Index.open(place, IndexConfig(model=name)) as index,
    ):
        index.add_articles([make_article("Das Werk.", source="x", language="de")])


def _complete(place: Path) -> None:
    (place / "modules.json").write_text(json.dumps(MODULES), "utf-8")
    (place / "1_Pooling").mkdir(exist_ok=True)
    (place / "1_Pooling/config.json").write_text('{"word_embedding_dimension": 8}', "utf-8")
    (place / "config.json").write_text('{"model_type": "bert"}', "utf-8")
    save_file({"x": np.zeros(8, np.float32)}, place / "model.safetensors")


def _pickled(place: Path, name: str, canary: Path, bare: bool) -> None:
    _complete(place)
    if bare:
        (place / "model.safetensors").unlink()
    target = place if bare else place / "1_Pooling"
    (target / name).write_bytes(pickle.dumps(Canary(canary)))


def _foreign(place: Path, kind: str) -> None:
    _complete(place)
    modules = [*MODULES, {"idx": 2, "name": "2", "path": "", "type": kind}]
    (place / "modules.json").write_text(json.dumps(modules), "utf-8")


def _settings(place: Path, data: bytes) -> None:
    _complete(place)
    (place / "modules.json").write_bytes(data)


def _remote_code(place: Path, canary: Path) -> None:
    _complete(place)
    code = f"import os\nos.mkdir({str(canary)!r})\nclass Model: pass\nclass Config: pass\n"
    (place / "modeling_evil.py").write_text(code, "utf-8")
    auto = {"AutoModel": "modeling_evil.Model", "AutoConfig": "modeling_evil.Config"}
    config = {"model_type": "evil", "auto_map": auto, "architectures": ["Model"]}
    (place / "config.json").write_text(json.dumps(config), "utf-8")


def _weights(place: Path, change: Callable[[bytes], bytes]) -> None:
    _complete(place)
    file = place / "model.safetensors"
    file.write_bytes(change(file.read_bytes()))


def _claims(data: bytes) -> bytes:
    header = json.dumps({"x": {"dtype": "F32", "shape": [1 << 38], "data_offsets": [0, 1 << 40]}})
    return len(header).to_bytes(8, "little") + header.encode() + bytes(32)
