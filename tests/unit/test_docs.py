"""The documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from qa.cli.main import app

ROOT = Path(__file__).parents[2]
USAGE = (ROOT / "docs/usage.md").read_text("utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_option_stands_in_its_command_s_section(command: str) -> None:
    _, _, after = USAGE.partition(f"\n## qa {command}\n")
    section = after.partition("\n## ")[0]
    everywhere = {"--index", "--json", "--help"}
    for parameter in COMMANDS[command].params:
        names = [name for name in parameter.opts if name.startswith("-")]
        if names and not everywhere & set(names):
            assert any(name in section for name in names), names


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_no_option_is_documented_that_is_not_there(command: str) -> None:
    _, _, after = USAGE.partition(f"\n## qa {command}\n")
    section = after.partition("\n## ")[0]
    known = {name for parameter in COMMANDS[command].params for name in parameter.opts}
    table = "\n".join(line for line in section.splitlines() if line.startswith("| `-"))
    named = set(re.findall(r"`(--?[a-z][a-z-]*)", table))
    assert named <= known, named - known


def test_the_files_that_documents_link_to_exist() -> None:
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_the_python_example_of_the_readme_runs(
    sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert example
    code = example.group(1).replace("examples/articles", str(ROOT / "examples/articles/insulin.md"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["answer"]


def test_where_to_change_what_names_files_that_are_there() -> None:
    design = (ROOT / "docs/design.md").read_text("utf-8")
    table = design.partition("**Where to change what.**")[2].partition("\n\n")[2]
    table = table.partition("\n\n")[0]
    paths = re.findall(r"`([^`\s]+/[^`\s]+)`", table)
    assert len(paths) >= 8
    assert [path for path in paths if not (ROOT / path).exists()] == []
