"""What each part of the reader's training brings: short runs that differ in one thing.

Each begins with the same weights, sees the same number of questions while its rate falls to zero,
and is examined on all held-back questions. A trial that is done is not run again.

    python -m training.trials --runs FOLDER --init-from FILE [--questions N] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file

from index.encoder.processor import preferred_dtype
from training.average import averaged
from training.reader_model import AdapterSettings, SpanModel
from training.reader_settings import DATA, Settings
from training.reader_sources import CLUSTERS, NEWS, PLANS
from training.train_reader import Trainer

GERMAN = ("fundstelle-de", CLUSTERS, NEWS)
SHOWN = ("f1", "auroc", "hard_auroc")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a run does otherwise: settings, and what is patched while it goes on."""

    name: str
    settings: Mapping[str, Any]
    otherwise: Callable[[], AbstractContextManager[Any]] = nullcontext


def _copies(factor: float, sources: tuple[str, ...]) -> Callable[[], AbstractContextManager[Any]]:
    """The sources seen so many times as often."""
    changed = {name: replace(PLANS[name], copies=factor * PLANS[name].copies) for name in sources}
    return lambda: patch.dict(PLANS, changed)


@contextmanager
def _without_hard() -> Iterator[None]:
    """No unanswerable question on its own paragraph, written or made."""
    plain = {name: replace(plan, swapped=0.0) for name, plan in PLANS.items()}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(PLANS, plain))
        stack.enter_context(patch("training.reader_sources.HARD", 0.0))
        yield


@contextmanager
def _without_swaps() -> Iterator[None]:
    plain = {name: replace(plan, swapped=0.0) for name, plan in PLANS.items()}
    with patch.dict(PLANS, plain):
        yield


TRIALS = (
    Trial("as it is", {}),
    Trial("another seed", {"seed": 12}),
    Trial("half the German", {}, _copies(0.5, GERMAN)),
    Trial("no German", {}, _copies(0.0, GERMAN)),
    Trial("twice the German", {}, _copies(2.0, GERMAN)),
    Trial("no hard refusals", {}, _without_hard),
    Trial("no made refusals", {}, _without_swaps),
    Trial("rank 48", {"rank": 48, "alpha": 96.0}),
)


def main() -> None:
    """Run what is not done yet and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=Path, required=True, help="folder of the trials' runs")
    parser.add_argument("--init-from", required=True, help="reader file all of them begin with")
    parser.add_argument("--questions", type=int, default=3000)
    parser.add_argument("--only", nargs="+", help="names of trials")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    table = Table("trial", *SHOWN, *(f"{source}: f1, hard" for source in GERMAN))
    for trial in TRIALS:
        if not options.only or trial.name in options.only:
            table.add_row(trial.name, *_cells(run(trial, options)))
    if not options.only:
        table.add_row("two seeds averaged", *_cells(two_averaged(options)))
    Console(width=150).print(table)


def run(trial: Trial, options: argparse.Namespace) -> dict[str, Any]:
    """The examination that ends a trial."""
    folder = options.runs / trial.name.replace(" ", "-")
    done = _last_examination(folder)
    if done is not None:
        return done
    with trial.otherwise():
        trainer = _trainer(folder, trial, options)
        trainer.train()
    found = _last_examination(folder)
    if found is None:
        raise SystemExit(f"{folder}: was stopped; start again to go on.")
    return found


def _trainer(folder: Path, trial: Trial, options: argparse.Namespace) -> Trainer:
    settings = Settings(
        data=DATA,
        seed=11,
        rank=96,
        alpha=192.0,
        first_layer=2,
        rate=4e-4,
        weight_decay=0.01,
        warm_up=300,
        batch_tokens=4096,
        questions=options.questions,
        cool_down=options.questions,
        precision="bf16" if preferred_dtype() == "bfloat16" else "fp32",
        init_from=options.init_from,
        seen_before=0,
    )
    settings = replace(settings, **trial.settings)
    folder.mkdir(parents=True, exist_ok=True)
    settings.write(folder)
    unattended = argparse.Namespace(
        threads=options.threads,
        log_every=20,
        save_every=5,
        examine_every=1_000_000,
        examine_questions=1,
    )
    return Trainer(folder, settings, None, unattended)


def two_averaged(options: argparse.Namespace) -> dict[str, Any]:
    """The first two trials' readers averaged, with as many factors as both have."""
    runs = [options.runs / name for name in ("as-it-is", "another-seed")]
    mean = averaged(
        [load_file(run / "checkpoint" / "reader.safetensors") for run in runs], [0.5] * 2
    )
    trainer = _trainer(options.runs / "averaged", TRIALS[0], options)
    model = trainer.model
    wide = AdapterSettings(
        2 * model.settings.rank, model.settings.scale, model.settings.first_layer
    )
    trainer.model = SpanModel(_encoder(), wide, 1, model.dtype)
    trainer.model.load(mean)
    return trainer.examination()


def _encoder() -> Path:
    from index.encoder.models import resolve

    return resolve().path


def _last_examination(folder: Path) -> dict[str, Any] | None:
    """The one that a finished run ends with."""
    curve = folder / "curve.jsonl"
    lines = curve.read_text("utf-8").splitlines() if curve.is_file() else []
    entries = [json.loads(line) for line in lines]
    if not entries or entries[-1]["event"] != "finished":
        return None
    found: dict[str, Any] = next(e for e in reversed(entries) if e["event"] == "examination")
    return found


def _cells(found: Mapping[str, Any]) -> list[str]:
    of = [found["sources"].get(source, {}) for source in GERMAN]
    return [
        *(f"{found[name]:.3f}" for name in SHOWN),
        *(f"{own.get('f1', 0):.3f}, {own.get('hard_auroc', 0):.3f}" for own in of),
    ]


if __name__ == "__main__":
    main()
