"""What is waited for goes first; the rest waits, and goes on in the end."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest

from index.encoder import precedence
from index.encoder.precedence import Precedence


def test_nobody_waits_for_nothing() -> None:
    begun = time.monotonic()
    Precedence().give_way()
    assert time.monotonic() - begun < precedence.PATIENCE / 2


def test_others_wait_until_the_first_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "PATIENCE", 60.0)
    order: list[str] = []
    turns, has_begun, may_end = Precedence(), Event(), Event()

    def question() -> None:
        with turns.first():
            has_begun.set()
            may_end.wait(30)
            order.append("question")

    def addition() -> None:
        turns.give_way()
        order.append("addition")

    asking, adding = Thread(target=question), Thread(target=addition)
    asking.start()
    has_begun.wait(30)
    adding.start()
    adding.join(0.2)
    assert order == []
    may_end.set()
    asking.join(30)
    adding.join(30)
    assert order == ["question", "addition"]


def test_an_addition_goes_on_however_many_questions_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precedence, "PATIENCE", 0.1)
    turns = Precedence()
    with turns.first():
        turns.give_way()  # returns


def test_steps_of_a_question_that_follow_closely_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "AFTERWARDS", 0.2)
    turns = Precedence()
    with turns.first():
        ended_at_the_earliest = time.monotonic()
    turns.give_way()
    assert time.monotonic() - ended_at_the_earliest >= 0.2
