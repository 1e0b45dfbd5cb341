"""What became of how many articles, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.translation import numeral, text

if TYPE_CHECKING:
    from index import AddReport, SyncReport


def counts_of(report: AddReport | SyncReport) -> list[str]:
    """What became of how many articles; what became of none is left out."""
    counts = {
        text("added"): report.added,
        text("updated"): report.updated,
        text("removed"): getattr(report, "removed", ()),
        text("unchanged"): report.unchanged,
        text("copies of a known text"): report.copies,
    }
    return [f"{numeral(len(ids))} {what}" for what, ids in counts.items() if ids]
