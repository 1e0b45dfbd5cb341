"""What a writer is told to do, and what must be in the index after each of its commits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from index import Article, Index, Progress, make_article
from index.indexing import merge, writer

State: TypeAlias = "dict[str, Article]"
"""The articles of an index by id."""

BATCH = 3
"""Articles a commit, in the place of the product's 64: many commits from few articles."""

WORDS = [
    "Ampel",
    "Birne",
    "Brücke",
    "Dampf",
    "Ernte",
    "Fähre",
    "Garten",
    "Hafen",
    "Insel",
    "Jubel",
    "Kanal",
    "Laterne",
    "Markt",
    "Nebel",
    "Ofen",
    "Papier",
    "Quelle",
    "Regen",
    "Schiene",
    "Turm",
    "Ufer",
    "Vogel",
    "Wald",
    "Zelt",
    "Abend",
    "Boden",
    "Chor",
    "Drache",
    "Eimer",
    "Feder",
]
VERBS = [
    "steht",
    "liegt",
    "brennt",
    "wächst",
    "bleibt",
    "ruht",
    "leuchtet",
    "schweigt",
    "dreht",
    "endet",
]
WHEN = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the index: articles to add or update, or ids to remove, or to open it anew."""

    add: tuple[Article, ...] = ()
    remove: tuple[str, ...] = ()
    reopen: bool = False

    def states(self, state: State) -> Iterator[State]:
        """What is there after each of its commits, ``state`` having been there before."""
        for first in range(0, len(self.add), BATCH):
            state = {**state, **{a.id: a for a in self.add[first : first + BATCH]}}
            yield state
        if self.remove:
            yield {k: v for k, v in state.items() if k not in self.remove}


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, and the states that their commits go through; the first is the one before."""

    steps: tuple[Step, ...]
    states: tuple[State, ...]


def make_plan(seed: int | str, steps: int, state: State | None = None) -> Plan:
    """A plan of ``steps`` steps that begins with ``state``."""
    chance = random.Random(f"plan {seed}")
    states, done = [state or {}], []
    for number in range(steps):
        step = _step(chance, states[-1], f"{seed}-{number}")
        done.append(step)
        states.extend(step.states(states[-1]))
    return Plan(tuple(done), tuple(states))


def carry_out(
    step: Step, index: Index, committed: Callable[[], None], open_again: Callable[[], Index]
) -> Index:
    """Do one step; ``committed`` is called after each of its commits."""
    assert "ARTICLES_PER_COMMIT" in vars(writer)  # a name that moved would be set in vain
    vars(writer)["ARTICLES_PER_COMMIT"] = BATCH
    if step.reopen:
        index.close()
        index = open_again()
    if step.add:
        known = 0

        def progress(done: Progress) -> None:
            nonlocal known
            if done.articles > known:
                known = done.articles
                committed()

        index.add_articles(step.add, progress=progress)
    if step.remove:
        index.remove(step.remove)
        committed()
    return index


def article(source: str, chance: random.Random, version: str = "") -> Article:
    """An article of a few sentences, one of them with a word that no other article has."""
    sentences = [
        f"{chance.choice(WORDS)} und {chance.choice(WORDS)} am {chance.choice(WORDS)} "
        f"{chance.choice(VERBS)} seit {chance.randint(2, 990)} Tagen."
        for _ in range(chance.randint(1, 5))
    ]
    sentences.insert(chance.randint(0, len(sentences)), f"Die Kennung ist {mark(source, version)}.")
    return make_article(
        " ".join(sentences),
        source=source,
        language="de",
        title=f"Bericht {chance.choice(WORDS)} {mark(source, version)}",
        published=date(2020, 1, 1) + timedelta(days=chance.randint(0, 2000)),
        fetched=WHEN,
    )


def mark(source: str, version: str) -> str:
    """A word that stands in one version of one article alone."""
    letters = random.Random(f"{source} {version}")
    return "k" + "".join(letters.choices("bcdfghjklmnpqrstvwxz", k=9))


def _step(chance: random.Random, state: State, name: str) -> Step:
    known = sorted(state)
    kind = chance.random()
    if not known or kind < 0.4:
        return Step(add=tuple(_new(chance, state, name, chance.choice((1, 1, 2, 5)))))
    if kind < 0.6:
        chosen = chance.sample(known, min(len(known), chance.choice((1, 2, 4))))
        return Step(add=tuple(_changed(chance, state[k], name) for k in chosen))
    if kind < 0.85:
        return Step(remove=tuple(chance.sample(known, min(len(known), chance.choice((1, 1, 3))))))
    return Step(reopen=True, add=tuple(_new(chance, state, name, 1)))


def _new(chance: random.Random, state: State, name: str, count: int) -> Iterator[Article]:
    for number in range(MERGED_AT):
        source = f"test:{name}/{number}"
        if state and chance.random() < 0.2:
            # The text of another one, as when two papers print the same report.
            other = state[chance.choice(sorted(state))]
            yield make_article(
                other.text, source=source, language="de", title=other.title, fetched=WHEN
            )
        else:
            yield article(source, chance)


def _changed(chance: random.Random, old: Article, name: str) -> Article:
    if chance.random() < 0.3:
        return replace(old, title=f"{old.title} neu")
    new = article(old.source, chance, version=name)
    return replace(new, title=old.title) if chance.random() < 0.5 else new


def states_after(steps: Sequence[Step], state: State) -> tuple[State, ...]:
    """The states that the commits of ``steps`` go through, beginning with ``state``."""
    states = [state]
    for step in steps:
        states.extend(step.states(states[-1]))
    return tuple(states)


MERGED_AT = merge.FACTOR - 1
"""So many commits of one article leave segments which the next one merges."""


def before_merge(open_index: Callable[[], Index]) -> State:
    """Add articles, one commit each, until the next one leads to a merge."""
    chance, state = random.Random("merge"), dict[str, Article]()
    with open_index() as index:
        for number in range(MERGED_AT):
            new = article(f"test:merge/{number}", chance)
            index.add_articles([new])
            state[new.id] = new
    return state
