"""`df.llm` on every DataFrame, whichever of pandas and this package comes first.

Law: pandas is never imported from here, and nothing of ours is until somebody writes
`df.llm`. Where pandas is not there yet, one finder waits for it, hands its import on as it
is, and is gone once it came. An import of pandas must never fail for our sake.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from pandas import DataFrame

    from mojentic_nb.batch.accessor import FrameAccessor

__all__ = ["watch"]

NAME = "llm"


def watch() -> None:
    """Have `df.llm` there from now on, or from the moment pandas is."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        if _watcher not in sys.meta_path:
            sys.meta_path.insert(0, _watcher)
    elif getattr(getattr(pandas, "__spec__", None), "_initializing", False):
        # Half imported, by another thread or by whoever imports us: only a thread of its
        # own can wait for that without standing in the way.
        import threading

        threading.Thread(target=_register_later, name="mojentic-pandas", daemon=True).start()
    else:
        _register(pandas)


class _Watcher:
    """A finder that finds nothing itself, and looks on while pandas is loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders find; of pandas, with a loader that tells us when it is done."""
        if name != "pandas":
            return None

        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                _attend(spec.loader)
                return spec

        return None


_watcher = _Watcher()


def _attend(loader: Any) -> None:
    """Have this one loader register `df.llm` once it has loaded pandas."""
    load = getattr(loader, "exec_module", None)
    if load is None or isinstance(loader, type):
        return

    def load_and_register(module: ModuleType) -> None:
        load(module)
        if module.__name__ == "pandas":
            vars(loader).pop("exec_module", None)
            # A new list: a thread that is looking through the old one must not miss a finder.
            sys.meta_path = [one for one in sys.meta_path if one is not _watcher]
            _register(module)

    try:
        loader.exec_module = load_and_register
    except AttributeError:
        return  # a loader of somebody's own that takes no attributes; pandas comes first


def _register_later() -> None:
    try:
        _register(import_module("pandas"))
    except ImportError:
        watch()


def _register(pandas: Any) -> None:
    frame = getattr(pandas, "DataFrame", None)
    there = getattr(frame, NAME, None)
    if frame is None or getattr(there, "__module__", "") == __name__:
        return
    if there is not None:
        _warn(
            f"Something else has put .{NAME} on DataFrames, and it is left as it is: use"
            " mojentic_nb.batch.accessor.FrameAccessor(df)."
        )
        return

    try:
        pandas.api.extensions.register_dataframe_accessor(NAME)(_llm)
    except Exception as problem:
        _warn(f"df.{NAME} is not there: {problem!r}")


def _warn(told: str) -> None:
    import warnings

    warnings.warn(told, RuntimeWarning, stacklevel=2)


def _llm(frame: DataFrame) -> FrameAccessor:
    """Ask a model about each row: generate, structured, embed, similar."""
    from mojentic_nb.batch.accessor import FrameAccessor

    return FrameAccessor(frame)
