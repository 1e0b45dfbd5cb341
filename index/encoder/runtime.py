"""OpenVINO, without the package that counts its use and would send what it counts."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from index.loaded import Loaded

_COUNTING = "openvino_telemetry"


def openvino() -> ModuleType:
    """The module ``openvino``, imported as if ``openvino_telemetry`` were not installed."""
    return _MODULE.get()


def _imported() -> ModuleType:
    sys.modules.setdefault(_COUNTING, None)  # type: ignore[arg-type]
    try:
        module: ModuleType = importlib.import_module("openvino")
    finally:
        if sys.modules[_COUNTING] is None:
            del sys.modules[_COUNTING]
    return module


_MODULE = Loaded(_imported)
