"""BibTeX, with the fields of biblatex: ``date`` and ``urldate`` have a day, as ``year`` has not.

Written for programs that read UTF-8, as Biber, JabRef and Zotero do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from qa.export.works import Work, cited_works

if TYPE_CHECKING:
    from index import Article
    from qa.export.names import Name
    from qa.records import Answer

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        # BibTeX counts braces with a backslash before them, too.
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "#$%&_"},
    }
)


def write(answer: Answer, articles: Mapping[str, Article], asked: date) -> str:
    """An entry for each cited article."""
    return "\n".join(map(_entry, cited_works(answer, articles, asked)))


def _entry(work: Work) -> str:
    lines = [f"  {name} = {{{value}}},\n" for name, value in _fields(work)]
    return f"@{_kind(work)}{{{work.key},\n{''.join(lines)}}}\n"


def _kind(work: Work) -> str:
    if work.publisher:
        return "article"
    return "online" if work.address else "misc"


def _fields(work: Work) -> Iterator[tuple[str, str]]:
    if work.authors:
        yield "author", " and ".join(map(_author, work.authors))
    # In braces of its own, so that no style makes its capitals small.
    yield "title", f"{{{_escaped(work.title)}}}"
    if work.publisher:
        yield "journal", _escaped(work.publisher)
    if work.published:
        yield "date", work.published.isoformat()
    if work.address:
        yield "url", work.address  # taken as it is
        yield "urldate", work.seen.isoformat()
    else:
        yield "howpublished", _escaped(work.file)


def _author(name: Name) -> str:
    """In parts; or whole, in braces in which no "and" and no comma divides it."""
    if not name.given:
        return f"{{{_escaped(name.family)}}}"
    return f"{_escaped(name.family)}, {_escaped(name.given)}"


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)
