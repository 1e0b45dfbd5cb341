"""A model that reads a passage and says where in it the answer stands."""

__all__ = ["base", "encoder", "hub", "spans"]
