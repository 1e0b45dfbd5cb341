"""The example questions in the part that may be fitted on and the part that judges."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@cache
def example_questions() -> tuple[dict[str, Any], ...]:
    """The lines of ``questions.jsonl``."""
    lines = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def judging_questions() -> frozenset[str]:
    """The questions that nothing is fitted on: by their articles, as ``parts.toml`` lists them."""
    judging = tomllib.loads((EXAMPLES / "parts.toml").read_text("utf-8"))["judging"]
    articles = set(judging["articles"])
    answered = {
        entry["question"] for entry in example_questions() if articles & set(entry["articles"])
    }
    return frozenset(answered | set(judging["unanswerable"]))
