"""A reader that the user names: any model trained for extractive question answering."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index import ModelError
from index.encoder import accelerator
from index.encoder.offline import go_offline, quiet
from index.translation import text
from qa.reading.spans import MAX_QUESTION, STRIDE, Reading, Window, reading_of


class HubReader:
    """An extractive question-answering model from a folder: safetensors only, none of its code."""

    def __init__(self, folder: Path) -> None:
        go_offline()
        quiet()
        import torch
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        where = accelerator.device()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                folder, use_fast=True, local_files_only=True, trust_remote_code=False
            )
            model, report = AutoModelForQuestionAnswering.from_pretrained(
                folder,
                dtype=getattr(torch, accelerator.dtype(where)),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:  # Foreign code raises whatever it likes on a broken folder.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(
                text(
                    "{folder}: cannot be loaded as a question-answering model: {reason} Name an "
                    "extractive reader with safetensors, or leave --reader out.",
                    folder=folder,
                    reason=reason,
                )
            ) from error
        if any(name.startswith("qa_outputs") for name in report["missing_keys"]):
            raise ModelError(
                text(
                    "{folder}: the model has no span head, so it would answer at random. Name one "
                    "that was trained for extractive question answering.",
                    folder=folder,
                )
            )
        if not self._tokenizer.is_fast:
            raise ModelError(
                text(
                    "{folder}: its tokenizer does not say where its tokens stand in the text. Name "
                    "a model with a tokenizer.json.",
                    folder=folder,
                )
            )
        self._model: Any = model.to(where).eval()
        self._limit = min(384, self._tokenizer.model_max_length)

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        import torch

        windows: list[list[Window]] = [[] for _ in passages]
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
            output = self._model(**encoded.to(self._model.device))
            logits = torch.stack([output.start_logits, output.end_logits], -1).float().cpu().numpy()
        for row, number in enumerate(numbers):
            context = [i for i, part in enumerate(encoded.sequence_ids(row)) if part == 1]
            null = self._null_position(encoded["input_ids"][row].tolist())
            windows[number].append(
                Window.of(
                    passages[number],
                    [offsets[row][i] for i in context],
                    logits[row][context],
                    float(logits[row][null].sum()),
                )
            )
        return [reading_of(found) for found in windows]

    def _null_position(self, ids: Sequence[int]) -> int:
        """Models of this kind are trained to point at the classification token for "no answer"."""
        cls = self._tokenizer.cls_token_id
        return ids.index(cls) if cls in ids else 0
