"""The command ``qa``: a module a family of commands, and what they share."""

__all__ = ["language", "main"]
