"""What an index was built with, and whether it may be used with what is here now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from index import segment
from index.config import IndexConfig
from index.embed import Embedder
from index.errors import IndexMismatchError
from index.language import analysis_version
from index.split import splitter_version


def config_of(settings: dict[str, str], config: IndexConfig | None, folder: Path) -> IndexConfig:
    """The configuration of a new index, or one that agrees with a stored one's."""
    if not settings:
        return config or IndexConfig()
    stored = json.loads(settings["config"])
    if config is None:
        return replace(IndexConfig(), **stored)
    if config.built_with() != stored:
        raise IndexMismatchError(
            f"{folder} was built with {stored}, and {config.built_with()} was asked for. Leave the "
            "settings out, or build another index: qa --index NEW_FOLDER add PATH"
        )
    return config


def settings_of(config: IndexConfig, embedder: Embedder) -> dict[str, str]:
    """What an index remembers of what it was built with."""
    return {
        "config": json.dumps(config.built_with()),
        "model_name": embedder.name,
        "model": embedder.fingerprint,
        "dimension": str(embedder.dimension),
        "analysis": analysis_version,
        "splitter": splitter_version,
        "segments": segment.LAYOUT,
    }


def check_settings(
    settings: dict[str, str], config: IndexConfig, embedder: Embedder, folder: Path
) -> None:
    """Refuse an index that was built with another model, analysis or splitter."""
    for name, ours in settings_of(config, embedder).items():
        if name == "segments" and settings.get(name) in segment.EARLIER:
            continue
        if name != "config" and settings.get(name) != ours:
            raise IndexMismatchError(
                f"{folder} was built with {name} {settings.get(name)}, and this is {name} {ours}. "
                f"Build it again in a new folder: qa --index NEW_FOLDER add PATH"
            )
