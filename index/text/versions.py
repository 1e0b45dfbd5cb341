"""What names the rules by which a text is taken apart: an index built by others is refused."""

from __future__ import annotations

import Stemmer

analysis_version = "2+snowball" + ".".join(Stemmer.version().split(".")[:2])
"""Names the analysis; an index built with another one has other terms and must be rebuilt."""

splitter_version = "1"
"""Names the rules for passages; an index built by others has other passages."""
