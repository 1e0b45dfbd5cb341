"""What is on the disk: the record (SQLite), the immutable segments, the writer's lock."""

__all__ = ["identity", "layout", "lock", "schema", "segment", "store"]
