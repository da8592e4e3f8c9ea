"""From a function's signature and docstring to the schema a model is shown.

Law: looks at functions, never calls one. What it finds out about a function is kept
only as long as that very function lives, so nothing here can go stale.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Annotated, Any, NotRequired, Required, get_args, get_origin, get_type_hints
from weakref import WeakKeyDictionary

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.docstring import parameters_in, summary_in

__all__ = [
    "Manner",
    "fields_of",
    "is_unbound",
    "manner_of",
    "name_of",
    "output_schema_of",
    "returns_of",
    "summary_of",
]

AnyFunction = Callable[..., Any]
Fields = tuple[TypeAdapter[dict[str, Any]], dict[str, Any]]


def fields_of(function: AnyFunction) -> Fields:
    """What checks and converts a function's arguments, and their JSON schema.

    What `functools.partial` fixed by name is not offered: a model must not overrule it.

    Raises:
        ToolError: A parameter cannot be given by name, or has no schema.
    """
    offered, is_open = _offered(function)
    told, hints = parameters_in(_doc(function)), _hints(function)
    fields = {one.name: _field(one, hints, told.get(one.name), function) for one in offered}
    # A TypedDict and no model: a model would reserve names such as `json` and `copy`.
    make: Any = TypedDict
    shape = make("Arguments", fields)
    # Models write a postal code as a number; the other way round pydantic converts anyway.
    shape.__pydantic_config__ = ConfigDict(
        extra="allow" if is_open else "forbid", coerce_numbers_to_str=True
    )
    try:
        adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(shape)
        return adapter, _untitled(adapter.json_schema())
    except Exception as problem:  # pydantic raises many kinds here; all mean one thing
        raise ToolError(
            f"{name_of(function)} cannot be a tool: {str(problem).splitlines()[0]}",
            hint="Give its parameters types that JSON can carry, known where it is defined.",
        ) from problem


def _offered(function: AnyFunction) -> tuple[list[inspect.Parameter], bool]:
    """Parameters a model may fill, and whether it may add others."""
    try:
        taken = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as problem:
        raise ToolError(
            f"{function!r} cannot be a tool: its parameters cannot be read.",
            hint="Wrap it in a function of your own.",
        ) from problem

    for one in taken:
        if one.kind is one.VAR_POSITIONAL:
            raise ToolError(
                f"{name_of(function)} takes *{one.name}, which no model can fill.",
                hint=f"Take a list instead: {one.name}: list[str].",
            )

    fixed = _fixed(function)
    offered = [one for one in taken[is_unbound(function) :] if one.name not in fixed]
    is_open = any(one.kind is one.VAR_KEYWORD for one in taken)
    return [one for one in offered if one.kind is not one.VAR_KEYWORD], is_open


def _fixed(function: AnyFunction) -> set[str]:
    fixed: set[str] = set()
    while isinstance(function, functools.partial):
        fixed |= set(function.keywords)
        function = function.func

    return fixed


def _field(
    one: inspect.Parameter, hints: Mapping[str, Any], told: str | None, function: AnyFunction
) -> Any:
    if isinstance(one.default, FieldInfo):
        raise ToolError(
            f"{name_of(function)}: {one.name} has a Field as its default.",
            hint=f"Write {one.name}: Annotated[…, Field(…)] = value.",
        )

    kind = hints.get(one.name, Any if one.annotation is one.empty else one.annotation)
    if isinstance(kind, str):
        raise ToolError(
            f"{name_of(function)}: {one.name}'s type {kind!r} is not known where it is defined.",
            hint="Import or define the type at the top, not for type checkers only.",
        )

    base, *own = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    # The annotation's own description comes later and so wins over the docstring's.
    told = next((words for part in own if (words := _words(part))), told)
    if one.default is one.empty:
        return Required[Annotated[base, Field(description=told), *own]]

    shown = Field(description=told, json_schema_extra=_default(one.default))
    return NotRequired[Annotated[base, shown, *own]]


def _words(part: Any) -> str | None:
    """A description beside a type: plain text, or PEP 727's `Doc`."""
    found = part if isinstance(part, str) else getattr(part, "documentation", None)
    return found if isinstance(found, str) else None


def _default(value: Any) -> dict[str, Any]:
    try:
        return {"default": to_jsonable_python(value)}
    except ValueError:
        return {}  # not shown; the function still has it


def _home(function: AnyFunction) -> Any:
    """Where annotations stand: under a partial, in `__call__` or `__init__`."""
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func

    if inspect.isclass(target):
        return target.__init__
    return target if inspect.isroutine(target) else type(target).__call__


def _hints(function: AnyFunction) -> dict[str, Any]:
    home = _home(function)
    try:
        return get_type_hints(home, include_extras=True)
    except Exception:  # one unknown name, in the return type say, fails them all
        names = getattr(inspect.unwrap(home), "__globals__", {})
        written = getattr(home, "__annotations__", {})
        return {name: _hint(kind, names) for name, kind in written.items()}


def _hint(kind: Any, names: dict[str, Any]) -> Any:
    if not isinstance(kind, str):
        return kind

    try:
        return eval(kind, names)  # what get_type_hints does, one by one
    except Exception:
        return kind  # a name that is not there, or any other slip: pydantic says it of the text


_OF_NAMES = {"properties", "$defs"}
_VALUES = {"default", "enum", "const", "examples"}


def _untitled(part: Any) -> Any:
    """A schema without pydantic's titles, which only repeat the names."""
    if isinstance(part, list):
        return [_untitled(one) for one in part]
    if not isinstance(part, dict):
        return part

    return {name: _untitled_below(name, inner) for name, inner in part.items() if name != "title"}


def _untitled_below(name: str, inner: Any) -> Any:
    if name in _VALUES:
        return inner
    if name in _OF_NAMES:
        return {own: _untitled(part) for own, part in inner.items()}

    return _untitled(inner)


def _doc(function: AnyFunction) -> str:
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func

    own = inspect.getdoc(target)
    if not inspect.isroutine(target) and not inspect.isclass(target):
        own = inspect.getdoc(type(target).__call__) or inspect.getdoc(type(target))

    return own or ""


def summary_of(function: AnyFunction) -> str:
    """The docstring up to its first section, as one paragraph."""
    return summary_in(_doc(function))


def name_of(function: AnyFunction) -> str:
    """The function's own name, under any partial; a callable object's is its class's."""
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func

    return str(getattr(target, "__name__", type(target).__name__))


def is_unbound(function: AnyFunction) -> bool:
    """Whether this is a method still without its object, as in a class's body."""
    if not isinstance(function, FunctionType):
        return False

    return next(iter(inspect.signature(function).parameters), "") == "self"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a function wants its arguments.

    Attributes:
        by_place: Its positional-only parameters.
        whole: The one required parameter, which may want all arguments as one dict.
    """

    by_place: tuple[inspect.Parameter, ...]
    whole: str | None

    @classmethod
    def read(cls, parameters: Iterable[inspect.Parameter]) -> Manner:
        """Read it from a signature's parameters."""
        named = [one for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
        required = [one for one in named if one.default is one.empty]
        is_one = len(required) == 1 and required[0] is named[0]
        by_place = tuple(one for one in named if one.kind is one.POSITIONAL_ONLY)
        return cls(by_place, required[0].name if is_one else None)

    def call(self, function: AnyFunction, arguments: dict[str, Any]) -> Any:
        """Call with arguments by name, positional-only ones included."""
        if not self.by_place:
            return function(**arguments)

        named = dict(arguments)
        given = [one.name in named for one in self.by_place]
        last = max((place for place, is_given in enumerate(given, 1) if is_given), default=0)
        # What is left out before the last one given gets its default.
        placed = [named.pop(one.name, one.default) for one in self.by_place[:last]]
        return function(*placed, **named)


def returns_of(function: AnyFunction) -> Any:
    """What a function says it returns: the annotation, or `Any` where there is none."""
    return _hints(function).get("return", Any)


def output_schema_of(function: AnyFunction) -> dict[str, Any]:
    """JSON schema of what a function returns; `{}`, which fits everything, where it says nothing.

    Raises:
        ToolError: What it says has no schema.
    """
    kind = returns_of(function)
    try:
        schema: dict[str, Any] = _untitled(TypeAdapter(kind).json_schema(mode="serialization"))
        return schema
    except Exception as problem:  # as in `fields_of`
        raise ToolError(
            f"{name_of(function)} returns {kind!r}, which has no schema.",
            hint="Let it return what JSON can carry.",
        ) from problem


# Reading a signature costs 10 µs, a third of what a whole call may. By the function
# itself, so a redefined or replaced `run` is read afresh; by whether it is bound, since
# one function can be both.
_known: WeakKeyDictionary[FunctionType, dict[bool, Manner]] = WeakKeyDictionary()


def manner_of(function: AnyFunction) -> Manner:
    """How a function or a bound method wants its arguments."""
    bare = getattr(function, "__func__", function)
    if not isinstance(bare, FunctionType):
        return Manner.read(inspect.signature(function).parameters.values())

    known = _known.setdefault(bare, {})
    is_bound = bare is not function
    if is_bound not in known:
        known[is_bound] = Manner.read(inspect.signature(function).parameters.values())

    return known[is_bound]
