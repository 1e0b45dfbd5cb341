"""Sentences weighed against each other, what they claim, and how sure that is."""

__all__ = ["again", "candidates", "claims", "logistic", "shown"]
