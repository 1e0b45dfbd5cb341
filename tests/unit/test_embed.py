"""The embedder: a small BERT made here, and the default model against golden vectors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoder.embedder import Embedder, TransformerEmbedder, open_embedder
from index.encoder.light import LightEmbedder
from index.encoder.processor import preferred_dtype
from index.errors import ModelError

GOLDEN = Path(__file__).parents[1] / "golden" / "embeddings.json"
WORDS = ["das", "Haus", "am", "Fluss", "und", "ein", "Boot", "fährt", "vorbei", "frage", "text"]
PROMPTS = {"query": "frage ", "document": "text "}


def build_model(path: Path, *, pooling: str = "mean", normalize: bool = True) -> Path:
    """A SentenceTransformer folder with a BERT of two layers and random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    names = ["<pad>", "<s>", "</s>", "<unk>", *WORDS]
    tokenizer = Tokenizer(WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(names),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=48,
        initializer_range=0.4,
    )
    BertModel(config).eval().save_pretrained(path / "encoder")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=48,
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
    ).save_pretrained(path / "encoder")
    modules = [Transformer(str(path / "encoder")), Pooling(32, pooling_mode=pooling)]
    if normalize:
        modules.append(Normalize())
    SentenceTransformer(modules=modules, prompts=PROMPTS, device="cpu").save(
        str(path / "model"), create_model_card=False
    )
    return path / "model"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def tiny_cls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("tiny-cls"), pooling="cls", normalize=False)


@pytest.fixture(autouse=True)
def _caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Small models leave nothing in the user's cache, and run in float32."""
    if "default" not in request.fixturenames:
        monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("FUNDSTELLE_DTYPE", "float32")


@pytest.fixture(scope="module")
def default() -> Embedder:
    return open_embedder()


def texts(count: int = 60) -> list[str]:
    """Texts of many lengths, several of each, some longer than the small model's limit."""
    pick = np.random.default_rng(3)
    lengths = [0, 1, 1, 70, 80, *pick.integers(1, 40, count - 5)]
    return [" ".join(pick.choice(WORDS, length)) for length in lengths]


def reference(path: Path, given: list[str], prompt: str) -> np.ndarray:
    """What sentence-transformers itself says, float32, rows of length 1."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(path), device="cpu")
    vectors = model.encode([prompt + text for text in given], prompt="")
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    products = (a * b).sum(axis=1)
    return np.asarray(products / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))


def test_packed_forward_equals_sentence_transformers(tiny: Path) -> None:
    embedder = open_embedder(str(tiny))
    assert isinstance(embedder, TransformerEmbedder)
    assert embedder._packed is not None
    np.testing.assert_allclose(
        embedder.embed_passages(texts()), reference(tiny, texts(), "text "), atol=2e-6
    )
    np.testing.assert_allclose(
        embedder.embed_queries(texts()), reference(tiny, texts(), "frage "), atol=2e-6
    )


def test_other_architectures_run_in_sentence_transformers(tiny_cls: Path) -> None:
    embedder = open_embedder(str(tiny_cls))
    assert isinstance(embedder, TransformerEmbedder)
    assert embedder._packed is None
    steps: list[int] = []
    vectors = embedder.embed_passages(texts(), steps.append)
    np.testing.assert_allclose(vectors, reference(tiny_cls, texts(), "text "), atol=2e-6)
    assert sum(steps) == 60


def test_a_vector_does_not_depend_on_its_neighbours(tiny: Path) -> None:
    embedder = open_embedder(str(tiny))
    together = embedder.embed_passages(texts())
    alone = np.concatenate([embedder.embed_passages([text]) for text in texts()])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_shapes_lengths_and_progress(tiny: Path) -> None:
    import torch

    embedder = open_embedder(str(tiny))
    threads = torch.get_num_threads()
    steps: list[int] = []
    vectors = embedder.embed_passages(texts(), steps.append)
    assert vectors.shape == (60, embedder.dimension) == (60, 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert sum(steps) == 60
    assert embedder.embed_queries([]).shape == (0, 32)
    assert torch.get_num_threads() == threads


def test_an_error_in_progress_reaches_the_caller(tiny: Path) -> None:
    def fail(count: int) -> None:
        raise KeyboardInterrupt

    embedder = open_embedder(str(tiny))
    with pytest.raises(KeyboardInterrupt):
        embedder.embed_passages(texts(), fail)
    assert embedder.embed_passages(texts()).shape == (60, 32)


def test_opening_and_counting_import_no_torch(tiny: Path) -> None:
    program = (
        "import sys\n"
        "from index.encoder.embedder import open_embedder\n"
        "e = open_embedder(sys.argv[1])\n"
        "print(e.dimension, e.max_tokens, e.count_tokens(['das Haus', '', 'am ' * 99]))\n"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["32 48 [2, 0, 99]", "[]"]


def test_what_the_folder_states_is_what_the_model_has(tiny: Path, tiny_cls: Path) -> None:
    for path in (tiny, tiny_cls):
        embedder = open_embedder(str(path))
        assert isinstance(embedder, TransformerEmbedder)
        assert embedder.dimension == embedder._model.get_embedding_dimension()
        assert embedder.max_tokens == embedder._model.max_seq_length


def test_damaged_weights_are_a_model_error(tiny: Path, tmp_path: Path) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(tiny, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"broken.*could not be loaded"):
        open_embedder(str(broken)).embed_queries(["das Haus"])


def test_a_folder_without_tokenizer_is_a_model_error(tiny: Path, tmp_path: Path) -> None:
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(tiny, bare, ignore=shutil.ignore_patterns("tokenizer.json"))
    with pytest.raises(ModelError, match=r"bare: has no tokenizer\.json"):
        open_embedder(str(bare)).count_tokens(["das Haus"])


def test_the_number_format_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("float32", "bfloat16"):
        monkeypatch.setenv("FUNDSTELLE_DTYPE", name)
        assert preferred_dtype() == name
    monkeypatch.setenv("FUNDSTELLE_DTYPE", "int4")
    with pytest.raises(ModelError, match="FUNDSTELLE_DTYPE is 'int4'"):
        preferred_dtype()


@pytest.mark.parametrize("side", ["query", "passage"])
def test_default_model_gives_the_golden_vectors(default: Embedder, side: str) -> None:
    entries = [e for e in json.loads(GOLDEN.read_text("utf-8")) if e["side"] == side]
    given = [entry["text"] for entry in entries]
    embed = default.embed_queries if side == "query" else default.embed_passages
    expected = np.array([entry["first"] for entry in entries], dtype=np.float32)
    assert len(entries) >= 3
    # bfloat16 is within .9999 over all 384 numbers; 16 of them are a noisier sample.
    assert cosines(embed(given)[:, :16], expected).min() > 0.999
    assert default.dimension == 384


def test_the_default_model_gives_the_vectors_of_sentence_transformers(default: Embedder) -> None:
    from index.encoder.embedder import load_sentence_transformer

    assert isinstance(default, LightEmbedder)
    given = [entry["text"] for entry in json.loads(GOLDEN.read_text("utf-8"))]
    plain = load_sentence_transformer(default._folder, "float32").encode_document(given)
    assert cosines(default.embed_passages(given), plain).min() > 0.9995
