"""The model that tells languages, unpacked once: reading it as py3langid packs it takes .5 s."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.cache import cache_folder, made_once

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

PARTS = ("ptc", "pc", "classes", "nextmove", "row", "output")
"""What ``py3langid.modelio.load_model`` gives, in its order."""


@cache
def identifier() -> LanguageIdentifier:
    """py3langid's identifier; its tables are mapped from the user's cache where that can be."""
    import py3langid
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        folder = made_once(cache_folder() / f"languages-{py3langid.__version__}", _unpack)
        return _mapped(folder)
    except OSError:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _unpack(folder: Path) -> None:
    import numpy as np
    from py3langid.langid import MODEL_DIR, MODEL_FILE
    from py3langid.modelio import load_model

    for name, part in zip(PARTS, load_model(Path(MODEL_DIR, MODEL_FILE)), strict=True):
        np.save(folder / f"{name}.npy", np.asarray(part))


def _mapped(folder: Path) -> LanguageIdentifier:
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    ptc, pc, classes, moves, row, output = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in PARTS
    )
    return LanguageIdentifier(
        ptc,
        pc,
        classes.tolist(),
        memoryview(moves),
        output.tolist(),
        norm_probs=True,
        tk_row=row.tolist(),
    )
