"""Checking clusters of invented news: each kind of fault is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.check_clusters import check, main
from training.check_data import DataError

OWN = Path(__file__).resolve().parents[2] / "training" / "clusters"


def _cluster() -> dict[str, Any]:
    return {
        "id": "c-1",
        "articles": [
            {
                "id": "c-1-a",
                "title": "Neue Brücke",
                "publisher": "Bote",
                "published": "2024-05-31",
                "text": "Die Brücke kostet zwei Millionen Euro. Sie wird 2031 fertig.",
            }
        ],
        "questions": [
            {
                "question": "Was kostet die Brücke?",
                "kind": "amount",
                "views": [
                    {
                        "value": "zwei Millionen Euro",
                        "article": "c-1-a",
                        "quote": "Die Brücke kostet zwei Millionen Euro.",
                    }
                ],
            },
            {
                "question": "Wann war Baubeginn?",
                "kind": "year",
                "views": [],
                "tempting": "2031",
            },
        ],
    }


def _write(path: Path, *clusters: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(c) + "\n" for c in clusters), encoding="utf-8")
    return path


def test_what_is_right_is_counted(tmp_path: Path) -> None:
    assert check([_write(tmp_path / "c", _cluster())]) == {
        "clusters": 1,
        "articles": 1,
        "questions": 2,
        "with one view": 1,
        "unanswerable": 1,
    }


def _view(cluster: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = cluster["questions"][0]["views"][0]
    return found


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: _view(c).update(quote="Die Brücke kostet nichts."), "stands 0 times in c-1-a"),
        (lambda c: _view(c).update(value="drei"), "stands 0 times in its quote"),
        (lambda c: _view(c).update(value="e"), "times in its quote"),
        (lambda c: _view(c).update(article="b"), "no article 'b'"),
        (lambda c: c["questions"][1].update(tempting="2032"), "'2032' stands in no article"),
        (lambda c: c["questions"][1].pop("tempting"), "either views or a tempting value"),
        (lambda c: c["questions"].append(c["questions"][0]), "asked 2 times"),
        (lambda c: c["articles"][0].update(published="May"), "cannot be read"),
        (lambda c: c["articles"][0].update(publisher=" "), "no publisher"),
        (lambda c: c["articles"].append(c["articles"][0]), "two articles have one id"),
        (lambda c: c.pop("questions"), "KeyError"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], object], message: str
) -> None:
    cluster = _cluster()
    spoil(cluster)
    with pytest.raises(DataError, match=message):
        check([_write(tmp_path / "c", cluster)])


def test_an_id_is_there_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'c-1' is there 2 times"):
        check([_write(tmp_path / "c", _cluster(), _cluster())])


def test_our_own_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file) for file in sorted(OWN.glob("*.jsonl"))]) == 0
    assert "456 unanswerable" in capsys.readouterr().out
