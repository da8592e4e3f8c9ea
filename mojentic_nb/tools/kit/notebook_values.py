"""Tools over the notebook itself: its names, its values, its cells.

Law: a model sees names, types and bounded summaries, never a key. Only
`expression_evaluate` runs anything, and a person is asked first.
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.notebook_tool import NotebookTool
from mojentic_nb.views.markdown import bounded
from mojentic_nb.views.summary import summarise

__all__ = [
    "CellReadTool",
    "CellTold",
    "Evaluated",
    "ExpressionEvaluateTool",
    "Inspected",
    "NamespaceListTool",
    "NamespaceListed",
    "NotebookName",
    "ValueInspectTool",
]

_LONGEST_LINE = 120
_LONGEST_DOC = 1_000
_LONGEST_EXPRESSION = 5_000


class NotebookName(TypedDict):
    """A name of the notebook, and in short what it stands for."""

    name: str
    type: str
    summary: str


class NamespaceListed(TypedDict):
    """Names of the notebook; `total` counts those that fit, told or not."""

    total: int
    names: list[NotebookName]


class Inspected(TypedDict, total=False):
    """A value: `shape` where it has one, `length` in items, `doc` of what it is."""

    name: str
    type: str
    shape: list[int]
    length: int
    doc: str
    summary: str


class Evaluated(TypedDict):
    """What an expression came to."""

    type: str
    result: str


class CellTold(TypedDict):
    """A cell: its source, and what came of it."""

    number: int
    text: str


class NamespaceListTool(NotebookTool):
    """Lists the notebook's own names."""

    tool_name = "namespace_list"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={}, says="all of them"),
            Example(arguments={"contains": "sales"}, says="those with a word in their name"),
        ),
        guidance="Look closer at one of them with value_inspect.",
    )

    def run(self, contains: str = "", *, type_name: str = "") -> NamespaceListed:
        """List the variables, functions and classes that the notebook's cells defined.

        Args:
            contains: Letters in the name, in any case; empty for all names.
            type_name: Only values of this type, such as DataFrame; empty for any.
        """
        found = [
            (name, value)
            for name, value in self.own().items()
            if contains.casefold() in name.casefold()
            and type_name.casefold() in ("", type(value).__name__.casefold())
        ]
        limits = self.policy.limits
        share = max(min(limits.output_chars // max(len(found), 1), _LONGEST_LINE), 20)
        shown = [
            NotebookName(name=name, type=type(value).__name__, summary=self._line(value, share))
            for name, value in found[: limits.entries]
        ]
        return {"total": len(found), "names": shown}

    def _line(self, value: Any, limit: int) -> str:
        line = " ".join(summarise(value, 3 * limit)[: 10 * limit].split())
        line = self.scrubbed(line)
        return line if len(line) <= limit else f"{line[:limit]}…"


class ValueInspectTool(NotebookTool):
    """Tells of one of the notebook's values."""

    tool_name = "value_inspect"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(Example(arguments={"name": "sales"}, says="one of the notebook's values"),),
        guidance="namespace_list tells which names there are.",
    )

    def run(
        self, name: str, *, chars: Annotated[int, Field(ge=100, le=50_000)] = 2_000
    ) -> Inspected:
        """Tell the type, shape, documentation and content of one of the notebook's values.

        Args:
            name: The variable, function or class.
            chars: Describe it in about so many characters.
        """
        value = self.value(name)
        limit = min(chars, self.policy.limits.output_chars)
        told: Inspected = {"name": name, "type": type(value).__name__}
        if shape := _shape(value):
            told["shape"] = shape
        if (length := _length(value)) is not None:
            told["length"] = length
        if doc := _doc(value):
            told["doc"] = self.scrubbed(bounded(doc, _LONGEST_DOC))
        told["summary"] = bounded(self.scrubbed(summarise(value, limit)), limit)
        return told


def _shape(value: Any) -> list[int]:
    shape = None if isinstance(value, type) else getattr(value, "shape", None)
    is_one = isinstance(shape, tuple) and all(isinstance(size, int) for size in shape)
    return [*shape] if is_one and shape else []


def _length(value: Any) -> int | None:
    try:
        return None if isinstance(value, type) else len(value)
    except Exception:  # no length, or one that its author got wrong
        return None


def _doc(value: Any) -> str:
    """What its author says of it; of a value, what the author of its class says."""
    if inspect.isroutine(value) or isinstance(value, type):
        return inspect.getdoc(value) or ""

    kind = type(value)
    return "" if kind.__module__ == "builtins" else (inspect.getdoc(kind) or "")


class ExpressionEvaluateTool(NotebookTool):
    """Evaluates a Python expression among the notebook's values."""

    tool_name = "expression_evaluate"
    facts = Facts(
        category="notebook",
        effects=frozenset({"runs code"}),
        is_destructive=True,  # an expression may call anything
        examples=(
            Example(arguments={"expression": "len(sales)"}, says="one line, no statement"),
            Example(arguments={"expression": "[x * 2 for x in (1, 2)]"}, says="new values"),
        ),
        guidance="For tables, frame_query and frame_group do without a person's consent.",
    )

    def run(self, expression: str) -> Evaluated:
        """Evaluate one Python expression with the notebook's values.

        It may not be a statement: nothing is assigned, no name is bound.

        Args:
            expression: Such as `orders["price"].mean()`.
        """
        # A copy: what the expression binds by := is gone when it is over.
        code, names = _compiled(expression), dict(self.notebook.namespace)
        try:
            result = eval(code, names)
        except (Exception, SystemExit) as problem:
            raise ToolError(
                self.scrubbed(f"{type(problem).__name__}: {problem}")[:2_000],
                hint="Mend the expression, or look at the values with value_inspect.",
            ) from None

        limit = self.policy.limits.output_chars
        text = bounded(self.scrubbed(summarise(result, limit)), limit)
        return {"type": type(result).__name__, "result": text}


def _compiled(expression: str) -> Any:
    if len(expression) > _LONGEST_EXPRESSION:
        raise ToolError(f"The expression has {len(expression)} characters; 5000 are allowed.")

    try:
        return compile(expression.strip(), "<expression>", "eval")
    except SyntaxError as problem:
        raise ToolError(
            f"{expression[:200]!r} is not one expression: {problem.msg}.",
            hint="Statements such as x = 1 or import are not evaluated.",
        ) from None
    except (ValueError, MemoryError, RecursionError) as problem:
        raise ToolError(f"The expression cannot be read: {problem}.") from None


class CellReadTool(NotebookTool):
    """Reads one of the notebook's cells."""

    tool_name = "cell_read"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={"number": 3}, says="the cell In [3]"),
            Example(arguments={"number": -1}, says="the last one that was run"),
        ),
        guidance="Cells are counted as Jupyter shows them: In [1] was run first.",
    )

    def run(self, number: int = -1) -> CellTold:
        """Read a cell that was run: its source and what came of it.

        Args:
            number: As Jupyter shows it in In [number]; -1 for the last, -2 for the one before.
        """
        known = list(self.notebook.cells())
        if not known:
            raise ToolError("No cell has been run yet.")

        wanted = known[number] if -len(known) <= number < 0 else number
        told = self.notebook.cell(wanted)
        if told is None:
            raise ToolError(
                f"There is no cell {number}.",
                hint=f"Cells {known[0]} to {known[-1]} were run; -1 is the last.",
            )

        text = bounded(self.scrubbed(told), self.policy.limits.output_chars)
        return {"number": wanted, "text": text}
