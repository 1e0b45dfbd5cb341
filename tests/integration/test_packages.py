"""What ships: a wheel and an sdist that hold all files, and a command that works without a checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("index", "qa", "app.py")
BESIDE = ("pyproject.toml", "README.md", "LICENSE")
"""Files that building reads beside those that ship."""

QUESTION = "Wie hoch wurde Scale AI bewertet?"


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The files that ship, as git lists them; what it ignores was made by running."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *SHIPPED)
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout, so nothing says which files are the project's")
    listed = _run(*command, cwd=ROOT).splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def sdist(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the files alone, where earlier builds have left nothing."""
    pytest.importorskip("setuptools", reason="setuptools, which builds, is not installed")
    copy = tmp_path_factory.mktemp("checkout")
    for name in (*files, *BESIDE):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    return _built("sdist", copy)


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, as installers do where no wheel fits."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        # Python 3.11 knows filters since its fourth release; 3.12 warns where none is named.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    [unpacked] = folder.iterdir()
    return _built("wheel", unpacked)


def _built(kind: str, source: Path) -> Path:
    """Build with the backend of this environment, as ``python -m build --no-isolation`` does."""
    code = f"from setuptools import build_meta; print(build_meta.build_{kind}('dist'))"
    return source / "dist" / _run(sys.executable, "-c", code, cwd=source).splitlines()[-1]


def _run(*command: object, cwd: Path, **env: str) -> str:
    """What a command prints, without any path to the checkout in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file(files: list[str], wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(files)


def test_the_sdist_holds_every_file(files: list[str], sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {*files, *BESIDE} - names == set()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; what it depends on is taken from that of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin/python"
    options = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    _run(*(sys.executable, "-m", "pip", "--python", python, "install"), *options, wheel, cwd=folder)
    # A .pth file within a folder that a .pth file names is not read: an editable install of the
    # checkout does not count.
    [packages] = folder.glob("lib/python*/site-packages")
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(paths)), "utf-8")
    return folder


class TestInstalled:
    def test_the_code_is_that_of_the_wheel(self, installed: Path, tmp_path: Path) -> None:
        code = "import app, index, qa; print(app.__file__, index.__file__, qa.__file__, sep='\\n')"
        for place in _run(installed / "bin/python", "-c", code, cwd=tmp_path).splitlines():
            assert Path(place).is_relative_to(installed)

    def test_the_version_is_the_projects(self, installed: Path, tmp_path: Path) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        shown = _run(installed / "bin/qa", "--version", cwd=tmp_path)
        assert shown.strip() == f"qa (fundstelle) {project['version']}"

    def test_a_question_is_answered(self, installed: Path, tmp_path: Path) -> None:
        source = ROOT / "examples/articles/scale-ai-aktienverkauf.md"
        article = Path(shutil.copy(source, tmp_path))
        qa = (installed / "bin/qa", "--index", tmp_path / "index")
        _run(*qa, "add", article.name, cwd=tmp_path)
        answer = json.loads(_run(*qa, "query", "--json", QUESTION, cwd=tmp_path))
        assert "25 Milliarden" in answer["answer"]
        [citation, *_] = answer["citations"]
        assert citation["quote"] in article.read_text("utf-8")
