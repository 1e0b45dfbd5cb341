"""What is asked for: the kind of answer, the limits of time, and what an earlier question told."""

__all__ = ["analyse", "follow", "kinds"]
