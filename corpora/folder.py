"""Where the development data lies."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(
    os.environ.get("FUNDSTELLE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)
"""``FUNDSTELLE_DATA`` names another folder with the same layout."""


def data_file(name: str) -> Path:
    """A file of the data; where it is missing the script ends with a line that says so."""
    path = DATA / name
    if not path.exists():
        raise SystemExit(
            f"{path} is missing: the development data does not come with the project. "
            "FUNDSTELLE_DATA names the folder that holds it."
        )
    return path
