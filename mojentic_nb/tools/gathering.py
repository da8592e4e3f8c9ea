"""From whatever was given as tools to tools by name.

Law: nothing is run. What has a descriptor and a `run` is a tool, whoever wrote it, and so
is any function.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.definition import FunctionTool, LLMTool, run_with

__all__ = ["as_tool", "as_tools"]


class _Adopted(LLMTool):
    """An object that has what a tool has without being one of ours."""

    def __init__(self, original: Any) -> None:
        super().__init__()
        self._original = original

    def __repr__(self) -> str:
        return repr(self._original)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        return self._original.run(*args, **kwargs)

    def invoke(self, arguments: dict[str, Any]) -> Any:
        return run_with(self._original.run, self.spec, arguments)

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self._original.run)

    @property
    def descriptor(self) -> Mapping[str, Any]:
        found = self._original.descriptor
        return found() if callable(found) else found  # type: ignore[no-any-return]


def as_tools(given: Iterable[Any] | Any | None) -> dict[str, LLMTool]:
    """Read whatever was given, one tool or several, as tools by name, in order.

    Raises:
        ToolError: Something is no tool, or two tools share a name.
    """
    if given is None:
        return {}

    tools: dict[str, LLMTool] = {}
    is_several = isinstance(given, Iterable) and not isinstance(given, str | Mapping | LLMTool)
    for candidate in given if is_several else [given]:
        one = as_tool(candidate)
        name = one.spec.name
        if name in tools:
            raise ToolError(
                f"Two tools are called {name!r}.", hint="Rename one with @tool(name=…)."
            )
        tools[name] = one

    return tools


def as_tool(candidate: Any) -> LLMTool:
    """Read one thing as a tool.

    Raises:
        ToolError: It is none.
    """
    if isinstance(candidate, type) and hasattr(candidate, "descriptor"):
        candidate = _made(candidate)

    if isinstance(candidate, FunctionTool) and candidate.is_unbound:
        raise ToolError(
            f"{candidate.name!r} is a method without its object.",
            hint="Make the object and give its method: tools=[thing.look].",
        )

    if isinstance(candidate, LLMTool):
        return candidate

    if hasattr(candidate, "descriptor") and hasattr(candidate, "run"):
        return _Adopted(candidate)

    if callable(candidate):
        return as_tool(FunctionTool(candidate))

    raise ToolError(
        f"{candidate!r} is not a tool.",
        hint="Give a function, or an object with descriptor and run.",
    )


def _made(kind: type) -> Any:
    try:
        return kind()
    except TypeError as problem:
        raise ToolError(
            f"{kind.__name__} is a class, and making one failed: {problem}",
            hint=f"Give a made one: tools=[{kind.__name__}(…)].",
        ) from None
