"""Numbers, amounts, dates and names in a text, as values that can be compared."""

__all__ = ["dates", "find", "names", "numbers", "units"]
