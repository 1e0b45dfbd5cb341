"""What decides a training run of the reader: its settings, where it is, and its command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

DATA = ("../shared/data/reader", "../shared/data/news/clusters-train.jsonl", "training/data")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides the run's result, beside the data."""

    data: tuple[str, ...]
    seed: int
    rank: int
    alpha: float
    first_layer: int
    rate: float
    weight_decay: float
    warm_up: int
    """Questions until the rate is at its height."""
    batch_tokens: int
    questions: int
    """The run's end. It can be moved while the rate is at its height."""
    cool_down: int
    """Questions before the end over which the rate falls to zero in a straight line."""
    precision: str
    init_from: str | None
    """A reader's file, or a checkpoint folder, with whose weights the run began."""
    seen_before: int
    """The questions that those weights had seen."""

    @classmethod
    def read(cls, run: Path) -> Settings:
        """The settings with which the run in ``run`` was begun."""
        kept = json.loads((run / "settings.json").read_text("utf-8"))
        return cls(**{**kept, "data": tuple(kept["data"])})

    def write(self, run: Path) -> None:
        """Keep them in the run's folder."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        (run / "settings.json").write_text(text, "utf-8")

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(map(Path, self.data))


@dataclass(slots=True)
class Progress:
    """Where a run is; saved with each checkpoint."""

    pass_number: int = 0
    batch: int = 0
    questions: int = 0
    steps: int = 0
    active_seconds: float = 0.0


def rate(
    settings: Settings,
    questions: int,
    began: datetime,
    deadline: datetime | None,
) -> float:
    """The learning rate after ``questions``: rising, then level, then falling to zero.

    With a ``deadline`` it is never above the straight line from its height, when the process
    ``began``, to zero then.
    """
    risen = (questions + 1) / settings.warm_up
    left = (settings.questions - questions) / max(1, settings.cool_down)
    if deadline is not None:
        given = max(deadline - began, timedelta(seconds=1))
        left = min(left, (deadline - now()) / given)
    return settings.rate * max(0.0, min(1.0, risen, left))


def options() -> argparse.Namespace:
    """The command line of ``train_reader``."""
    parser = argparse.ArgumentParser(description="Train the reader.")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--cool", type=Path, help="begin as a cool-down of the run in this folder")
    parser.add_argument("--data", nargs="+", default=DATA, help="files and folders")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rank", type=int, default=96)
    parser.add_argument("--alpha", type=float, help="twice the rank if not given")
    parser.add_argument("--first-layer", type=int, default=2, help="lower layers stay frozen")
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate at its height")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warm-up", type=int, default=1500, help="questions")
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--questions", type=int, default=1_000_000, help="end of the run")
    parser.add_argument("--cool-down", type=int, default=5000, help="questions before the end")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--init-from", help="reader file or checkpoint folder to begin with")
    parser.add_argument("--deadline", help="HH:MM, UTC: the rate falls to zero until then")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--log-every", type=int, default=20, help="steps")
    parser.add_argument("--save-every", type=float, default=5, help="minutes of work")
    parser.add_argument("--examine-every", type=float, default=20, help="minutes of work")
    parser.add_argument("--examine-questions", type=int, default=80, help="for each source")
    return parser.parse_args()


def settings_of(options: argparse.Namespace) -> Settings:
    """Those of the command line; those the run was begun with where there are some already."""
    run: Path = options.run
    if (run / "settings.json").is_file():
        return Settings.read(run)
    if options.cool is not None:
        return _cooling(options.cool, options.cool_down)
    return Settings(
        data=tuple(options.data),
        seed=options.seed,
        rank=options.rank,
        alpha=options.alpha or 2.0 * options.rank,
        first_layer=options.first_layer,
        rate=options.rate,
        weight_decay=options.weight_decay,
        warm_up=options.warm_up,
        batch_tokens=options.batch_tokens,
        questions=options.questions,
        cool_down=options.cool_down,
        precision=options.precision,
        init_from=options.init_from,
        seen_before=0 if options.init_from is None else _seen(Path(options.init_from)),
    )


def _cooling(trunk: Path, questions: int) -> Settings:
    """The settings of the run in ``trunk``, ending ``questions`` after its last save."""
    state = json.loads((trunk / "checkpoint" / "state.json").read_text("utf-8"))
    end = state["progress"]["questions"] + questions
    return replace(Settings.read(trunk), questions=end, cool_down=questions)


def _seen(begun: Path) -> int:
    """How many questions a reader's file, or a checkpoint, had seen in all."""
    if begun.is_file():
        seen: int = json.loads(begun.with_suffix(".json").read_text("utf-8"))["questions"]
        return seen
    state = json.loads((begun / "state.json").read_text("utf-8"))
    total: int = state["progress"]["questions"] + state["settings"].get("seen_before", 0)
    return total


def weights_to_begin_with(begun: Path, encoder: str, scale: float) -> Mapping[str, Tensor]:
    """The parameters of a reader's file or of a checkpoint, in float32.

    Raises ValueError where they belong to another encoder or another scale.
    """
    if begun.is_file():
        with safe_open(begun, "pt") as file:
            about: dict[str, Any] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    else:
        state = json.loads((begun / "state.json").read_text("utf-8"))
        kept = state["settings"]
        about = {"encoder": state["encoder"], "scale": kept["alpha"] / kept["rank"]}
        with safe_open(begun / "reader.safetensors", "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if about.get("encoder") != encoder:
        raise ValueError(f"{begun} was trained on other encoder weights; begin without it.")
    if float(about["scale"]) != scale:
        raise ValueError(f"{begun} has alpha / rank {about['scale']}; set --alpha to match.")
    return {name: tensor.to(torch.float32) for name, tensor in tensors.items()}


def until(text: str | None) -> datetime | None:
    """The next time the clock shows ``text``, HH:MM in UTC."""
    if text is None:
        return None
    hour, minute = map(int, text.split(":"))
    deadline = now().replace(hour=hour, minute=minute, second=0, microsecond=0)
    return deadline if deadline > now() else deadline + timedelta(days=1)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
