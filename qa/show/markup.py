"""What documents are made of. Whatever comes from an article or a question passes through ``safe``;
nothing else builds markup from it."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import date

from index import translation
from qa.show.sanitize import visible
from qa.show.sources import link_of, name_of


def safe(text: str) -> str:
    """``text`` as HTML text or attribute value; steering characters are written out.

    The characters of Gradio's own templates are escaped too, so that no text is ever taken for one.
    """
    escaped = html.escape(visible(text))
    return escaped.replace("$", "&#36;").replace("{", "&#123;").replace("`", "&#96;")


def link(address: str, content: str) -> str:
    """A link out of the page, of an address that ``link_of`` let through, around markup."""
    return (
        f'<a href="{safe(address)}" target="_blank" rel="noopener noreferrer nofollow">'
        f"{content}</a>"
    )


def source_link(source: str) -> str:
    """A source by its name, which is a link where it is an address of the web."""
    name, address = safe(name_of(source)), link_of(source)
    return name if address is None else link(address, name)


def joined(facts: Iterable[str | None]) -> str:
    """The facts that there are, on one line."""
    return " · ".join(safe(fact) for fact in facts if fact)


def day(value: date | None) -> str | None:
    """A day in the language spoken."""
    return translation.day(value) if value else None
