"""OpenVINO without its converters of models.

They take most of the time of its import, and with them come the package that counts its use and
would send what it counts.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from index.loaded import Loaded

_CONVERTERS = "openvino.tools.ovc"


def openvino() -> ModuleType:
    """The module ``openvino``, imported as if its converters were not installed."""
    return _MODULE.get()


def _imported() -> ModuleType:
    sys.modules.setdefault(_CONVERTERS, None)  # type: ignore[arg-type]
    try:
        module: ModuleType = importlib.import_module("openvino")
    finally:
        if sys.modules[_CONVERTERS] is None:
            del sys.modules[_CONVERTERS]
    return module


_MODULE = Loaded(_imported)
