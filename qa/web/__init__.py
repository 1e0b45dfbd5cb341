"""What stands between the network and the page: guards, limits, uploads, start and end."""

__all__ = [
    "attempts",
    "bodies",
    "door",
    "gate",
    "labels",
    "refusal",
    "running",
    "spoken",
    "upload",
    "uploads",
]
