"""Several models, the same questions: `mojentic_nb.compare(prompts, models)`.

Law: the room and its main function have one name, so the module can be called. Nothing
heavy is loaded here.
"""

from __future__ import annotations

import sys
from inspect import signature
from types import ModuleType
from typing import Any

from mojentic_nb.compare.asking import acompare, compare
from mojentic_nb.compare.check_kinds import (
    contains,
    equals,
    json_schema,
    length,
    not_contains,
    numeric,
    one_of,
    regex,
    similarity,
)
from mojentic_nb.compare.checks import Check, Score, check_of
from mojentic_nb.compare.comparison import Comparison, Interrupted
from mojentic_nb.compare.importing import Imported, from_inspect, from_promptfoo
from mojentic_nb.compare.items import Item
from mojentic_nb.compare.judge import PairwiseJudge

__all__ = [
    "Check",
    "Comparison",
    "Imported",
    "Interrupted",
    "Item",
    "PairwiseJudge",
    "Score",
    "acompare",
    "check_of",
    "contains",
    "equals",
    "from_inspect",
    "from_promptfoo",
    "json_schema",
    "length",
    "not_contains",
    "numeric",
    "one_of",
    "regex",
    "similarity",
]


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Comparison:
        return compare(*arguments, **options)


_Callable.__call__.__doc__ = compare.__doc__
sys.modules[__name__].__class__ = _Callable
__signature__ = signature(compare)  # what Shift-Tab shows
