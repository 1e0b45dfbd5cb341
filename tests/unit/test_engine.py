"""Gradio is imported without what it does at each import for editors alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOK = """
import os, sys
{before}
finders = list(sys.meta_path)
from qa.web.engine import gradio
from gradio import component_meta
assert sys.meta_path == finders, "imports after it are nobody's business"
assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
print(gradio.__name__, component_meta.create_or_modify_pyi.__module__)
"""


@pytest.mark.parametrize(
    ("before", "maker"), [("", "qa.web.engine"), ("import gradio", "gradio.component_meta")]
)
def test_no_stubs_are_made_where_it_is_imported_here_first(before: str, maker: str) -> None:
    looked = subprocess.run(
        [sys.executable, "-c", LOOK.format(before=before)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert looked.stdout.split() == ["gradio", maker]
