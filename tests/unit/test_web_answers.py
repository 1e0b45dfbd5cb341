"""Questions of the page: stage by stage, ended where nobody waits, and kept for a while."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from index import Filters, Hit, Index, Passage, UsageError, make_article
from index.translation import language, speaking, text
from qa.records import Answer, Citation, TimeLimit, View
from qa.web import answers as module
from qa.web.answers import Answers, Asking
from qa.web.shown import shown
from qa.web.stepped import stepped

ARTICLE = make_article(
    "Die Brücke\n\nDie Brücke ist 31 Meter lang.",
    source="https://a.example/bruecke",
    language="de",
    title="Die Brücke",
    publisher="Tagblatt",
    published=date(2025, 6, 14),
)
COPY = replace(ARTICLE, id="c" * 12, source="file:///home/jemand/kopie.txt", publisher=None)
PASSAGE = Passage(1, ARTICLE, 0, len(ARTICLE.text), ())
ANSWER = Answer(
    *("Wie lang ist die Brücke?", "de", "amount", True, "31 Meter [1]", 0.93),
    views=(View("31 Meter", (1,), hedge="rund", probability=0.93),),
    citations=(
        Citation(1, ARTICLE.id, ARTICLE.title, ARTICLE.source, None, None, 12, 41, "Die …", 0.9),
    ),
    passages=(Hit(1, 0.9, PASSAGE, also_in=(COPY,)), Hit(2, 0.8, PASSAGE, also_in=(COPY,))),
)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def asking(answers: Answers) -> Asking:
    return Asking(None, answers)  # type: ignore[arg-type]  # what asks the index is replaced


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the library was asked, which answers at once."""
    calls: list[dict[str, Any]] = []

    def ask(question: str, index: Index, **options: Any) -> Answer:
        for stage in ("understand", "search", "read"):
            options["stage"](stage)
        calls.append({"question": question, "spoken": language(), **options})
        return replace(ANSWER, question=question)

    monkeypatch.setattr(module, "ask", ask)
    return calls


def steps(asking: Asking, request: dict[str, Any]) -> list[dict[str, Any]]:
    async def collect() -> list[dict[str, Any]]:
        return [step async for step in asking.told(request)]

    return asyncio.run(collect())


class TestAsking:
    def test_the_stages_come_before_the_answer(
        self, asking: Asking, answers: Answers, asked: list[dict[str, Any]]
    ) -> None:
        *stages, done = steps(asking, {"question": "Wie lang?"})
        assert stages == [{"stage": name} for name in ("understand", "search", "read")]
        kept = answers.get(done["answer_id"])
        assert kept is not None
        assert done == {
            "stage": "done",
            "answer_id": done["answer_id"],
            "understood": None,
            "answer": kept.to_json(),
            "shown": shown(kept),
        }

    def test_what_is_asked_for_is_what_the_library_is_asked(
        self, asking: Asking, asked: list[dict[str, Any]]
    ) -> None:
        request = {
            "question": "Wie lang?",
            "since": "2024-01-02",
            "until": None,
            "publishers": ["Tagblatt", "Kurier"],
            "languages": ["de"],
            "all_times": True,
            "recent": True,
            "after": None,
        }
        with speaking("de"):
            steps(asking, request)
        [call] = asked
        assert call["spoken"] == "de"
        assert call["filters"] == Filters(
            since=date(2024, 1, 2), languages=("de",), publishers=("Tagblatt", "Kurier")
        )
        assert (call["use_time_limit"], call["recent"]) == (False, True)

    def test_a_plain_question_has_no_limits(
        self, asking: Asking, asked: list[dict[str, Any]]
    ) -> None:
        steps(asking, {"question": "Wie lang?"})
        [call] = asked
        assert call["filters"] == Filters()
        assert (call["use_time_limit"], call["recent"]) == (True, False)

    def test_a_question_that_follows_another_is_asked_in_full(
        self, asking: Asking, asked: list[dict[str, Any]]
    ) -> None:
        before = "Wie hoch wurde Scale AI 2025 bewertet?"
        *_, done = steps(asking, {"question": "Und 2024?", "after": before})
        assert done["understood"] == asked[0]["question"] == done["answer"]["question"]
        assert "Scale AI" in done["understood"]
        *_, done = steps(asking, {"question": "Wer entdeckte das Insulin?", "after": before})
        assert done["understood"] is None
        assert done["answer"]["question"] == "Wer entdeckte das Insulin?"

    @pytest.mark.usefixtures("asked")
    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({}, "question"),
            ({"question": 7}, "question"),
            ({"question": "a", "since": "gestern"}, "since"),
            ({"question": "a", "publishers": "Tagblatt"}, "publishers"),
            ({"question": "a", "publishers": [["x"]]}, "publishers.0"),
            ({"question": "a", "recent": "vielleicht"}, "recent"),
            ({"question": "a", "index": "/etc"}, "index"),
            (["a"], "JSON"),
            ("a", "JSON"),
            (None, "JSON"),
        ],
    )
    def test_a_wrong_wrongis_told(self, asking: Asking, wrong: dict[str, Any], field: str) -> None:
        [told] = steps(asking, wrong)
        assert told["stage"] == "problem"
        assert field in told["problem"]

    def test_an_error_is_told_and_a_bug_is_not(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse(*_: object, **__: object) -> Answer:
            raise UsageError("Zu lang.")

        def fail(*_: object, **__: object) -> Answer:
            raise ZeroDivisionError("the reason")

        monkeypatch.setattr(module, "ask", refuse)
        assert steps(asking, {"question": "a"}) == [{"stage": "problem", "problem": "Zu lang."}]
        monkeypatch.setattr(module, "ask", fail)
        [told] = steps(asking, {"question": "a"})
        assert "the reason" not in told["problem"]
        assert "the reason" in caplog.text

    def test_a_question_nobody_waits_for_ends_at_its_next_stage(
        self, asking: Asking, answers: Answers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left, ended = threading.Event(), threading.Event()
        reached: list[str] = []

        def ask(question: str, index: Index, *, stage: Callable[[str], None], **_: Any) -> Answer:
            try:
                for name in ("understand", "search", "read"):
                    stage(name)
                    reached.append(name)
                    assert left.wait(10)
            finally:
                ended.set()
            return ANSWER

        async def leave() -> None:
            async with aclosing(asking.told({"question": "a"})) as told:  # type: ignore[type-var]
                assert await anext(told) == {"stage": "understand"}
            left.set()
            assert await asyncio.to_thread(ended.wait, 10)

        monkeypatch.setattr(module, "ask", ask)
        asyncio.run(leave())
        assert reached == ["understand"]
        assert not answers._kept

    def test_a_script_gets_the_answers_object(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "ask", lambda question, index: ANSWER)
        assert asking.answer("Wie lang?") == ANSWER.to_json()


class TestAnswers:
    def test_each_is_found_by_its_name(self, answers: Answers) -> None:
        named = {answers.remember(replace(ANSWER, question=str(n))): str(n) for n in range(9)}
        assert len(named) == 9
        for name, question in named.items():
            found = answers.get(name)
            assert found is not None
            assert found.question == question
        assert answers.get("") is None

    def test_the_oldest_goes_first(self) -> None:
        answers = Answers(most=2)
        names = [answers.remember(ANSWER) for _ in range(3)]
        assert [answers.get(name) is not None for name in names] == [False, True, True]

    def test_long_articles_leave_room_for_few(self) -> None:
        each = 2 * len(ARTICLE.text)
        answers = Answers(characters=2 * each)
        names = [answers.remember(ANSWER) for _ in range(3)]
        assert [answers.get(name) is not None for name in names] == [False, True, True]
        answers = Answers(characters=1)
        assert answers.get(answers.remember(ANSWER)), "the newest stays in any case"


class TestShown:
    @pytest.mark.usefixtures("german")
    def test_words_and_sources(self) -> None:
        assert shown(ANSWER) == {
            "sure": "sicher (93\u00a0%)",
            "views": [{"said": "31 Meter (rund)", "sure": "sicher (93\u00a0%)"}],
            "time_limit": None,
            "sources": {
                ARTICLE.id: {
                    "headline": "Die Brücke",
                    "has_title": True,
                    "publisher": "Tagblatt",
                    "published": "2025-06-14",
                    "published_words": "14.06.2025",
                    "language": "de",
                    "link": "https://a.example/bruecke",
                    "name": "a.example",
                    "also_in": [{"article_id": COPY.id, "name": "kopie.txt"}],
                }
            },
        }

    def test_no_path_of_the_machine_is_told(self) -> None:
        passage = replace(PASSAGE, article=replace(COPY, title=""))
        [source] = shown(replace(ANSWER, passages=(Hit(1, 0.9, passage),)))["sources"].values()
        assert (source["headline"], source["has_title"]) == ("Die Brücke", False)
        assert (source["link"], source["name"], source["published_words"]) == (
            *(None, "kopie.txt", "2025-06-14"),
        )
        assert "jemand" not in str(source)

    @pytest.mark.usefixtures("german")
    @pytest.mark.parametrize(
        ("since", "until", "applied", "told"),
        [
            (date(2023, 1, 1), None, True, "seit 01.01.2023"),
            (None, date(2023, 1, 31), True, "bis 31.01.2023"),
            (date(2023, 1, 1), date(2023, 1, 31), True, "zwischen 01.01.2023 und 31.01.2023"),
            (date(2014, 1, 1), None, False, "aus jeder Zeit"),
        ],
    )
    def test_a_limit_of_time_is_told(
        self, since: date | None, until: date | None, applied: bool, told: str
    ) -> None:
        limit = TimeLimit("im Januar", since, until, applied)
        words = shown(replace(ANSWER, time_limit=limit))["time_limit"]
        assert told in words
        assert "im Januar" in words

    def test_every_article_that_is_cited_is_there(self, sample_index: Index) -> None:
        from qa import ask

        for question in ("Wie hoch wurde Scale AI bewertet?", "Wie viele Monde hat der Saturn?"):
            answer = ask(question, sample_index)
            named = {c.article_id for c in (*answer.citations, *answer.nearest)}
            assert named or not answer.found
            assert named <= shown(answer)["sources"].keys()


class TestStepped:
    """Work in threads, whose end is waited for."""

    def work(self, told: list[str], most: int = 3) -> Generator[str, None, None]:
        try:
            for number in range(most):
                assert threading.current_thread() is not threading.main_thread()
                time.sleep(0.02)
                yield f"{number} {text('Questions')}"
        finally:
            assert threading.current_thread() is not threading.main_thread()
            told.append("closed")

    def test_each_step_comes_in_its_language(self) -> None:
        told: list[str] = []

        async def collect() -> list[str]:
            return [step async for step in stepped(self.work(told))]

        with speaking("de"):
            assert [step[0] for step in asyncio.run(collect())] == ["0", "1", "2"]
        assert told == ["closed"]

    def test_an_error_comes_through(self) -> None:
        def fail() -> Generator[str, None, None]:
            yield "a"
            raise ZeroDivisionError

        async def collect() -> None:
            async for _ in stepped(fail()):
                pass

        with pytest.raises(ZeroDivisionError):
            asyncio.run(collect())

    def test_closed_between_two_steps_it_ends(self) -> None:
        told: list[str] = []

        async def leave() -> None:
            async with aclosing(stepped(self.work(told, 1_000))) as steps:
                await anext(steps)

        asyncio.run(leave())
        assert told == ["closed"]

    def test_cancelled_within_a_step_it_ends_after_it(self) -> None:
        told: list[str] = []

        async def run(steps: AsyncGenerator[str, None]) -> None:
            async for step in steps:
                told.append(step)

        async def leave() -> None:
            running = asyncio.create_task(run(stepped(self.work(told, 1_000))))
            await asyncio.sleep(0.05)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

        asyncio.run(leave())
        assert told[-1] == "closed"
        assert 0 < told.count("closed") < len(told) < 100
