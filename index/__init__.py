"""Articles in, ranked passages out.

The names in ``__all__`` are the public surface; a test reads the list.
"""

from index.config import IndexConfig
from index.core import Index, default_path
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
from index.ingest import Columns, ReadOptions, read_sources
from index.records import (
    AddReport,
    Article,
    ArticleSummary,
    BackupReport,
    CheckReport,
    Damage,
    Failure,
    Filters,
    Hit,
    LegScore,
    Passage,
    Progress,
    RepairReport,
    Span,
    Status,
    SyncReport,
    make_article,
)

__all__ = [
    "AddReport",
    "Article",
    "ArticleNotFoundError",
    "ArticleSummary",
    "BackupReport",
    "CheckReport",
    "Columns",
    "Damage",
    "Failure",
    "Filters",
    "FundstelleError",
    "Hit",
    "Index",
    "IndexBusyError",
    "IndexConfig",
    "IndexDamagedError",
    "IndexFolderError",
    "IndexMismatchError",
    "LegScore",
    "ModelError",
    "Passage",
    "Progress",
    "ReadOptions",
    "RepairReport",
    "SourceError",
    "Span",
    "Status",
    "SyncReport",
    "UsageError",
    "default_path",
    "make_article",
    "read_sources",
]
