"""Where torch computes: on a graphics processor if it sees one."""

from __future__ import annotations

import platform
from pathlib import Path

from index.encoder.processor import preferred_dtype

_SIGNS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/dev/dri/renderD128")
"""Of the drivers of NVIDIA, of AMD, of both under Windows' Linux, and of Intel."""


def device() -> str:
    """ "cuda", "mps", "xpu" … or "cpu", as torch names them. Imports torch."""
    import torch

    found = torch.accelerator.current_accelerator(check_available=True)
    return "cpu" if found is None else str(found.type)


def dtype(on: str) -> str:
    """The precision for that device: graphics processors have float32 in plenty."""
    return preferred_dtype() if on == "cpu" else "float32"


def is_likely() -> bool:
    """Whether it is worth importing torch to see: a driver is there, or it is Apple's chip."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return any(Path(sign).exists() for sign in _SIGNS)
