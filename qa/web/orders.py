"""The forms of what the page asks of its routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qa.feedback import MarkedPlace
from qa.web.wanted import Form

MOST = 10_000
"""Articles or sources of one order."""

Name = Annotated[str, Field(min_length=1, max_length=64)]


class Removal(Form):
    """Which articles are to go."""

    ids: Annotated[list[Name], Field(min_length=1, max_length=MOST)]


class Restoring(Form):
    """Which removal is to be undone."""

    undo: Name


class Forgetting(Form):
    """Which sources that could not be read are no longer to be listed."""

    sources: Annotated[list[str], Field(min_length=1, max_length=MOST)]


class Stopping(Form):
    """Which addition is to end."""

    addition: Name


class Exporting(Form):
    """Which answer is to become a file of which kind."""

    answer_id: Name
    format: Name


class Judgement(Form):
    """What somebody says of an answer, and the better sentence where there is one."""

    answer_id: Name
    verdict: Name
    place: MarkedPlace | None = None
