"""Train the reader on two CPU cores: ``python -m training.train_reader --run FOLDER``.

The run writes ``settings.json``, ``curve.jsonl`` (one line every few steps, examinations on the
held-back questions among them), ``pid`` and ``checkpoint/``. Starting it again with the same folder
goes on where the last save was, with the settings it was begun with. SIGUSR1 saves, SIGTERM saves
and ends; SIGSTOP and SIGCONT pause and go on. ``--run OTHER --cool FOLDER`` begins with a copy of
FOLDER's last save and lets the rate fall to zero: a reader that can ship, while that run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from index.encoder.models import resolve
from index.encoder.offline import go_offline, quiet
from training.reader_data import Batch, ReaderData, describe, describe_pass
from training.reader_model import AdapterSettings, SpanModel, gradient_norm, span_loss
from training.reader_scores import examine
from training.reader_settings import (
    Progress,
    Settings,
    now,
    rate,
    settings_of,
    until,
    weights_to_begin_with,
)
from training.reader_settings import options as command_line
from training.reader_sources import fingerprint

PART_TOKENS = 600
"""Tokens that one thread works on at once: their widest activation fits in a core's cache."""

PAUSE = 60.0
"""Seconds of a step beyond which the process is taken to have been stopped meanwhile."""


def main() -> None:
    """Parse the command line and train."""
    options = command_line()
    run: Path = options.run
    run.mkdir(parents=True, exist_ok=True)
    (run / "pid").write_text(f"{os.getpid()}\n", "ascii")
    go_offline()
    settings = begin(options)
    Trainer(run, settings, until(options.deadline), options).train()


def begin(options: argparse.Namespace) -> Settings:
    """The run's settings; they are kept in its folder, with a copy of the run that it cools."""
    run: Path = options.run
    settings = settings_of(options)
    if options.cool is not None and not (run / "settings.json").is_file():
        shutil.copytree(options.cool / "checkpoint", run / "checkpoint", dirs_exist_ok=True)
        shutil.copy(options.cool / "curve.jsonl", run)
    settings.write(run)
    return settings


class Trainer:
    """One run: model, data, optimizer and the position in the data."""

    def __init__(
        self, run: Path, settings: Settings, deadline: datetime | None, options: argparse.Namespace
    ) -> None:
        quiet()
        self.run, self.settings, self.deadline, self.options = run, settings, deadline, options
        folder = resolve()
        self.fingerprint = folder.fingerprint
        tokenizer = Tokenizer.from_file(str(folder.path / "tokenizer.json"))
        self.data = ReaderData(settings.paths, tokenizer, settings.seed)
        self.data_fingerprint = fingerprint(settings.paths)
        self.model = SpanModel(
            folder.path,
            AdapterSettings(settings.rank, settings.alpha / settings.rank, settings.first_layer),
            settings.seed,
            {"bf16": torch.bfloat16, "fp32": torch.float32}[settings.precision],
        )
        self.parameters = list(self.model.trained.values())
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings.rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            foreach=True,
        )
        # One thread to each product: the workers are what runs side by side.
        torch.set_num_threads(1)
        self.pool = ThreadPoolExecutor(
            options.threads, initializer=torch.set_num_threads, initargs=(1,)
        )
        self.progress = Progress()
        self.began = now()
        self._stop = self._save_now = False
        if (run / "checkpoint" / "state.json").is_file():
            self._resume()
        elif settings.init_from is not None:
            scale = self.model.settings.scale
            begun = weights_to_begin_with(Path(settings.init_from), self.fingerprint, scale)
            self.model.begin_with(begun)

    def train(self) -> None:
        """Steps until the plan is fulfilled, the deadline is reached or a signal asks to stop."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        signal.signal(signal.SIGUSR1, self._ask_to_save)
        self._log({"event": "start", "encoder": self.fingerprint, **describe(self.data)})
        saved = examined = self.progress.active_seconds
        if self.progress.questions == 0:
            self._examine(self.options.examine_questions)
        while not self._stop and not self._over():
            batches = self.data.batches(self.progress.pass_number, self.settings.batch_tokens)
            self._log({"event": "pass", **describe_pass(self.data, batches)})
            window: list[dict[str, float]] = []
            while self.progress.batch < len(batches) and not self._stop and not self._over():
                window.append(self._timed_step(batches[self.progress.batch]))
                if len(window) == self.options.log_every:
                    self._log_window(window)
                    window = []
                due = self.progress.active_seconds - saved > self.options.save_every * 60
                if due or self._save_now:
                    self.save()
                    saved = self.progress.active_seconds
                    self._save_now = False
                if self.progress.active_seconds - examined > self.options.examine_every * 60:
                    self._examine(self.options.examine_questions)
                    examined = self.progress.active_seconds
            if self.progress.batch >= len(batches):
                self.progress.pass_number += 1
                self.progress.batch = 0
        self.save()
        if not self._stop:
            self._examine(None)
        self._log({"event": "stopped" if self._stop else "finished"})
        (self.run / "pid").unlink(missing_ok=True)

    def _timed_step(self, batch: Batch) -> dict[str, float]:
        began = time.monotonic()
        figures = self._step(batch)
        seconds = time.monotonic() - began
        # A stopped process must not count its pause as work.
        seconds = min(seconds, PAUSE)
        self.progress.active_seconds += seconds
        return {**figures, "seconds": seconds}

    def _step(self, batch: Batch) -> dict[str, float]:
        height = rate(self.settings, self.progress.questions, self.began, self.deadline)
        for group in self.optimizer.param_groups:
            group["lr"] = height
        loss = self._gradients(batch)
        norm = gradient_norm(self.parameters, 1.0)
        self.optimizer.step()
        self.model.merge()
        self.progress.batch += 1
        self.progress.steps += 1
        self.progress.questions += len(batch.examples)
        return {
            "loss": loss,
            "norm": norm,
            "rate": height,
            "questions": len(batch.examples),
            "tokens": batch.tokens.size,
        }

    def _gradients(self, batch: Batch) -> float:
        """The gradients of the batch's mean loss, left in the parameters; the loss.

        The batch goes in parts of a few sequences to one thread per core. A part's activations
        stay in the core's cache and no thread waits for another within it: half the processor
        time of one large product on all cores, and far less still when the cores are shared. The
        parts are summed in their order, so the result does not depend on the threads.
        """
        count, length = batch.tokens.shape
        rows = max(1, PART_TOKENS // length)
        tensors = [
            torch.from_numpy(array)
            for array in (batch.tokens, batch.allowed, batch.starts, batch.ends)
        ]

        def part(at: int) -> tuple[float, tuple[Tensor, ...]]:
            tokens, allowed, starts, ends = (tensor[at : at + rows] for tensor in tensors)
            loss = span_loss(self.model.logits(tokens), allowed, starts, ends)
            loss = loss * (len(tokens) / count)
            return loss.item(), torch.autograd.grad(loss, self.parameters)

        total, sums = 0.0, [torch.zeros_like(p) for p in self.parameters]
        for loss, gradients in self.pool.map(part, range(0, count, rows)):
            total += loss
            torch._foreach_add_(sums, gradients)
        for parameter, gradient in zip(self.parameters, sums, strict=True):
            parameter.grad = gradient
        return total

    def _over(self) -> bool:
        late = self.deadline is not None and now() >= self.deadline
        return late or self.progress.questions >= self.settings.questions

    def _examine(self, questions: int | None) -> None:
        self._log({"event": "examination", **self.examination(questions)})

    def examination(self, questions: int | None = None) -> dict[str, Any]:
        """The figures on the held-back questions, of so many of each source or of all."""
        return examine(self.data, self._logits, questions)

    def _logits(self, batches: Iterable[Batch]) -> Iterator[NDArray[np.float32]]:
        def read(batch: Batch) -> NDArray[np.float32]:
            with torch.no_grad():
                found: NDArray[np.float32] = self.model.logits(
                    torch.from_numpy(batch.tokens)
                ).numpy()
            return found

        return self.pool.map(read, batches)

    def _log_window(self, window: list[dict[str, float]]) -> None:
        seconds = sum(entry["seconds"] for entry in window)
        self._log(
            {
                "event": "steps",
                "loss": float(np.mean([entry["loss"] for entry in window])),
                "norm": float(np.mean([entry["norm"] for entry in window])),
                "rate": window[-1]["rate"],
                "questions_per_second": sum(entry["questions"] for entry in window) / seconds,
                "tokens_per_second": sum(entry["tokens"] for entry in window) / seconds,
            }
        )

    def _log(self, entry: dict[str, Any]) -> None:
        line = {
            "time": now().isoformat(timespec="seconds"),
            "pass": self.progress.pass_number,
            "step": self.progress.steps,
            "seen": self.progress.questions,
            "active_seconds": round(self.progress.active_seconds, 1),
            **{k: round(v, 6) if isinstance(v, float) else v for k, v in entry.items()},
        }
        with (self.run / "curve.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    # --- saving and resuming -------------------------------------------------------------------

    def save(self) -> None:
        """Write ``checkpoint/`` whole: into a folder beside it, then by renaming."""
        work = self.run / "checkpoint.new"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        save_file(
            {k: v.detach().clone() for k, v in self.model.trained.items()},
            work / "reader.safetensors",
        )
        save_file(self._moments(), work / "optimizer.safetensors")
        state = {
            "encoder": self.fingerprint,
            "data": self.data_fingerprint,
            "progress": asdict(self.progress),
            "settings": asdict(self.settings),
        }
        (work / "state.json").write_text(json.dumps(state, indent=1), "utf-8")
        old = self.run / "checkpoint.old"
        shutil.rmtree(old, ignore_errors=True)
        current = self.run / "checkpoint"
        if current.exists():
            current.rename(old)
        work.rename(current)
        shutil.rmtree(old, ignore_errors=True)
        self._log({"event": "saved"})

    def _moments(self) -> dict[str, Tensor]:
        moments: dict[str, Tensor] = {}
        for name, parameter in self.model.trained.items():
            for key, value in self.optimizer.state[parameter].items():
                moments[f"{name}|{key}"] = value.detach().clone()
        return moments

    def _resume(self) -> None:
        checkpoint = self.run / "checkpoint"
        state = json.loads((checkpoint / "state.json").read_text("utf-8"))
        if state["encoder"] != self.fingerprint:
            raise SystemExit(f"{checkpoint} belongs to other encoder weights; start a new run.")
        self.progress = Progress(**state["progress"])
        if state["data"] != self.data_fingerprint:
            # The place in the old pass means nothing in one of other data.
            self.progress.pass_number += 1
            self.progress.batch = 0
            self._log({"event": "other data"})
        self.model.load(load_file(checkpoint / "reader.safetensors"))
        moments = load_file(checkpoint / "optimizer.safetensors")
        for name, parameter in self.model.trained.items():
            self.optimizer.state[parameter] = {
                key: moments[f"{name}|{key}"] for key in ("step", "exp_avg", "exp_avg_sq")
            }

    def _ask_to_stop(self, _number: int, _frame: object) -> None:
        self._stop = True

    def _ask_to_save(self, _number: int, _frame: object) -> None:
        self._save_now = True


if __name__ == "__main__":
    main()
