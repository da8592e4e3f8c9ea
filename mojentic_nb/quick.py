"""Values that are made at every step of a call: frozen, and quickly made all the same.

Law: nothing but the time differs. The `__init__` of a frozen dataclass goes through
`object.__setattr__`, which looks each field up by its name; writing to the slots themselves
takes a third of that, and was a tenth of what a small call costs.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from inspect import signature
from typing import Any, dataclass_transform

__all__ = ["quick"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def quick(kind: type[Any] | None = None, *, kw_only: bool = False) -> Any:
    """Make a class `@dataclass(frozen=True, slots=True)`; it can have no `__post_init__`."""
    if kind is None:
        return lambda kind: quick(kind, kw_only=kw_only)

    made: type[Any] = dataclass(frozen=True, slots=True, kw_only=kw_only)(kind)
    made.__init__ = _to_the_slots(made, made.__init__)
    return made


def _to_the_slots(made: type[Any], slow: Any) -> Any:
    code = slow.__code__
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    if code.co_kwonlyargcount:
        names.insert(code.co_argcount, "*")

    known: dict[str, Any] = {}
    lines = [f"def __init__({', '.join(names)}):"]
    for one in fields(made):
        name = one.name
        known[f"_set_{name}"] = getattr(made, name).__set__
        if one.default_factory is not MISSING:
            known[f"_make_{name}"] = one.default_factory
            known[f"_none_{name}"] = signature(slow).parameters[name].default
            lines.append(f" if {name} is _none_{name}: {name} = _make_{name}()")
        lines.append(f" _set_{name}(self, {name})")

    exec("\n".join(lines), known)
    init = known["__init__"]
    for name in ("__defaults__", "__kwdefaults__", "__annotations__", "__qualname__", "__module__"):
        setattr(init, name, getattr(slow, name))
    return init
