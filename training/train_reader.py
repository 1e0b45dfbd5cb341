"""Train the reader on two CPU cores: ``python -m training.train_reader --run FOLDER``.

The run writes ``settings.json``, ``curve.jsonl`` (one line every few steps, examinations on the
held-back questions among them), ``pid`` and ``checkpoint/``. Starting it again with the same folder
goes on where the last save was, with the settings it was begun with. SIGUSR1 saves, SIGTERM saves
and ends; SIGSTOP and SIGCONT pause and go on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from index.model import go_offline, quiet, resolve
from training.reader_data import Batch, ReaderData, describe
from training.reader_model import AdapterSettings, SpanModel, gradient_norm, span_loss
from training.reader_scores import examine

PART_TOKENS = 600
"""Tokens that one thread works on at once: their widest activation fits in a core's cache."""

PAUSE = 60.0
"""Seconds of a step beyond which the process is taken to have been stopped meanwhile."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides the run's result, beside the data."""

    data: str
    seed: int
    rank: int
    alpha: float
    first_layer: int
    rate: float
    weight_decay: float
    warm_up: int
    """Questions until the rate is at its peak."""
    batch_tokens: int
    questions: int
    """Planned questions; the rate reaches zero there, or at the deadline if that is earlier."""
    precision: str
    init_from: str | None


@dataclass(slots=True)
class Progress:
    """Where a run is; saved with each checkpoint."""

    pass_number: int = 0
    batch: int = 0
    questions: int = 0
    steps: int = 0
    active_seconds: float = 0.0
    started: str = ""


def main() -> None:
    """Parse the command line and train."""
    options = _options()
    run: Path = options.run
    run.mkdir(parents=True, exist_ok=True)
    (run / "pid").write_text(f"{os.getpid()}\n", "ascii")
    go_offline()
    settings = _settings(options, run)
    Trainer(run, settings, _deadline(options.deadline), options).train()


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
        self.data = ReaderData(Path(settings.data), tokenizer, settings.seed)
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
        self.progress = Progress(started=_now().isoformat(timespec="seconds"))
        self._stop = self._save_now = False
        if (run / "checkpoint" / "state.json").is_file():
            self._resume()
        elif settings.init_from is not None:
            self.model.load(load_file(Path(settings.init_from) / "reader.safetensors"))

    def train(self) -> None:
        """Steps until the plan is fulfilled, the deadline is reached or a signal asks to stop."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        signal.signal(signal.SIGUSR1, self._ask_to_save)
        self._log({"event": "start", "encoder": self.fingerprint, **describe(self.data)})
        saved = examined = self.progress.active_seconds
        while not self._stop and self._fraction() < 1:
            batches = self.data.batches(self.progress.pass_number, self.settings.batch_tokens)
            window: list[dict[str, float]] = []
            while self.progress.batch < len(batches) and not self._stop and self._fraction() < 1:
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
        rate = self._rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
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
            "rate": rate,
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

    def _fraction(self) -> float:
        """How much of the plan is done: by questions or by the clock, whichever is further."""
        done = self.progress.questions / self.settings.questions
        if self.deadline is not None:
            began = datetime.fromisoformat(self.progress.started)
            done = max(done, (_now() - began) / (self.deadline - began))
        return done

    def _rate(self) -> float:
        """Rising with the questions seen, whatever the clock says; falling to zero at the end."""
        risen = (self.progress.questions + 1) / self.settings.warm_up
        return self.settings.rate * max(0.0, min(risen, 1 - self._fraction()))

    def _examine(self, questions: int | None) -> None:
        with torch.no_grad():
            figures = examine(self.data, self.model, questions)
        self._log({"event": "examination", **figures})

    def _log_window(self, window: list[dict[str, float]]) -> None:
        seconds = sum(entry["seconds"] for entry in window)
        self._log(
            {
                "event": "steps",
                "loss": float(np.mean([entry["loss"] for entry in window])),
                "norm": float(np.mean([entry["norm"] for entry in window])),
                "rate": window[-1]["rate"],
                "fraction": self._fraction(),
                "questions_per_second": sum(entry["questions"] for entry in window) / seconds,
                "tokens_per_second": sum(entry["tokens"] for entry in window) / seconds,
            }
        )

    def _log(self, entry: dict[str, Any]) -> None:
        line = {
            "time": _now().isoformat(timespec="seconds"),
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


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--data", default="../shared/data/reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rank", type=int, default=48)
    parser.add_argument("--alpha", type=float, help="twice the rank if not given")
    parser.add_argument("--first-layer", type=int, default=2, help="lower layers stay frozen")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warm-up", type=int, default=1500, help="questions")
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--init-from", help="checkpoint folder whose weights to begin with")
    parser.add_argument("--deadline", help="HH:MM, UTC: the run ends by then, decayed to zero")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--log-every", type=int, default=20, help="steps")
    parser.add_argument("--save-every", type=float, default=10, help="minutes of work")
    parser.add_argument("--examine-every", type=float, default=20, help="minutes of work")
    parser.add_argument("--examine-questions", type=int, default=60, help="for each source")
    return parser.parse_args()


def _settings(options: argparse.Namespace, run: Path) -> Settings:
    """The settings of the command line, or those with which the run in ``run`` was begun."""
    path = run / "settings.json"
    if path.is_file():
        return Settings(**json.loads(path.read_text("utf-8")))
    settings = Settings(
        data=options.data,
        seed=options.seed,
        rank=options.rank,
        alpha=options.alpha or 2.0 * options.rank,
        first_layer=options.first_layer,
        rate=options.rate,
        weight_decay=options.weight_decay,
        warm_up=options.warm_up,
        batch_tokens=options.batch_tokens,
        questions=options.questions,
        precision=options.precision,
        init_from=options.init_from,
    )
    path.write_text(json.dumps(asdict(settings), indent=1) + "\n", "utf-8")
    return settings


def _deadline(text: str | None) -> datetime | None:
    if text is None:
        return None
    hour, minute = map(int, text.split(":"))
    now = _now()
    deadline = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return deadline if deadline > now else deadline + timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
