"""Random steps on an index and on a dict, which must always agree."""

from __future__ import annotations

import random
from datetime import date, timedelta

from index import Article, ArticleNotFoundError, Filters, Index
from tests.durability import bugs, children
from tests.durability.check import (
    EVERYTHING,
    BrokenPromiseError,
    check_content,
    check_search,
    check_segments,
    open_index,
    scratch,
)
from tests.durability.outcome import Outcome
from tests.durability.workload import State, Step, carry_out, make_plan, states_after

CROWD = 20
"""Articles beyond which some are removed, so that steps stay fast."""


def run(seed: int, steps: int, bug: str = "") -> Outcome:
    """So many steps on one index, each followed by a search with filters."""
    outcome: Outcome = children.call(_run, seed, steps, bug)
    return outcome


def _run(seed: int, steps: int, bug: str) -> Outcome:
    bugs.plant(bug)
    outcome, chance = Outcome(), random.Random(f"agree {seed}")
    with scratch() as folder:
        index = open_index(folder / "index")
        state: State = {}
        for number in range(steps):
            step = make_plan(f"agree {seed} {number}", 1, state).steps[0]
            if len(state) > CROWD:
                step = Step(remove=tuple(chance.sample(sorted(state), CROWD // 2)))
            try:
                index = carry_out(step, index, lambda: None, lambda: open_index(folder / "index"))
                state = states_after([step], state)[-1]
                _compare(index, state, chance, number)
            except Exception as error:
                outcome.failed(f"seed {seed}, step {number}: {type(error).__name__}: {error}")
                break
            outcome.passed()
        index.close()
    return outcome


def _compare(index: Index, state: State, chance: random.Random, number: int) -> None:
    check_content(index, [state])
    filters, query = _filters(chance, state), chance.choice(("Hafen", "Nebel am Ofen"))
    found = index.search(query, k=EVERYTHING, filters=filters, language="de")
    sources = {a.source for hit in found for a in (hit.passage.article, *hit.also_in)}
    expected = {a.source for a in state.values() if _passes(a, filters)}
    if sources != expected:
        raise BrokenPromiseError(f"{filters} finds {sorted(sources ^ expected)} wrongly or not")
    if [a.article_id for a in index.articles(filters)] != [
        a.article_id for a in index.articles() if state[a.article_id].source in expected
    ]:
        raise BrokenPromiseError(f"{filters} lists other articles than it finds")
    if index.status().articles != len(state):
        raise BrokenPromiseError("the status counts wrongly")
    try:
        index.remove("test:never")
        raise BrokenPromiseError("an article that is not there was removed")
    except ArticleNotFoundError:
        pass
    if number % 5 == 0:
        check_segments(index)
        check_search(index, chance)


def _filters(chance: random.Random, state: State) -> Filters:
    since = date(2020, 1, 1) + timedelta(days=chance.randint(0, 2000))
    known = sorted(state) or ["0"]
    return chance.choice(
        (
            Filters(),
            Filters(since=since),
            Filters(until=since),
            Filters(sources=(f"-{chance.randint(0, 9)}/",)),
            Filters(article_ids=tuple(chance.sample(known, min(3, len(known))))),
            Filters(languages=("de",)),
            Filters(languages=("fr",)),
        )
    )


def _passes(article: Article, filters: Filters) -> bool:
    published = article.published
    return (
        (not filters.since or (published is not None and published >= filters.since))
        and (not filters.until or (published is not None and published <= filters.until))
        and (not filters.languages or article.language in filters.languages)
        and (not filters.article_ids or article.id in filters.article_ids)
        and (not filters.sources or any(name in article.source for name in filters.sources))
    )
