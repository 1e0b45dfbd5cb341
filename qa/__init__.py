"""Questions in, cited answers out."""

from qa.answer import ask
from qa.records import Answer, Citation, Normalized, TimeLimit, View

__all__ = ["Answer", "Citation", "Normalized", "TimeLimit", "View", "ask"]
