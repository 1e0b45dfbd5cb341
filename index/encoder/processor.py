"""What the processor can do, and what runs a model on it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from index.encoder.models import DEFAULT
from index.errors import ModelError
from index.translation import text

DTYPE_VARIABLE = "FUNDSTELLE_DTYPE"


def cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def runtime(model: str = DEFAULT) -> str:
    """What runs a model here, in which precision and why, in words; nothing is loaded for it."""
    precision = preferred_dtype()
    if os.environ.get(DTYPE_VARIABLE):
        reason = text("as {variable} says", variable=DTYPE_VARIABLE)
    elif precision == "bfloat16":
        reason = text("this processor computes with it")
    else:
        reason = text("this processor does not compute with bfloat16")
    return text(
        "{runtime}, {precision}: {reason}",
        runtime="OpenVINO" if model == DEFAULT else "sentence-transformers",
        precision=precision,
        reason=reason,
    )


def preferred_dtype() -> str:
    """bfloat16 where the processor itself multiplies it, else float32.

    Elsewhere bfloat16 is emulated and slower. ``FUNDSTELLE_DTYPE`` decides where it is set.
    """
    named = os.environ.get(DTYPE_VARIABLE)
    if named:
        if named not in ("float32", "bfloat16"):
            raise ModelError(
                text(
                    "FUNDSTELLE_DTYPE is {named!r}, which is neither float32 nor bfloat16. Correct "
                    "it or remove it.",
                    named=named,
                )
            )
        return named
    return "bfloat16" if _has_bfloat16() else "float32"


def _has_bfloat16() -> bool:
    return bool({"avx512_bf16", "amx_bf16"} & cpu_flags())


@cache
def cpu_flags() -> frozenset[str]:
    """The processor's feature flags as Linux names them; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()
