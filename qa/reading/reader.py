"""Reading: where in a passage the answer to a question stands, and how surely it stands there.

The reader of our own is the default encoder with a low-rank change of its weights and a span head:
two numbers for each token, how well an answer starts and ends there; the first token stands for
"no answer here". Any extractive question-answering model can take its place.
"""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any, Protocol

from index import ModelError
from index.encoder.models import DEFAULT, ModelFolder, go_offline, quiet, resolve

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
MAX_QUESTION = 64
STRIDE = 96
"""Tokens that two windows of a long passage share, so that no answer is cut in both."""
LONGEST_SPAN = 30
SPANS = 5


@dataclass(frozen=True, slots=True)
class SpanScore:
    """``passage[start:end]`` as an answer, in code points.

    ``score`` is the sum of its start and end logits, ``margin`` how far that is above the score of
    "no answer here". Margins of different passages can be compared, scores less well.
    """

    start: int
    end: int
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader sees in one passage: distinct spans, best first, and the no-answer score.

    No two of ``spans`` overlap. There is none where the passage has no text.
    """

    spans: tuple[SpanScore, ...]
    null_score: float
    _windows: tuple[_Window, ...] = field(default=(), repr=False, compare=False)

    @property
    def margin(self) -> float:
        """The best span's margin; minus infinity where there is no span."""
        return self.spans[0].margin if self.spans else -math.inf

    def best_within(self, start: int, end: int) -> SpanScore | None:
        """The best span inside ``passage[start:end]``, a sentence for example; None without one."""
        found = [
            span
            for window in self._windows
            for span in window.spans(*window.tokens_within(start, end), limit=1)
        ]
        return max(found, key=lambda span: span.margin, default=None)


class Reader(Protocol):
    """Something that reads passages."""

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """One reading for each passage, in their order."""
        ...


def load_reader(name: str = DEFAULT, *, tokenizer: Tokenizer | None = None) -> Reader:
    """The reader "default", or an extractive question-answering model: a folder or a hub name.

    ``tokenizer`` is the default encoder's, where the caller has it loaded already. Raises
    ModelError.
    """
    if name == DEFAULT:
        return EncoderReader(resolve(), DEFAULT_WEIGHTS, tokenizer=tokenizer)
    return HubReader(resolve(name).path)


class EncoderReader:
    """The reader of our own: the encoder in ``model_folder``, changed by the file ``weights``."""

    def __init__(
        self, model_folder: ModelFolder, weights: Path, *, tokenizer: Tokenizer | None = None
    ) -> None:
        go_offline()
        quiet()
        from tokenizers import Tokenizer as Tokenizers
        from transformers import BertModel

        adapter = _Adapter.read(weights)
        if adapter.encoder != model_folder.fingerprint:
            raise ModelError(
                f"{weights} was trained on other encoder weights than those in "
                f"{model_folder.path}. Use the default model with it, or --no-reader."
            )
        bert: Any = BertModel.from_pretrained(
            model_folder.path,
            dtype=_dtype(),
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
            for first in _window_starts(len(encoding.ids), room)
        ]
        inputs = [
            [self._begin, *asked, self._end, self._end, *encoded[n].ids[first:last], self._end]
            for n, first, last in pieces
        ]
        windows: list[list[_Window]] = [[] for _ in passages]
        for (number, first, last), logits in zip(pieces, self._logits(inputs), strict=True):
            context = slice(len(asked) + 3, len(asked) + 3 + last - first)
            windows[number].append(
                _Window.of(
                    passages[number],
                    encoded[number].offsets[first:last],
                    logits[context],
                    float(logits[0].sum()),
                )
            )
        return [_reading(found) for found in windows]

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


class HubReader:
    """An extractive question-answering model from a folder: safetensors only, none of its code."""

    def __init__(self, folder: Path) -> None:
        go_offline()
        quiet()
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                folder, use_fast=True, local_files_only=True, trust_remote_code=False
            )
            model, report = AutoModelForQuestionAnswering.from_pretrained(
                folder,
                dtype=_dtype(),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:  # Foreign code raises whatever it likes on a broken folder.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"{folder}: cannot be loaded as a question-answering model: {reason} "
                "Name an extractive reader with safetensors, or leave --reader out."
            ) from error
        if any(name.startswith("qa_outputs") for name in report["missing_keys"]):
            raise ModelError(
                f"{folder}: the model has no span head, so it would answer at random. "
                "Name one that was trained for extractive question answering."
            )
        if not self._tokenizer.is_fast:
            raise ModelError(
                f"{folder}: its tokenizer does not say where its tokens stand in the text. "
                "Name a model with a tokenizer.json."
            )
        self._model: Any = model.eval()
        self._limit = min(384, self._tokenizer.model_max_length)

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        import torch

        windows: list[list[_Window]] = [[] for _ in passages]
        if not passages:
            return []
        short = self._tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)
        if len(short["input_ids"]) > MAX_QUESTION:
            question = question[: short["offset_mapping"][MAX_QUESTION - 1][1]]
        encoded = self._tokenizer(
            [question] * len(passages),
            list(passages),
            truncation="only_second",
            max_length=self._limit,
            stride=STRIDE,
            padding=True,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        numbers = encoded.pop("overflow_to_sample_mapping").tolist()
        offsets = encoded.pop("offset_mapping").tolist()
        with torch.inference_mode():
            output = self._model(**encoded)
            logits = torch.stack([output.start_logits, output.end_logits], -1).float().numpy()
        for row, number in enumerate(numbers):
            context = [i for i, part in enumerate(encoded.sequence_ids(row)) if part == 1]
            null = self._null_position(encoded["input_ids"][row].tolist())
            windows[number].append(
                _Window.of(
                    passages[number],
                    [offsets[row][i] for i in context],
                    logits[row][context],
                    float(logits[row][null].sum()),
                )
            )
        return [_reading(found) for found in windows]

    def _null_position(self, ids: Sequence[int]) -> int:
        """Models of this kind are trained to point at the classification token for "no answer"."""
        cls = self._tokenizer.cls_token_id
        return ids.index(cls) if cls in ids else 0


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
                f"The reader {weights} or its .json file is missing or unreadable ({error}). "
                "Reinstall the package, or use --no-reader."
            ) from error
        if actual != expected:
            raise ModelError(
                f"{weights} is damaged: its SHA-256 is {actual[:12]}… and should be "
                f"{str(expected)[:12]}…. Reinstall the package, or use --no-reader."
            )
        try:
            with safe_open(weights, "pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise ModelError(f"{weights} is not a safetensors file: {error}.") from error
        if metadata.get("format") != FORMAT:
            raise ModelError(
                f"{weights} is not a reader of the form {FORMAT}. Reinstall the package."
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
            f"The encoder's tokenizer has no {name}, which the reader's input needs. "
            "Use the default model, or --no-reader."
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


def _dtype() -> torch.dtype:
    import torch

    from index.encoder.embedder import preferred_dtype

    dtype: torch.dtype = getattr(torch, preferred_dtype())
    return dtype


# --- from logits to spans ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Window:
    """The tokens of a passage that were read together, with their logits.

    ``begins`` and ``stops`` are (n,) code points, ``starts`` and ``ends`` (n,) logits.
    """

    text: str
    begins: NDArray[np.int64]
    stops: NDArray[np.int64]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    null: float

    @classmethod
    def of(
        cls,
        text: str,
        offsets: Sequence[tuple[int, int]],
        logits: NDArray[np.float32],
        null: float,
    ) -> _Window:
        import numpy as np

        places = np.array(offsets, np.int64).reshape(-1, 2)
        return cls(text, places[:, 0], places[:, 1], logits[:, 0], logits[:, 1], null)

    def tokens_within(self, start: int, end: int) -> tuple[int, int]:
        """The range of tokens that lie wholly in ``text[start:end]``."""
        import numpy as np

        first = int(np.searchsorted(self.begins, start, "left"))
        last = int(np.searchsorted(self.stops, end, "right"))
        return first, max(first, last)

    def spans(self, first: int, last: int, limit: int) -> Iterator[SpanScore]:
        """At most ``limit`` spans that do not overlap, of the tokens ``first``..``last``."""
        import numpy as np

        count = last - first
        if count <= 0:
            return
        beyond = np.full(LONGEST_SPAN - 1, -np.inf, np.float32)
        ends = np.concatenate([self.ends[first:last], beyond])
        reach = np.lib.stride_tricks.sliding_window_view(ends, LONGEST_SPAN)
        scores = self.starts[first:last, None] + reach  # (count, LONGEST_SPAN): start, length - 1
        taken: list[tuple[int, int]] = []
        while len(taken) < limit:
            start, longer = divmod(int(scores.argmax()), LONGEST_SPAN)
            score = float(scores[start, longer])
            if score == -math.inf:
                return
            scores[start, longer] = -np.inf
            begin, stop = self.begins[first + start], self.stops[first + start + longer]
            bounds = _trimmed(self.text, int(begin), int(stop))
            if bounds is None or _touches(bounds, taken):
                continue
            taken.append(bounds)
            yield SpanScore(*bounds, score, score - self.null)
            scores[start : start + longer + 1] = -np.inf
            for before in range(max(0, start - LONGEST_SPAN + 1), start):
                scores[before, start - before :] = -np.inf


def _reading(windows: Sequence[_Window]) -> Reading:
    """The windows of one passage as one reading; "no answer" is that of the best span's window."""
    candidates = sorted(
        (
            (span, window.null)
            for window in windows
            for span in window.spans(0, len(window.begins), limit=SPANS)
        ),
        key=lambda candidate: -candidate[0].margin,
    )
    spans: list[SpanScore] = []
    for span, _ in candidates:
        if len(spans) < SPANS and not _touches(
            (span.start, span.end), ((s.start, s.end) for s in spans)
        ):
            spans.append(span)
    null = candidates[0][1] if candidates else max((w.null for w in windows), default=0.0)
    return Reading(tuple(spans), null, tuple(windows))


def _window_starts(tokens: int, room: int) -> Iterator[int]:
    """First tokens of windows of ``room`` tokens that overlap by ``STRIDE``; the last is full."""
    first = 0
    while first + room < tokens:
        yield first
        first += room - STRIDE
    yield max(0, tokens - room)


def _touches(bounds: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(bounds[0] < end and start < bounds[1] for start, end in others)


_EDGE = ",;:"
_OPENED_BY = {")": "(", "]": "["}
_CLOSED_BY = {"(": ")", "[": "]"}
_QUOTES = frozenset("\"„“”«»‚‘’'")
_JOINER = "\u200d"


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without blanks, commas, and quotes or brackets that are unpaired or around it all.

    It is first widened to whole characters as a reader sees them: a combining accent, which some
    tokenizers leave out of a token, belongs to its letter. None where nothing is left.
    """
    while end < len(text) and (_continues(text[end]) or (end > start and text[end - 1] == _JOINER)):
        end += 1
    while start > 0 and (_continues(text[start]) or text[start - 1] == _JOINER):
        start -= 1
    while start < end:
        first, last = text[start], text[end - 1]
        if _is_edge(first) or _is_alone(first, text[start + 1 : end]):
            start += 1
        elif _is_edge(last) or _is_alone(last, text[start : end - 1]):
            end -= 1
        elif _wrap(first, last, text[start + 1 : end - 1]):
            start += 1
            end -= 1
        else:
            return start, end
    return None


def _is_edge(character: str) -> bool:
    if character.isspace() or character in _EDGE:
        return True
    return unicodedata.category(character) in ("Cc", "Cf")


def _is_alone(mark: str, rest: str) -> bool:
    """Whether ``mark`` opens or closes something whose other end is not in ``rest``."""
    if mark in _QUOTES:
        return _QUOTES.isdisjoint(rest)
    other = _CLOSED_BY.get(mark) or _OPENED_BY.get(mark)
    return other is not None and other not in rest


def _wrap(first: str, last: str, between: str) -> bool:
    """Whether the two are a pair of quotation marks or brackets around all of the span."""
    if first in _QUOTES:
        return last in _QUOTES and _QUOTES.isdisjoint(between)
    return _CLOSED_BY.get(first) == last and first not in between


def _continues(character: str) -> bool:
    """Whether the character is drawn together with the one before it."""
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character == _JOINER
        or 0x1F3FB <= ord(character) <= 0x1F3FF
    )
