"""Many prompts at once: `mojentic_nb.batch(prompts, model)`.

Law: the room and its main function have one name, so the module can be called. Nothing
heavy is loaded here.
"""

from __future__ import annotations

import sys
from inspect import signature
from types import ModuleType
from typing import Any

from mojentic_nb.batch.answers import Answers
from mojentic_nb.batch.asking import abatch, batch, estimate
from mojentic_nb.batch.consensus import Consensus, consensus
from mojentic_nb.batch.estimate import Estimate
from mojentic_nb.batch.map_reduce import map_reduce
from mojentic_nb.batch.store import ResultStore

__all__ = [
    "Answers",
    "Consensus",
    "Estimate",
    "ResultStore",
    "abatch",
    "consensus",
    "estimate",
    "map_reduce",
]


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Answers:
        return batch(*arguments, **options)


_Callable.__call__.__doc__ = batch.__doc__
sys.modules[__name__].__class__ = _Callable
__signature__ = signature(batch)  # what Shift-Tab shows
