"""What is made once and kept in the user's cache."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.cache import made_once
from index.text.identifier import identifier


def test_it_is_made_once_however_many_ask(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "a").write_text("a", "ascii")

    target = tmp_path / "deep" / "target"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: made_once(target, make), range(8)))
    assert set(found) == {target}
    assert len(made) == 1
    assert [path.name for path in target.iterdir()] == ["a"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("half", "ascii")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        made_once(tmp_path / "target", fail)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


def test_the_unpacked_model_tells_languages_as_the_packed_one_does() -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    packed = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    for text in ("Wer leitet das Werk?", "Who runs the plant?", "Qui dirige l'usine ?", "", "a"):
        assert identifier().rank(text) == packed.rank(text)
