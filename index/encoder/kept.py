"""What compiling a graph gives, kept in the user's cache: the next process loads it in less time.

It holds for one processor and one version of OpenVINO, and for one file of the graph. What does not
fit, or is damaged, is made anew; what cannot be kept is compiled each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from index.cache import cache_folder
from index.encoder.processor import cpu_flags
from index.encoder.runtime import openvino

DIGEST_BYTES = 32


def compiled(graph: Path, settings: Mapping[str, str | int]) -> Any:
    """The graph as an ``openvino.CompiledModel`` for this processor. Raises RuntimeError."""
    core = openvino().Core()
    stamp = _stamp(core, graph, settings)
    kept = cache_folder() / "compiled" / graph.parent.name / f"{_name(settings)}.blob"
    model = _loaded(core, kept, stamp, settings)
    if model is None:
        model = core.compile_model(graph, "CPU", dict(settings))
        with suppress(OSError):  # a full disk, or a folder that cannot be written to
            _keep(kept, stamp, model)
    return model


def _name(settings: Mapping[str, str | int]) -> str:
    return "-".join(str(value) for value in settings.values())


def _stamp(core: Any, graph: Path, settings: Mapping[str, str | int]) -> bytes:
    """The SHA-256 of all that decides what compiling gives."""
    files = [(file.stat().st_size, file.stat().st_mtime_ns) for file in _files(graph)]
    processor = [core.get_property("CPU", "FULL_DEVICE_NAME"), sorted(cpu_flags())]
    told = [openvino().get_version(), processor, str(graph), files, dict(settings)]
    return hashlib.sha256(json.dumps(told).encode()).digest()


def _files(graph: Path) -> list[Path]:
    return [file for file in (graph, graph.with_suffix(".bin")) if file.is_file()]


def _loaded(core: Any, kept: Path, stamp: bytes, settings: Mapping[str, str | int]) -> Any:
    """What was kept: the stamp, the SHA-256 of the rest, and the rest."""
    import numpy as np

    try:
        content = np.memmap(kept, np.uint8, "r")
    except (OSError, ValueError):  # not there; empty
        return None
    blob = content[2 * DIGEST_BYTES :]
    if bytes(content[: 2 * DIGEST_BYTES]) != stamp + hashlib.sha256(blob.data).digest():
        return None
    try:
        return core.import_model(openvino().Tensor(blob), "CPU", dict(settings))
    except RuntimeError:
        return None


def _keep(kept: Path, stamp: bytes, model: Any) -> None:
    blob = model.export_model().getbuffer()
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{kept.stem}.", dir=kept.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(stamp + hashlib.sha256(blob).digest())
            stream.write(blob)
        os.replace(name, kept)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
