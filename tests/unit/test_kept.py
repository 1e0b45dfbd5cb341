"""What compiling a graph gives is kept whole, for one processor and one graph, or made anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.encoder import kept
from index.encoder.graph import FILE, LINEARS, bert_graph, store
from index.encoder.runtime import openvino

HIDDEN, WIDE, HEADS = 64, 128, 2
SETTINGS: dict[str, str | int] = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "small-v1"
    place.mkdir()
    draw(place, seed=1)
    return place / FILE


def draw(place: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tensors: dict[str, Any] = {"embeddings.LayerNorm.weight": np.ones(HIDDEN, np.float32)}
    tensors["embeddings.LayerNorm.bias"] = np.zeros(HIDDEN, np.float32)
    layer = "encoder.layer.0"
    for short, name in LINEARS.items():
        shape = {"fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE)}.get(short, (HIDDEN, HIDDEN))
        tensors[f"{layer}.{name}.weight"] = rng.normal(0, 0.1, shape).astype(np.float32)
        tensors[f"{layer}.{name}.bias"] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        tensors[f"{layer}.{name}.weight"] = np.ones(HIDDEN, np.float32)
        tensors[f"{layer}.{name}.bias"] = np.zeros(HIDDEN, np.float32)
    store(bert_graph(tensors, HEADS, 1e-12), place / FILE)


def states(model: Any) -> np.ndarray:
    given = np.random.default_rng(2).normal(size=(1, 8, HIDDEN)).astype(np.float32)
    found: np.ndarray = model.create_infer_request().infer(
        {0: given, 1: np.zeros((1, 1, 1, 8), np.float32)}
    )[0]
    return found.copy()


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The graphs that were compiled, which takes longer than to load what was kept."""
    done: list[Path] = []
    core = openvino().Core
    compile_model: Callable[..., Any] = core.compile_model

    def counted(self: Any, graph: Path, *rest: Any) -> Any:
        done.append(graph)
        return compile_model(self, graph, *rest)

    monkeypatch.setattr(core, "compile_model", counted)
    return done


def blob(graph: Path) -> Path:
    (found,) = (graph.parents[1] / "cache" / "compiled" / graph.parent.name).iterdir()
    return found


def test_is_compiled_once_and_gives_the_same_numbers(graph: Path, compilations: list[Path]) -> None:
    first, second = (states(kept.compiled(graph, SETTINGS)) for _ in range(2))
    assert compilations == [graph]
    assert np.array_equal(first, second)


@pytest.mark.parametrize("place", [0, 40, 100, -1], ids=["stamp", "digest", "content", "end"])
def test_a_flipped_bit_is_noticed(graph: Path, compilations: list[Path], place: int) -> None:
    wanted = states(kept.compiled(graph, SETTINGS))
    content = bytearray(blob(graph).read_bytes())
    content[place] ^= 1
    blob(graph).write_bytes(content)
    assert np.array_equal(states(kept.compiled(graph, SETTINGS)), wanted)
    assert len(compilations) == 2
    kept.compiled(graph, SETTINGS)  # what took its place is whole
    assert len(compilations) == 2


@pytest.mark.parametrize("size", [0, 1, 63, 64, 1000])
def test_a_file_cut_short_is_noticed(graph: Path, compilations: list[Path], size: int) -> None:
    kept.compiled(graph, SETTINGS)
    os.truncate(blob(graph), size)
    kept.compiled(graph, SETTINGS)
    assert len(compilations) == 2


def test_what_was_kept_of_another_graph_is_not_taken(graph: Path, compilations: list[Path]) -> None:
    before = states(kept.compiled(graph, SETTINGS))
    draw(graph.parent, seed=3)
    assert not np.allclose(states(kept.compiled(graph, SETTINGS)), before)
    assert len(compilations) == 2


def test_another_processor_compiles_for_itself(
    graph: Path, compilations: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.compiled(graph, SETTINGS)
    monkeypatch.setattr(kept, "cpu_flags", lambda: frozenset({"of", "another"}))
    kept.compiled(graph, SETTINGS)
    assert len(compilations) == 2


def test_other_settings_have_a_place_of_their_own(graph: Path, compilations: list[Path]) -> None:
    others = {**SETTINGS, "NUM_STREAMS": 2}
    for settings in (SETTINGS, others, SETTINGS, others):
        kept.compiled(graph, settings)
    assert len(compilations) == 2


def test_where_nothing_can_be_kept_it_is_compiled_each_time(
    graph: Path, compilations: list[Path]
) -> None:
    (graph.parents[1] / "cache").write_text("no folder")
    for _ in range(2):
        states(kept.compiled(graph, SETTINGS))
    assert len(compilations) == 2


def test_nothing_is_left_of_what_could_not_be_written(
    graph: Path, compilations: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    states(kept.compiled(graph, SETTINGS))
    assert list((graph.parents[1] / "cache").rglob("*.*")) == []
    assert compilations == [graph]
