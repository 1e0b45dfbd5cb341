"""What the commands' tests share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's own settings do not count."""
    for name in ("QA_INDEX", "QA_DEBUG", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def copied(sample_folder: Path, tmp_path: Path) -> Path:
    """An index of one's own to write to."""
    return Path(shutil.copytree(sample_folder, tmp_path / "index"))
