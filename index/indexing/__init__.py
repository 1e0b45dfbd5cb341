"""Articles into segments: what is built, reused, merged, and brought into line with folders."""

__all__ = ["fresh", "progress", "reuse", "sync", "upkeep", "withdrawal", "writer"]
