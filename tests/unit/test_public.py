"""What the packages show, and what their modules may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import index
import qa

ROOT = Path(__file__).parents[2]
HEAVY = {
    "gradio",
    "langchain_text_splitters",
    "matplotlib",
    "sentence_transformers",
    "torch",
    "trafilatura",
    "transformers",
}
"""Packages that take a second and more to import, or that only some commands need."""

PAGE = {"app", "qa.web.engine"}
LATE = {"index.encoder.packed_bert", "index.text.division"}
"""Modules that are imported when the first text is embedded or divided."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in [ROOT / "app.py", *ROOT.glob("index/**/*.py"), *ROOT.glob("qa/**/*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        yield name, ast.parse(path.read_text("utf-8"))


MODULES = dict(modules())


def imported(nodes: list[ast.stmt] | list[ast.AST]) -> Iterator[str]:
    """The modules that import statements among ``nodes`` name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            # "from index import store" names a module as well as "from index.store import Store".
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def everywhere(tree: ast.Module) -> set[str]:
    return set(imported(list(ast.walk(tree))))


def at_import(tree: ast.Module) -> set[str]:
    """What is imported together with the module: not in functions, not for types alone."""

    def statements(nodes: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in nodes:
            yield node
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                yield from statements(node.orelse)
            elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for block in ("body", "orelse", "finalbody"):
                    yield from statements(getattr(node, block, []))

    return set(imported(list(statements(tree.body))))


def packages(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_surface_of_index() -> None:
    assert sorted(index.__all__) == [
        "AS_IT_IS",
        "AddReport",
        "Article",
        "ArticleNotFoundError",
        "ArticlePage",
        "ArticleQuery",
        "ArticleSummary",
        "BackupReport",
        "CheckReport",
        "Chunk",
        "Columns",
        "Damage",
        "Failure",
        "Filters",
        "Forgetting",
        "FundstelleError",
        "Hit",
        "Holdings",
        "Index",
        "IndexBusyError",
        "IndexConfig",
        "IndexDamagedError",
        "IndexFolderError",
        "IndexMismatchError",
        "LegScore",
        "Listing",
        "ModelError",
        "Order",
        "Passage",
        "Progress",
        "ReadOptions",
        "Removal",
        "RepairReport",
        "ShownArticle",
        "Snapshot",
        "SourceError",
        "Span",
        "Status",
        "SyncReport",
        "TERM_SHARE_CAP",
        "UsageError",
        "Withdrawn",
        "are_copies",
        "default_path",
        "form",
        "make_article",
        "read_sources",
        "read_text_file",
        "renumbered",
        "spread",
        "to_json",
    ]


def test_surface_of_qa() -> None:
    assert sorted(qa.__all__) == [
        "Answer",
        "Citation",
        "Evidence",
        "Normalized",
        "TimeLimit",
        "View",
        "ask",
        "ask_many",
    ]


@pytest.mark.parametrize("package", [index, qa], ids=["index", "qa"])
def test_public_names_are_there_and_documented(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name).__doc__, name


def test_the_rules_see_imports() -> None:
    """A rule that finds nothing forbidden must have looked at something."""
    assert {"index", "index.core", "index.ingest.files", "qa", "qa.answer", "app"} <= set(MODULES)
    assert "index.storage.store.Store" in everywhere(MODULES["index.core"])
    assert "torch" in everywhere(MODULES["index.encoder.embedder"])
    assert "torch" not in at_import(MODULES["index.encoder.embedder"])
    assert "torch" in at_import(MODULES["index.encoder.packed_bert"])


@pytest.mark.parametrize("name", sorted(MODULES))
class TestImports:
    def test_point_one_way(self, name: str) -> None:
        used = packages(everywhere(MODULES[name]))
        assert not used & {"training", "bench", "tests"}
        if name.startswith("index"):
            assert not used & {"qa", "app"}
        if name.startswith("qa") and name != "qa.cli.main":
            assert "app" not in used

    def test_only_the_storage_room_holds_sql(self, name: str) -> None:
        if "sqlite3" in packages(everywhere(MODULES[name])):
            assert name.startswith("index.storage.")

    def test_heavy_packages_wait_until_they_are_needed(self, name: str) -> None:
        if name not in PAGE | LATE:
            assert not packages(at_import(MODULES[name])) & HEAVY


@pytest.mark.parametrize("name", sorted(n for n in MODULES if n.startswith("index.legs.")))
def test_legs_know_arrays_and_row_numbers_alone(name: str) -> None:
    used = everywhere(MODULES[name])
    assert not packages(used) & {"qa", "app"}
    assert all(one.startswith("index.legs") for one in used if one.partition(".")[0] == "index")


def test_page_uses_public_names() -> None:
    used = {name for name in everywhere(MODULES["app"]) if packages({name}) == {"index"}}
    used = {name for name in used if not name.startswith("index.translation")}
    assert used <= {"index"} | {f"index.{name}" for name in index.__all__}


def test_nothing_heavy_comes_with_the_packages() -> None:
    code = f"import sys, index, qa; print(*{HEAVY} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_nothing_heavy_comes_with_opening_an_index(tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from index import Index, make_article
        from tests.fakes import WordEmbedder
        with Index.open(sys.argv[1], embedder=WordEmbedder()) as index:
            index.status(), index.articles(), index.search("Frage")
        print(*{HEAVY} & sys.modules.keys())"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "index")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
