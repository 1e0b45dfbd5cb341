"""The answer's one JSON object, with no path of this machine in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from qa.export.origins import origin_of
from qa.show.sanitize import json_text

if TYPE_CHECKING:
    from index import Article
    from qa.records import Answer


def write(answer: Answer, articles: Mapping[str, Article], asked: date) -> str:
    """What ``qa query --json`` prints; a ``source`` that is no address is the name of its file."""
    return json_text(_without_paths(answer.to_json())) + "\n"


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: origin_of(entry)
            if name == "source" and isinstance(entry, str)
            else _without_paths(entry)
            for name, entry in value.items()
        }
    if isinstance(value, list):
        return [_without_paths(entry) for entry in value]
    return value
