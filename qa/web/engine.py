"""Gradio, imported as this page needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

from index.loaded import undisturbed

# It is to call nobody, to keep no record, and not to count all questions anew after each.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
# It asks matplotlib for its backend at each call, which otherwise looks for a screen first.
os.environ.setdefault("MPLBACKEND", "agg")

_STUBS_ARE_MADE_BY = "gradio.component_meta"


class _WithoutStubs(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        module.__dict__["create_or_modify_pyi"] = lambda *_: None


class _Finder:
    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path) if name == _STUBS_ARE_MADE_BY else None
        if found and type(found.loader) is SourceFileLoader:
            found.loader = _WithoutStubs(name, found.loader.path)
        return found


@contextmanager
def _no_stubs() -> Iterator[None]:
    """Each time it is imported Gradio parses all of its components, three times each, to bring the
    type stubs beside them up to date: a third of its import, and writing into an installed package.
    """
    sys.meta_path.insert(0, _Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)


with _no_stubs(), undisturbed():
    import gradio

__all__ = ["gradio"]
