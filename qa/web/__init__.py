"""The page between network and index: guards, limits, its files and routes, start and end."""

__all__ = [
    "adding",
    "answers",
    "assets",
    "attempts",
    "bodies",
    "door",
    "gate",
    "labels",
    "refusal",
    "routes",
    "running",
    "spoken",
    "start_page",
    "stepped",
    "upload",
    "uploads",
]
