"""The questions in one language on paragraphs of another, which what is shown is fitted on."""

from __future__ import annotations

from index.text.analysis import detect
from training.cases import ACROSS, OWN, _across
from training.check_data import check
from training.reader_sources import source_files

FILES = sorted((OWN / ACROSS).glob("*.jsonl"))


def test_the_files_are_sound() -> None:
    figures = check(FILES)
    assert figures.paragraphs >= 100
    assert figures.unanswerable >= figures.paragraphs


def test_no_reader_is_trained_on_them() -> None:
    read = {path.resolve() for path in source_files([OWN / "data"])}
    assert not read & {path.resolve() for path in FILES}


def test_they_ask_in_another_language_than_their_paragraph_has() -> None:
    askings = list(_across())
    other = [detect(asking.question) != asking.paragraph.language for asking in askings]
    assert sum(other) > 0.97 * len(other)
    for asking in askings:
        for view in asking.views:
            for place in view:
                said = asking.paragraph.text[place.start : place.end]
                assert said
                assert said == said.strip()


def test_both_ways_are_asked() -> None:
    languages = [asking.paragraph.language for asking in _across()]
    assert min(languages.count("en"), languages.count("de")) >= 100
