"""What is asked for: the kind of answer, the limits of time."""

__all__ = ["analyse", "kinds"]
