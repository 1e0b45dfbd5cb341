"""What is on the disk: the record (SQLite), the immutable segments, the writer's lock."""

__all__ = [
    "articles",
    "audit",
    "browsing",
    "files",
    "identity",
    "layout",
    "lock",
    "rows",
    "schema",
    "segment",
    "segment_rows",
    "store",
    "texts",
]
