"""What an index was built with, and whether it may be used with what is here now."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from index.config import IndexConfig
from index.encoder.embedder import Embedder, OfFolder, open_embedder
from index.errors import IndexDamagedError, IndexMismatchError
from index.storage import segment
from index.storage.store import Store
from index.text.versions import analysis_version, splitter_version
from index.translation import text

MODEL_VARIABLE = "FUNDSTELLE_MODEL"
"""Names a model that may be fetched where an index was built with it."""

UPGRADE = "pip install --upgrade fundstelle"

_LARGEST_PASSAGE = 1_000_000
"""Tokens; no model reads as many."""
_LARGEST_DIMENSION = 100_000


class UnreadableSettingError(IndexDamagedError):
    """A stored setting is not what this program writes; ``problem`` says so without a remedy."""

    def __init__(self, folder: Path, name: str, reason: str) -> None:
        self.problem = text("its setting {name} cannot be read: {reason}", name=name, reason=reason)
        super().__init__(
            text(
                "{folder}: {problem}. qa repair saves what is sound; or restore a backup: "
                "qa restore FILE --index NEW_FOLDER",
                folder=folder,
                problem=self.problem,
            )
        )


def config_of(settings: Mapping[str, str], config: IndexConfig | None, folder: Path) -> IndexConfig:
    """The configuration of a new index, or one that agrees with a stored one's."""
    if not settings:
        return config or IndexConfig()
    stored = stored_config(settings, folder)
    if config is None:
        return stored
    if config.built_with() != stored.built_with():
        raise IndexMismatchError(
            text(
                "{folder} was built with {built_with}, and {asked} was asked for. Leave "
                "the settings out, or build another index: qa --index NEW_FOLDER add PATH",
                folder=folder,
                built_with=stored.built_with(),
                asked=config.built_with(),
            )
        )
    return config


def stored_config(settings: Mapping[str, str], folder: Path) -> IndexConfig:
    """The configuration that an index was built with. What it says is not believed unread.

    Raises IndexMismatchError for what this version does not know, IndexDamagedError.
    """
    try:
        stored = json.loads(settings["config"])
        if not isinstance(stored, dict):
            raise ValueError("it is no object")
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        reason = "it is missing" if isinstance(error, KeyError) else str(error)
        raise UnreadableSettingError(folder, "config", reason) from error
    unknown = sorted(stored.keys() - {field.name for field in fields(IndexConfig)})
    if unknown:
        raise IndexMismatchError(
            text(
                "{folder} was built with the setting {unknown!r}, which this version does not "
                "know. Upgrade Fundstelle: {upgrade}",
                folder=folder,
                unknown=str(unknown[0])[:40],
                upgrade=UPGRADE,
            )
        )
    for name, value in stored.items():
        if not _fits(name, value):
            raise UnreadableSettingError(folder, "config", f"{name} is {str(value)[:40]!r}")
    return replace(IndexConfig(), **stored)


def settings_of(config: IndexConfig, embedder: Embedder) -> dict[str, str]:
    """What an index remembers of what it was built with."""
    return {"config": json.dumps(config.built_with()), **_of_model(embedder), **_of_rules()}


def check_settings(
    settings: Mapping[str, str], config: IndexConfig, embedder: Embedder | None, folder: Path
) -> None:
    """Refuse an index that was built with another model, analysis or splitter.

    Without an ``embedder`` nothing is said of the model.
    """
    refuse_newer(settings, folder)
    for name, ours in (_of_rules() | (_of_model(embedder) if embedder else {})).items():
        if name == "segments" and settings.get(name) in segment.EARLIER:
            continue
        if settings.get(name) != ours:
            raise IndexMismatchError(
                text(
                    "{folder} was built with {name} {settings}, and this is {name} {ours}. Build "
                    "it again in a new folder: qa --index NEW_FOLDER add PATH",
                    folder=folder,
                    name=name,
                    settings=str(settings.get(name))[:80],
                    ours=ours,
                )
            )


def refuse_newer(settings: Mapping[str, str], folder: Path) -> None:
    """Refuse what a newer version has written, which nothing here may write over.

    Raises IndexMismatchError.
    """
    layout = settings.get("segments", "")
    if (
        layout.isascii()
        and layout.isdigit()
        and len(layout) < 6
        and int(layout) > int(segment.LAYOUT)
    ):
        raise IndexMismatchError(
            text(
                "{folder} has segments of layout {layout}; this version of Fundstelle knows up "
                "to {known}. Upgrade Fundstelle: {upgrade}",
                folder=folder,
                layout=layout,
                known=segment.LAYOUT,
                upgrade=UPGRADE,
            )
        )
    with suppress(IndexDamagedError):
        stored_config(settings, folder)


def problem_of(row: Mapping[str, Any]) -> str | None:
    """What is wrong with a row of the settings that is as it was written."""
    name = row["name"]
    checks: dict[str, Callable[[Mapping[str, str], Path], object]] = {
        "config": stored_config,
        "dimension": dimension_of,
    }
    try:
        if name in checks:
            checks[name]({name: row["value"]}, Path())
    except UnreadableSettingError as error:
        return error.problem
    return None


def embedder_of(config: IndexConfig, *, named: bool = False) -> Embedder:
    """The model of an index, fetched only where the user has named it.

    ``named``: to this program; otherwise in the environment. Raises ModelError.
    """
    return open_embedder(
        config.model, fetch=named or os.environ.get(MODEL_VARIABLE) == config.model
    )


class Model:
    """The model of an index, opened when it is first needed, and compared with the index then."""

    def __init__(
        self, folder: Path, config: IndexConfig, store: Store, given: Embedder | None, named: bool
    ) -> None:
        """``given`` is one that the caller has open; ``named``: as in ``embedder_of``."""
        self._folder = folder
        self._config = config
        self._store = store
        self._opened = given
        self._is_named = named
        self._lock = Lock()

    def get(self) -> Embedder:
        """Raises ModelError, IndexMismatchError."""
        with self._lock:
            if self._opened is None:
                opened = embedder_of(self._config, named=self._is_named)
                if settings := self._store.settings():
                    check_settings(settings, self._config, opened, self._folder)
                self._opened = opened
            return self._opened

    def begin_loading(self) -> None:
        """Load the model in a thread; whoever embeds a question meanwhile waits for it."""
        Thread(target=self._load, name="loading").start()

    def _load(self) -> None:
        with suppress(Exception):  # whoever asks for it is told
            opened = self.get()
            if isinstance(opened, OfFolder):
                opened.load()
            else:
                opened.embed_queries(["?"])

    @property
    def opened(self) -> Embedder | None:
        """The model if it is open."""
        return self._opened

    def check(self, settings: Mapping[str, str]) -> None:
        """Refuse an index that was empty when it was opened and was begun by another since."""
        if settings:
            config_of(settings, self._config, self._folder)
            check_settings(settings, self._config, self._opened, self._folder)


def dimension_of(settings: Mapping[str, str], folder: Path) -> int:
    """How many numbers a vector has; 1 in an index that has none."""
    stated = settings.get("dimension", "1")
    if not (stated.isascii() and stated.isdigit() and 0 < int(stated[:9]) < _LARGEST_DIMENSION):
        raise UnreadableSettingError(folder, "dimension", f"it is {stated[:40]!r}")
    return int(stated)


def _of_rules() -> dict[str, str]:
    return {
        "analysis": analysis_version,
        "splitter": splitter_version,
        "segments": segment.LAYOUT,
    }


def _of_model(embedder: Embedder) -> dict[str, str]:
    return {
        "model_name": embedder.name,
        "model": embedder.fingerprint,
        "dimension": str(embedder.dimension),
    }


def _fits(name: str, value: Any) -> bool:
    if name == "model":
        return isinstance(value, str) and bool(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if name in ("passage_tokens", "candidates"):
        return isinstance(value, int) and 0 < value <= _LARGEST_PASSAGE
    return 0 <= value < float("inf")
