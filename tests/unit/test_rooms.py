"""The rooms of the house: what imports what, as drawn in docs/design.md; and how large things are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

OPEN_TO_QA = (
    "index.beside",
    "index.cache",
    "index.loaded",
    "index.encoder",
    "index.maintenance",
    "index.text",
    "index.translation",
)
"""Rooms of ``index`` whose modules ``qa`` may use beside the names that ``index`` itself shows."""


def _sources() -> Iterator[tuple[str, Path]]:
    for path in [ROOT / "app.py", *ROOT.glob("index/**/*.py"), *ROOT.glob("qa/**/*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


SOURCES = dict(sorted(_sources()))
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}
PACKAGES = {name for name, path in SOURCES.items() if path.name == "__init__.py"}
ROOMS = PACKAGES - {"index", "qa"}


def room_of(module: str) -> str:
    """The package a module lies in; a module of index or qa itself is a room of its own."""
    inside = [room for room in ROOMS if module == room or module.startswith(room + ".")]
    return max(inside, key=len) if inside else module


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """The project's modules that a module imports anywhere, in functions and for types too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in SOURCES)
        elif isinstance(node, ast.ImportFrom) and node.module in SOURCES:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in submodules if name in SOURCES)
            if any(name not in SOURCES for name in submodules):
                yield node.module


def real_arrows() -> dict[str, set[str]]:
    arrows: dict[str, set[str]] = {room_of(module): set() for module in SOURCES}
    for module, tree in TREES.items():
        here = room_of(module)
        arrows[here] |= {room_of(other) for other in imported_modules(tree)} - {here}
    return arrows


def drawn_arrows() -> dict[str, set[str]]:
    """The lines ``room ← room, room`` of the drawing, in its order."""
    text = (ROOT / "docs/design.md").read_text("utf-8")
    drawing = re.search(r"```rooms\n(.*?)```", text, re.S)
    assert drawing, "docs/design.md has no block ```rooms"
    arrows: dict[str, set[str]] = {}
    for line in drawing[1].splitlines():
        room, _, used = line.partition("←")
        arrows[room.strip()] = {name.strip() for name in used.split(",") if name.strip()}
    return arrows


def drawing() -> str:
    """The drawing as the code has it, each room below those that it uses."""
    arrows, lines = real_arrows(), list[str]()
    done: set[str] = set()
    while len(done) < len(arrows):
        ready = sorted(room for room in arrows.keys() - done if arrows[room] <= done)
        assert ready, f"imports in a circle among {sorted(arrows.keys() - done)}"
        lines += [f"{room} ← {', '.join(sorted(arrows[room]))}".rstrip(" ←") for room in ready]
        done |= set(ready)
    return "\n".join(lines)


def test_the_drawing_is_the_code() -> None:
    assert drawn_arrows() == real_arrows(), f"docs/design.md should have\n{drawing()}"


def test_arrows_point_one_way() -> None:
    above: set[str] = set()
    for room, used in drawn_arrows().items():
        assert used <= above, f"{room} uses {used - above}, which the drawing has below it"
        above.add(room)


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_nobody_imports_past_a_rooms_door(module: str) -> None:
    here = room_of(module)
    for other in imported_modules(TREES[module]):
        room = room_of(other)
        if room == here or room not in ROOMS or other == room:
            continue
        shown = _names_shown(room)
        assert other.removeprefix(room + ".") in shown, (
            f"{module} imports {other}; {room} shows {shown}"
        )


@pytest.mark.parametrize("module", sorted(name for name in SOURCES if name.startswith("qa")))
def test_qa_knows_the_public_side_of_index_alone(module: str) -> None:
    used = {name for name in imported_modules(TREES[module]) if name.startswith("index")}
    assert {name for name in used if name != "index" and room_of(name) not in OPEN_TO_QA} == set()


def scripts() -> list[str]:
    """The modules that fit and measure, by their paths."""
    return sorted(
        str(path.relative_to(ROOT))
        for folder in ("bench", "corpora", "training")
        for path in (ROOT / folder).glob("*.py")
    )


@pytest.mark.parametrize("script", scripts())
def test_scripts_use_what_rooms_show(script: str) -> None:
    tree = ast.parse((ROOT / script).read_text("utf-8"))
    for other in imported_modules(tree):
        room = room_of(other)
        if room in ROOMS and other != room:
            assert other.removeprefix(room + ".") in _names_shown(room), f"{script}: {other}"
    assert set(_private_names(tree)) == set()


def _private_names(tree: ast.Module) -> Iterator[str]:
    """Private names of others: imported, or reached through something else than ``self``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if _is_private(alias.name))
        elif isinstance(node, ast.Attribute) and _is_private(node.attr):
            owner = ast.unparse(node.value)
            # What is private to a class may be used by its other objects; torch has no public way.
            if owner not in ("self", "cls", "other", "torch"):
                yield f"{owner}.{node.attr}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("folder", ["bench", "training"])
def test_bench_and_training_know_nothing_of_each_other(folder: str) -> None:
    for path in (ROOT / folder).glob("*.py"):
        imported = ast.walk(ast.parse(path.read_text("utf-8")))
        modules = [n.module or "" for n in imported if isinstance(n, ast.ImportFrom)]
        others = {"bench", "training"} - {folder}
        assert not [m for m in modules if m.partition(".")[0] in others], path.name


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_says_what_it_is_for(room: str) -> None:
    assert len(ast.get_docstring(TREES[room]) or "") > 20


def _names_shown(room: str) -> list[str]:
    for node in TREES[room].body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []
