"""Questions in, cited answers out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.answer import ask, ask_many
    from qa.records import Answer, Citation, Evidence, Normalized, TimeLimit, View

__all__ = ["Answer", "Citation", "Evidence", "Normalized", "TimeLimit", "View", "ask", "ask_many"]


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used: the command begins in no time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("qa.answer" if name.startswith("ask") else "qa.records"), name)
