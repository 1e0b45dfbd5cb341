"""A reader's own questions judged, with figures and a plot."""

__all__ = ["evaluate", "gold", "judge", "metrics", "plots", "runs"]
