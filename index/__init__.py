"""Articles in, ranked passages out.

The names in ``__all__`` are the public surface; a test reads the list. Each is imported when it is
first used, so that what needs little begins in no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.config import IndexConfig
    from index.core import Index
    from index.errors import (
        ArticleNotFoundError,
        FundstelleError,
        IndexBusyError,
        IndexDamagedError,
        IndexFolderError,
        IndexMismatchError,
        ModelError,
        SourceError,
        UsageError,
    )
    from index.indexing.withdrawal import Withdrawn
    from index.ingest import Columns, ReadOptions, read_sources, read_text_file
    from index.json_form import Forgetting, Listing, Removal, ShownArticle, form, to_json
    from index.legs.fuse import TERM_SHARE_CAP
    from index.opening import default_path
    from index.records import (
        AS_IT_IS,
        AddReport,
        Article,
        ArticlePage,
        ArticleQuery,
        ArticleSummary,
        BackupReport,
        CheckReport,
        Chunk,
        Damage,
        Failure,
        Filters,
        Hit,
        Holdings,
        LegScore,
        Order,
        Passage,
        Progress,
        RepairReport,
        Span,
        Status,
        SyncReport,
        make_article,
    )
    from index.search.near_duplicates import are_copies
    from index.search.reorder import renumbered, spread
    from index.search.snapshot import Snapshot

_ROOMS = {
    "config": ("IndexConfig",),
    "core": ("Index",),
    "errors": (
        *("ArticleNotFoundError", "FundstelleError", "IndexBusyError", "IndexDamagedError"),
        *("IndexFolderError", "IndexMismatchError", "ModelError", "SourceError", "UsageError"),
    ),
    "indexing.withdrawal": ("Withdrawn",),
    "ingest": ("Columns", "ReadOptions", "read_sources", "read_text_file"),
    "json_form": ("Forgetting", "Listing", "Removal", "ShownArticle", "form", "to_json"),
    "legs.fuse": ("TERM_SHARE_CAP",),
    "opening": ("default_path",),
    "records": (
        *("AS_IT_IS", "AddReport", "Article", "ArticlePage", "ArticleQuery", "ArticleSummary"),
        *("BackupReport", "CheckReport", "Chunk", "Damage", "Failure", "Filters", "Hit"),
        *("Holdings", "LegScore", "Order", "Passage", "Progress", "RepairReport", "Span"),
        *("Status", "SyncReport", "make_article"),
    ),
    "search.near_duplicates": ("are_copies",),
    "search.reorder": ("renumbered", "spread"),
    "search.snapshot": ("Snapshot",),
}
_HOMES = {name: f"index.{room}" for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AS_IT_IS",
    "TERM_SHARE_CAP",
    "AddReport",
    "Article",
    "ArticleNotFoundError",
    "ArticlePage",
    "ArticleQuery",
    "ArticleSummary",
    "BackupReport",
    "CheckReport",
    "Chunk",
    "Columns",
    "Damage",
    "Failure",
    "Filters",
    "Forgetting",
    "FundstelleError",
    "Hit",
    "Holdings",
    "Index",
    "IndexBusyError",
    "IndexConfig",
    "IndexDamagedError",
    "IndexFolderError",
    "IndexMismatchError",
    "LegScore",
    "Listing",
    "ModelError",
    "Order",
    "Passage",
    "Progress",
    "ReadOptions",
    "Removal",
    "RepairReport",
    "ShownArticle",
    "Snapshot",
    "SourceError",
    "Span",
    "Status",
    "SyncReport",
    "UsageError",
    "Withdrawn",
    "are_copies",
    "default_path",
    "form",
    "make_article",
    "read_sources",
    "read_text_file",
    "renumbered",
    "spread",
    "to_json",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
