"""The default model's conversion and cache, and which models of a user are refused."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoder import models
from index.encoder.e5_weights import _PackedModel, convert, packaged_weights
from index.encoder.embedder import open_embedder
from index.encoder.models import ModelFolder, damaged_files, resolve
from index.errors import ModelError

HIDDEN, LAYERS, HEADS, WIDE, PLACES = 32, 1, 4, 64, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁haus", "▁boot", "query", "passage", ":", "▁query"]


def packed_file(path: Path) -> dict[str, np.ndarray]:
    """Write a small file in the layout of the packaged weights; the values it stands for."""
    numbers = np.random.default_rng(5)
    shapes = {
        "emb.word": (len(PIECES), HIDDEN),
        "emb.pos": (PLACES, HIDDEN),
        "emb.type": (2, HIDDEN),
        "emb.ln.w": (HIDDEN,),
        "emb.ln.b": (HIDDEN,),
    }
    for name, (rows, columns) in {
        "q": (HIDDEN, HIDDEN),
        "k": (HIDDEN, HIDDEN),
        "v": (HIDDEN, HIDDEN),
        "ao": (HIDDEN, HIDDEN),
        "fi": (WIDE, HIDDEN),
        "fo": (HIDDEN, WIDE),
    }.items():
        shapes |= {f"l0.{name}.w": (rows, columns), f"l0.{name}.b": (rows,)}
    for name in ("aln", "oln"):
        shapes |= {f"l0.{name}.w": (HIDDEN,), f"l0.{name}.b": (HIDDEN,)}

    values: dict[str, np.ndarray] = {}
    stored: dict[str, bytes] = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            values[name] = numbers.normal(size=shape).astype(np.float32)
            stored[name] = values[name].astype("<f4").tobytes()
            continue
        levels = numbers.integers(0, 16, (np.prod(shape) // 32, 32))
        scales = numbers.uniform(0.01, 0.1, len(levels)).astype("<f2")
        values[name] = ((levels - 8) * scales[:, None].astype(np.float32)).reshape(shape)
        # The low half-bytes are a block's first 16 weights, the high ones its last 16.
        halves = (levels[:, :16] | levels[:, 16:] << 4).astype(np.uint8)
        stored[name] = b"".join(
            scale.tobytes() + half.tobytes() for scale, half in zip(scales, halves, strict=True)
        )

    blob = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, blob)])
    mapping = {"\n": " ", "\x01": "", "ﬁ": "fi"}
    entries = b"".join(
        struct.pack(f"<IB{len(new)}I", ord(old), len(new), *map(ord, new))
        for old, new in mapping.items()
    )
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, len(PIECES), PLACES, 2, 1e-12, 32
    )
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(b"".join(blob)))
    head += struct.pack(f"<{len(PIECES) + 1}I", *offsets)
    head += struct.pack(f"<{len(PIECES)}f", *(-float(i) for i in range(len(PIECES))))
    head += b"".join(blob) + struct.pack("<iI", len(mapping), len(entries)) + entries
    head += struct.pack("<i", len(stored))
    table_size = sum(2 + len(name) + 21 for name in stored)
    at = len(head) + table_size
    for name, data in stored.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", 0, values[name].size, at, len(data))
        at += len(data)
    path.write_bytes(head + b"".join(stored.values()))
    return values


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small_default(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default is a file of a few bytes whose conversion is a copy."""
    source = cache.parent / "source.bin"
    source.write_bytes(b"weights")

    def copy(source: Path, target: Path) -> None:
        (target / "model.safetensors").write_bytes(source.read_bytes())
        (target / "1_Pooling").mkdir()
        (target / "1_Pooling" / "config.json").write_text("{}")

    monkeypatch.setattr(models, "packaged_weights", lambda: source)
    monkeypatch.setattr(models, "convert", copy)
    return cache / "models"


# --- the conversion ------------------------------------------------------------------------------


def test_conversion_gives_a_model_with_these_weights(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from safetensors.numpy import load_file

    monkeypatch.setenv("FUNDSTELLE_DTYPE", "float32")
    values = packed_file(tmp_path / "small.bin")
    convert(tmp_path / "small.bin", tmp_path / "out")
    weights = load_file(tmp_path / "out" / "model.safetensors")
    for ours, theirs in {
        "emb.word": "embeddings.word_embeddings.weight",
        "l0.q.w": "encoder.layer.0.attention.self.query.weight",
        "l0.fi.w": "encoder.layer.0.intermediate.dense.weight",
        "l0.fo.b": "encoder.layer.0.output.dense.bias",
        "l0.oln.w": "encoder.layer.0.output.LayerNorm.weight",
    }.items():
        np.testing.assert_array_equal(weights[theirs], values[ours])

    embedder = open_embedder(str(tmp_path / "out"))
    assert embedder.embed_queries(["haus"]).shape == (1, HIDDEN)
    assert embedder.max_tokens == PLACES
    same = embedder.embed_passages(["haus boot", "haus\nboot", "haus\x01 boot", "boot haus"])
    np.testing.assert_allclose(same[0], same[1], atol=1e-6)
    np.testing.assert_allclose(same[0], same[2], atol=1e-6)
    assert same[0] @ same[3] < 0.9999
    assert capfd.readouterr() == ("", "")


def test_the_process_that_converts_does_not_matter(tmp_path: Path) -> None:
    """transformers reads whether it is offline when it is imported, by the page for example."""
    packed_file(tmp_path / "packed.bin")
    program = """
import os, sys
from pathlib import Path
if sys.argv[1] == "late":
    os.environ.pop("HF_HUB_OFFLINE", None)
    os.environ.pop("TRANSFORMERS_OFFLINE", None)
    import transformers, huggingface_hub
from index.encoder.e5_weights import convert
from index.encoder.fingerprint import fingerprint_of
target = Path(sys.argv[3])
convert(Path(sys.argv[2]), target)
print(fingerprint_of(target))
"""
    fingerprints = []
    for when in ("late", "early"):
        target = tmp_path / when
        target.mkdir()
        command = [sys.executable, "-c", program, when, str(tmp_path / "packed.bin"), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        fingerprints.append(done.stdout.split()[-1])
    assert fingerprints[0] == fingerprints[1]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="does not begin with E5S1"):
        convert(tmp_path / "other.bin", tmp_path / "out")


def test_the_default_tokenizer_takes_a_line_break_for_a_space() -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(resolve().path / "tokenizer.json"))
    plain = tokenizer.encode("a b").ids
    assert plain[0] == 0
    assert plain[-1] == 2
    assert len(plain) == 4
    for text in ("a\nb", "a\r\nb", "a\tb", "a\u200bb", "a\u00a0b", " a  b "):
        assert tokenizer.encode(text).ids == plain, repr(text)
    assert tokenizer.encode("a\x07b").ids == tokenizer.encode("ab").ids
    assert tokenizer.encode("ﬁnden Ｘ").ids == tokenizer.encode("finden X").ids
    # The ids that XLM-RoBERTa, whose vocabulary this is, gives it.
    assert tokenizer.encode("Hello world").ids == [0, 35378, 8999, 2]


# --- the cache -----------------------------------------------------------------------------------


def test_the_default_is_built_once(small_default: Path) -> None:
    first = resolve()
    stamp = (first.path / "model.safetensors").stat().st_mtime_ns
    assert resolve() == first
    assert (first.path / "model.safetensors").stat().st_mtime_ns == stamp
    assert damaged_files() == ()
    assert sorted(p.name for p in small_default.iterdir() if p.is_dir()) == [first.path.name]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.safetensors", b"wei"),
        ("fundstelle.json", b"\xff\xfe{"),
        ("fundstelle.json", b"[]"),
        ("1_Pooling/config.json", None),
    ],
)
def test_a_damaged_cache_is_built_again(
    small_default: Path, name: str, damage: bytes | None
) -> None:
    folder = resolve()
    if damage is None:
        (folder.path / name).unlink()
    else:
        (folder.path / name).write_bytes(damage)
    assert resolve() == folder
    assert (folder.path / "model.safetensors").read_bytes() == b"weights"
    assert damaged_files() == ()


def test_a_flipped_bit_is_named(small_default: Path) -> None:
    folder = resolve()
    (folder.path / "model.safetensors").write_bytes(b"weighus")
    assert damaged_files() == (folder.path / "model.safetensors",)


def test_what_a_killed_build_left_is_removed(small_default: Path) -> None:
    folder = resolve()
    left = small_default / f".{folder.path.name}.abcd"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    (folder.path / "fundstelle.json").unlink()
    resolve()
    assert not left.exists()


def test_a_build_that_fails_leaves_nothing(
    small_default: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        (target / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(models, "convert", full)
        with pytest.raises(ModelError, match=r"No space left.*FUNDSTELLE_CACHE"):
            resolve()
    assert [path for path in small_default.iterdir() if path.is_dir()] == []
    resolve()
    assert damaged_files() == ()


def test_no_default_has_been_built_yet(small_default: Path) -> None:
    assert damaged_files() == ()


def test_a_cache_that_cannot_be_made_is_a_model_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="FUNDSTELLE_CACHE=FOLDER names another place"):
        resolve()


def test_two_processes_at_once_build_it_once(cache: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from index.encoder import models

def slow(source, target):
    with open(sys.argv[1] + "/builds", "a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    (target / "model.safetensors").write_bytes(b"weights")

models.packaged_weights = lambda: Path("unused")
models.convert = slow
print(models.resolve().fingerprint)
"""
    command = [sys.executable, "-c", program, str(cache.parent)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1] != ""
    assert (cache.parent / "builds").read_text() == "built\n"


# --- models the user names -----------------------------------------------------------------------


def user_model(folder: Path, *, kind: str = "sentence_transformers.models.Transformer") -> Path:
    folder.mkdir()
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": kind},
        {"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "1_Dense").mkdir()
    (folder / "1_Dense" / "model.safetensors").write_bytes(b"more")
    return folder


def test_a_folder_of_safetensors_is_taken(tmp_path: Path, cache: Path) -> None:
    folder = user_model(tmp_path / "mine")
    found = resolve(str(folder))
    assert found == ModelFolder(str(folder), folder, found.fingerprint)
    assert resolve(str(folder)) == found
    (folder / "1_Dense" / "model.safetensors").write_bytes(b"other")
    assert resolve(str(folder)).fingerprint != found.fingerprint


def test_pickled_weights_are_refused(tmp_path: Path, cache: Path) -> None:
    folder = user_model(tmp_path / "mine")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="mine: has no weights in safetensors form"):
        resolve(str(folder))


def test_one_pickled_module_is_enough_to_refuse(tmp_path: Path, cache: Path) -> None:
    folder = user_model(tmp_path / "mine")
    (folder / "1_Dense" / "model.safetensors").rename(folder / "1_Dense" / "pytorch_model.bin")
    with pytest.raises(ModelError, match="1_Dense: has no weights in safetensors form"):
        resolve(str(folder))


def test_an_empty_folder_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ModelError, match=r"neither modules\.json nor config\.json"):
        resolve(str(tmp_path))


@pytest.mark.parametrize("kind", ["custom_code.Encoder", "os.system"])
def test_a_model_with_code_of_its_own_is_refused(tmp_path: Path, cache: Path, kind: str) -> None:
    folder = user_model(tmp_path / "mine", kind=kind)
    with pytest.raises(ModelError, match=f"module {kind} would run code"):
        resolve(str(folder))


@pytest.mark.parametrize("text", ["", "{}x", '[{"idx": 0}]', "[1]", "7"])
def test_unreadable_module_settings_are_a_model_error(
    tmp_path: Path, cache: Path, text: str
) -> None:
    folder = user_model(tmp_path / "mine")
    (folder / "modules.json").write_text(text)
    with pytest.raises(ModelError, match=r"modules\.json cannot be read"):
        resolve(str(folder))


def test_a_name_that_is_no_name_is_a_model_error(cache: Path) -> None:
    with pytest.raises(ModelError, match="no such folder, and not a name on the hub either"):
        resolve("./no/such folder")


def test_the_graph_s_matrices_are_the_file_s_own_numbers() -> None:
    packed = _PackedModel(packaged_weights().read_bytes())
    theirs = {name: ours for ours, name in packed._names()}
    matrices = packed.matrices()
    assert len(matrices) == 6 * packed.layers
    for name in list(matrices)[:: packed.layers]:
        np.testing.assert_array_equal(
            matrices[name].weights.reshape(-1), packed.tensor(theirs[name])
        )
