"""The development data: without it, scripts say so in a line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("script", ["bench.retrieval", "bench.answers", "bench.ablation"])
def test_a_script_without_its_data_says_where_it_looked(script: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", script],
        cwd=ROOT,
        env=os.environ | {"FUNDSTELLE_DATA": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{tmp_path}/none/")
    assert "FUNDSTELLE_DATA" in line
