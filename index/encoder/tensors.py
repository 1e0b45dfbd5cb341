"""The tensors of a safetensors file as mapped arrays: a row of a table costs its own bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelError
from index.translation import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS: Mapping[str, str] = {"F16": "<f2", "F32": "<f4", "I64": "<i8"}


def mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors in ``path`` by their names. Raises ModelError where it is no such file."""
    return _read(path)[0]


def described(path: Path) -> dict[str, str]:
    """What the file says of itself. Raises ModelError where it is no such file."""
    return _read(path)[1]


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Tensors and description.

    The form is a little-endian length, a JSON header of so many bytes, and the numbers
    (huggingface/safetensors, "Format").
    """
    import numpy as np

    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
        description = header.pop("__metadata__", {})
        content = np.memmap(path, np.uint8, "r", 8 + length)
        tensors = {
            name: content[slice(*about["data_offsets"])]
            .view(_KINDS[about["dtype"]])
            .reshape(about["shape"])
            for name, about in header.items()
        }
    except (OSError, struct.error, ValueError, KeyError, TypeError, OverflowError) as error:
        raise ModelError(
            text("{weights} is not a safetensors file: {error}.", weights=path, error=error)
        ) from error
    return tensors, description
