"""The page between network and index: guards, limits, its files and routes, start and end."""

__all__ = [
    "adding",
    "answers",
    "assets",
    "attempts",
    "bodies",
    "door",
    "engine",
    "gate",
    "labels",
    "refusal",
    "routes",
    "running",
    "spoken",
    "start_page",
    "stepped",
    "stops",
    "upload",
    "uploads",
]
