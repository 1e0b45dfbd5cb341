"""The built-in model without torch: what it loads, and that batches change nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.encoder import accelerator
from index.encoder.compiled import CompiledEncoder, filled
from index.encoder.embedder import Embedder, TransformerEmbedder, open_embedder
from index.encoder.graph import FILE, WEIGHTS, rounded
from index.encoder.light import BATCH_TOKENS, MANY, LightEmbedder, _batches
from index.errors import ModelError

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "tokenizers",
    "openvino_telemetry",
    "openvino.tools.ovc",
)


@pytest.fixture(scope="module")
def default() -> Embedder:
    return open_embedder()


@pytest.mark.usefixtures("default")  # the model is prepared, which torch does
def test_a_question_loads_no_torch() -> None:
    code = (
        "import sys; from index.encoder.embedder import open_embedder\n"
        "open_embedder().embed_queries(['Wer leitet das Werk?'])\n"
        f"print([name for name in {HEAVY!r} if sys.modules.get(name)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_text_has_the_same_vector_alone_and_among_others(default: Embedder) -> None:
    texts = ["", "Kurz.", "Das Werk in Köln.", "Das Werk in Bonn.", "Wort " * 900, "Wort " * 30]
    together = default.embed_passages(texts)
    alone = np.concatenate([default.embed_passages([text]) for text in texts])
    assert (together * alone).sum(1).min() > 0.9999
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    assert default.embed_passages([]).shape == (0, 384)


def test_several_threads_get_their_own_vectors(default: Embedder) -> None:
    texts = [f"Satz Nummer {n} über das Werk in Köln." for n in range(12)]
    wanted = default.embed_queries(texts)
    found: dict[int, np.ndarray] = {}

    def work(number: int) -> None:
        found[number] = default.embed_queries([texts[number]])[0]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((found[n] @ wanted[n]) > 0.9999 for n in range(len(texts)))


def test_progress_counts_every_text(default: Embedder) -> None:
    assert isinstance(default, LightEmbedder)
    done: list[int] = []
    default.embed_passages(["ein Satz"] * 7 + ["noch ein längerer Satz"] * 5, done.append)
    assert sum(done) == 12


def test_a_damaged_graph_is_named_with_what_to_do(default: Embedder, tmp_path: Path) -> None:
    assert isinstance(default, LightEmbedder)
    (tmp_path / FILE).write_text("<net", "ascii")
    with pytest.raises(ModelError, match=f"{FILE} cannot be loaded .* Delete the folder"):
        CompiledEncoder(tmp_path / FILE, default._folder.path / WEIGHTS, "float32")


def test_batches_hold_texts_of_about_one_length_and_not_too_many() -> None:
    lengths = [5, 300, 5, 7, 300, 300, 300, 300, 2000]
    found = _batches(lengths)
    assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
    for batch in found:
        assert len({filled(lengths[position]) for position in batch}) == 1
        assert len(batch) == 1 or sum(lengths[position] for position in batch) <= BATCH_TOKENS


def test_a_rounded_matrix_is_off_by_half_a_step_at_most() -> None:
    weights = np.random.default_rng(1).normal(0.0, 0.05, (6, 96)).astype(np.float32)
    weights[2] = 0.0
    weights[3, 40] = 4.0
    matrix = rounded(weights)
    assert matrix.numbers.shape == (6, 3, 32)
    off = np.abs(matrix.weights - weights).reshape(6, 3, 32)
    assert (off <= 0.51 * matrix.scales.astype(np.float32)).all()
    assert (matrix.weights[2] == 0.0).all()


class TestAccelerator:
    """No machine that tests run on has a graphics processor; what would use one is real."""

    TEXTS = tuple(f"Satz Nummer {n} über das Werk in Köln." for n in range(MANY))

    def test_many_texts_go_to_it(self, default: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
        wanted = default.embed_passages(self.TEXTS)
        ways = self._watched(default, monkeypatch, likely=True, device="cuda")
        found = default.embed_passages(self.TEXTS)
        assert ways == ["torch"]
        assert (found * wanted).sum(1).min() > 0.999

    def test_a_few_texts_and_questions_do_not(
        self, default: Embedder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ways = self._watched(default, monkeypatch, likely=True, device="cuda")
        default.embed_passages(self.TEXTS[1:])
        default.embed_queries(self.TEXTS)
        assert ways == []

    @pytest.mark.parametrize(("likely", "device"), [(False, "cuda"), (True, "cpu")])
    def test_without_one_torch_is_left_alone(
        self, default: Embedder, monkeypatch: pytest.MonkeyPatch, likely: bool, device: str
    ) -> None:
        ways = self._watched(default, monkeypatch, likely=likely, device=device)
        default.embed_passages(self.TEXTS)
        assert ways == []

    @staticmethod
    def _watched(
        default: Embedder, monkeypatch: pytest.MonkeyPatch, *, likely: bool, device: str
    ) -> list[str]:
        """The ways that texts take from now on, where the machine says that of itself."""
        ways: list[str] = []
        plain = TransformerEmbedder.embed_passages

        def through_torch(self: TransformerEmbedder, *arguments: Any) -> np.ndarray:
            ways.append("torch")
            monkeypatch.undo()  # it has to compute where there is a processor
            return plain(self, *arguments)

        monkeypatch.setattr(accelerator, "is_likely", lambda: likely)
        monkeypatch.setattr(accelerator, "device", lambda: device)
        monkeypatch.setattr(TransformerEmbedder, "embed_passages", through_torch)
        return ways

    def test_the_precision_is_that_of_the_device(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(accelerator, "preferred_dtype", lambda: "bfloat16")
        assert (accelerator.dtype("cpu"), accelerator.dtype("cuda")) == ("bfloat16", "float32")
