"""The page's own files: what its scripts may do, and that texts, names and files fit together."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from string import Template

import pytest

from index.translation import languages, speaking
from qa.show import sanitize
from qa.web.labels import examples, labels

STATIC = Path(__file__).parents[2] / "qa/web/static"
SCRIPTS = sorted(STATIC.glob("*.js"))
EARLY = 17
"""Scripts, styles and pictures before anything is asked; three requests of the API come to them."""

FORBIDDEN = {
    "markup made of text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc",
    "text that is run": r"\beval\(|new Function|setTimeout\(\s*[\"'`]|javascript:",
    "styles as attributes": r"\.style\.|cssText|\bstyle:",
    "other hosts": r"https?://(?!www\.w3\.org/2000/svg)",
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_scripts_do_nothing_dangerous(script: Path, what: str) -> None:
    assert re.findall(FORBIDDEN[what], script.read_text("utf-8")) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stay_short_and_tell_what_they_export(script: Path) -> None:
    lines = script.read_text("utf-8").splitlines()
    assert len(lines) <= 300
    assert max(map(len, lines)) <= 100
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line.startswith("export ") and not before.rstrip().endswith("*/")
    ]
    assert bare == []


def test_attributes_and_links_come_from_lists() -> None:
    """Only the helper sets attributes; another place sets those that are known beforehand."""
    setting = re.compile(r"setAttribute\(\s*(?!\"aria-)")
    assert [s.name for s in SCRIPTS if setting.search(s.read_text("utf-8"))] == ["dom.js"]
    helper = (STATIC / "dom.js").read_text("utf-8")
    assert 'const SCHEMES = new Set(["http:", "https:", "blob:"])' in helper
    allowed = re.findall(r"const ATTRIBUTES = new Set\((.*?)\);", helper, re.DOTALL)[0]
    assert not {"style", "srcdoc", "src", "action", "formaction"} & set(re.findall(r"\w+", allowed))


def test_steering_characters_are_the_same_as_the_servers() -> None:
    ours = sanitize._STEERING.pattern.replace(r"\ud800-\udfff]", "]")
    assert f"{ours}|\\p{{Surrogate}}/gu" in (STATIC / "dom.js").read_text("utf-8")


def test_scripts_use_the_texts_that_there_are() -> None:
    names = set(labels())
    text = "\n".join(script.read_text("utf-8") for script in SCRIPTS)
    simple = set(re.findall(r"\bt\(\s*\"([\w.]+)\"", text))
    counted = set(re.findall(r"\bmany\(\s*\"([\w.]+)\"", text))
    assert simple <= names
    assert {f"{name}.{form}" for name in counted for form in ("one", "other")} <= names
    built = re.findall(r"\bt\(`([\w.]+)\.\$\{", text)
    quoted = set(re.findall(r"\"([\w.]+)\"", text))
    unused = {
        name
        for name in names
        if name not in quoted
        and name.rpartition(".")[0] not in counted
        and not name.startswith(tuple(f"{stem}." for stem in built))
    }
    assert unused == set()


@pytest.mark.parametrize("language", languages())
def test_texts_keep_their_places_in_every_language(language: str) -> None:
    english = labels()
    with speaking(language):
        spoken, asked = labels(), examples()
    assert all(spoken.values())
    assert {k: _places(v) for k, v in spoken.items()} == {k: _places(v) for k, v in english.items()}
    assert 3 <= len(asked) == len(set(asked))


def test_the_document_names_its_scripts_and_nothing_else() -> None:
    document = (STATIC / "index.html").read_text("utf-8")
    assert Counter(Template(document).get_identifiers()) == Counter(["language", "title", "texts"])
    filled = Template(document).substitute(language="de", title="Fundstelle", texts="{}")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", filled) == [
        '<script type="application/json" id="texts">'
    ]
    assert not re.search(r"\sstyle=|<style|\son\w+=", filled)
    named = re.findall(r"(?:href|src)=\"static/page/([\w.]+)\"", filled)
    assert all((STATIC / name).is_file() for name in named)
    assert {name for name in named if name.endswith(".js")} == {"theme.js", *_needed("main.js")}
    assert len(named) <= EARLY
    assert sum((STATIC / name).stat().st_size for name in named) < 120_000


def _needed(name: str) -> set[str]:
    """A module with all that it imports at once."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            text = (STATIC / module).read_text("utf-8")
            waiting += re.findall(r"^(?:import|\}) .*?from \"\./([\w.]+)\";$", text, re.MULTILINE)
    return found


def _places(text: str) -> Counter[str]:
    return Counter(re.findall(r"\{(\w+)\}", text))
