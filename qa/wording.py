"""Views in words: one is told plainly, several with what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence

from index.translation import day, speaking, text
from qa.records import Citation, View


def is_list(views: Sequence[View], citations: Sequence[Citation]) -> bool:
    """Whether several views are the parts of one answer: texts that one article gives.

    Who writes that a firm has two customers does not contradict himself; figures and times of one
    article are those of different things or days.
    """
    giving = [{citations[n - 1].article_id for n in view.citations} for view in views]
    return (
        len(views) > 1 and all(view.is_text for view in views) and bool(set.intersection(*giving))
    )


def in_words(
    views: Sequence[View], citations: Sequence[Citation], language: str, *, listed: bool
) -> str:
    """The views in one line, each with the numbers of its citations.

    One is told plainly. Several come with what tells them apart: the time and the hedge, and where
    these do not, the source; unless they are ``listed``, as parts of one answer.
    """
    apart = not listed and len({(view.time, view.hedge, view.former) for view in views}) < len(
        views
    )
    with speaking(language):
        parts = [
            said(view, _source(view, citations) if apart and len(views) > 1 else None)
            + " "
            + "".join(f"[{n}]" for n in view.citations)
            for view in views
        ]
    return (", " if listed else "; ").join(" ".join(part.split()) for part in parts)


def said(view: View, source: str | None = None) -> str:
    """A view's value with its notes, in the language spoken."""
    notes = [note for note in (view.time, view.hedge) if note and note not in view.value]
    notes += [text("superseded")] if view.former else []
    notes += [source] if source else []
    return view.value + (f" ({', '.join(notes)})" if notes else "")


def _source(view: View, citations: Sequence[Citation]) -> str | None:
    """Who says it and when, of its first citation."""
    first = citations[view.citations[0] - 1]
    facts = [first.publisher, day(first.published) if first.published else None]
    return ", ".join(fact for fact in facts if fact) or None
