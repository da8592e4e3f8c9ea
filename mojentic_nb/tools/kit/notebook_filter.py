"""Conditions on the rows of a frame, read and worked out without running any code.

Law: no `eval` and no attribute: a condition is a tree of comparisons, sums and a few named
functions, and every other node is refused. What could make text or numbers grow without
bound (powers, text times a number, formats) is not among them.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from mojentic_nb.errors import ToolError

__all__ = ["FUNCTIONS", "selected"]

_LONGEST = 2_000
_HINT = (
    "Like: price > 10 and city in ['Rome', 'Oslo'], `unit price` * amount >= 100,"
    " not missing(name), contains(lower(name), 'ann'), year(day) == 2026."
)

# A quoted text, or a column's name in backticks.
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`([^`]+)`")

_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_COUNTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda one: _numbers(one).abs(),
    "contains": lambda one, text: _texts(one).str.contains(_word(text), regex=False, na=False),
    "day": lambda one: one.dt.day,
    "ends": lambda one, text: _texts(one).str.endswith(_word(text), na=False),
    "length": lambda one: _texts(one).str.len(),
    "lower": lambda one: _texts(one).str.lower(),
    "missing": lambda one: one.isna(),
    "month": lambda one: one.dt.month,
    "starts": lambda one, text: _texts(one).str.startswith(_word(text), na=False),
    "upper": lambda one: _texts(one).str.upper(),
    "weekday": lambda one: one.dt.day_name(),
    "year": lambda one: one.dt.year,
}
"""What a condition may call, each with a column first."""


def selected(frame: Any, condition: str) -> Any:
    """The rows of a frame for which a condition holds, in their order.

    Raises:
        ToolError: The condition is none, or does not fit the frame.
    """
    if len(condition) > _LONGEST:
        raise ToolError(f"The condition has {len(condition)} characters; {_LONGEST} are allowed.")

    quoted: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]

        quoted[f"_column_{len(quoted)}_"] = found[1]
        return [*quoted][-1]

    try:
        tree = ast.parse(_QUOTED.sub(named, condition).strip(), mode="eval")
        mask = _Reading(frame, quoted).read(tree.body)
    except ToolError:
        raise
    except SyntaxError as problem:
        raise ToolError(f"{condition!r} is no condition: {problem.msg}.", hint=_HINT) from None
    except RecursionError:
        raise ToolError("The condition is nested too deeply.", hint=_HINT) from None
    except Exception as problem:  # what pandas raises where types do not fit
        raise ToolError(
            f"{condition!r} does not fit the columns: {str(problem)[:300]}",
            hint="frame_describe tells each column's type. Text is quoted.",
        ) from None

    return frame[_truth(mask, condition).to_numpy()]


def _truth(mask: Any, said: str) -> Any:
    if str(getattr(mask, "dtype", "")) not in ("bool", "boolean"):
        raise ToolError(f"{said!r} is not true or false for each row.", hint=_HINT)

    return mask.fillna(False).astype(bool)


class _Reading:
    """One walk down a condition's tree."""

    def __init__(self, frame: Any, quoted: Mapping[str, str]) -> None:
        self._frame = frame
        self._columns = {str(label): label for label in frame.columns}
        self._quoted = quoted

    def read(self, node: ast.expr) -> Any:
        """What a part of the condition comes to: a column of values, or one value."""
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
                return value
            case ast.Name(id=name):
                return self._column(self._quoted.get(name, name))
            case ast.BoolOp(op=op, values=parts):
                return self._joined([self._mask(one) for one in parts], isinstance(op, ast.And))
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr() as op, left=left, right=right):
                both = [self._mask(left), self._mask(right)]
                return self._joined(both, isinstance(op, ast.BitAnd))
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=inner):
                return ~self._mask(inner)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -_numbers(self.read(inner))
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _COUNTED:
                return self._counted(op, self.read(left), self.read(right))
            case ast.Compare(left=left, ops=ops, comparators=rest):
                return self._compared(left, ops, rest)
            case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
                return self._called(name, given)

        raise _refused(node)

    def _column(self, name: str) -> Any:
        if name not in self._columns:
            known = ", ".join([*self._columns][:30])
            raise ToolError(f"There is no column {name!r}.", hint=f"There are {known}.")

        column = self._frame[self._columns[name]]
        if hasattr(column, "columns"):
            raise ToolError(f"Two columns are called {name!r}.")

        return column

    def _mask(self, node: ast.expr) -> Any:
        return _truth(self.read(node), ast.unparse(node))

    def _joined(self, masks: list[Any], is_and: bool) -> Any:
        whole = masks[0]
        for one in masks[1:]:
            whole = whole & one if is_and else whole | one

        return whole

    def _counted(self, op: ast.operator, left: Any, right: Any) -> Any:
        is_text = isinstance(op, ast.Add) and (isinstance(left, str) or isinstance(right, str))
        both = (left, right) if is_text else (_numbers(left), _numbers(right))
        return _COUNTED[type(op)](*both)

    def _compared(self, left: ast.expr, ops: list[ast.cmpop], rest: list[ast.expr]) -> Any:
        masks = []
        for op, right in zip(ops, rest, strict=True):
            masks.append(self._comparison(op, left, right))
            left = right

        return self._joined(masks, is_and=True) if len(masks) > 1 else masks[0]

    def _comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Any:
        value = self.read(left)
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple | ast.Set):
                raise ToolError("`in` needs a list of values.", hint=_HINT)
            found = value.isin([self._one(part) for part in right.elts])
            return ~found if isinstance(op, ast.NotIn) else found

        if type(op) not in _COMPARED:
            raise ToolError("`is` is not known here: say == or missing(…).", hint=_HINT)
        return _COMPARED[type(op)](value, self.read(right))

    def _one(self, node: ast.expr) -> Any:
        value = self.read(node)
        if hasattr(value, "dtype"):
            raise ToolError("`in` needs a list of values, not of columns.", hint=_HINT)

        return value

    def _called(self, name: str, given: list[ast.expr]) -> Any:
        if name not in FUNCTIONS:
            raise ToolError(
                f"There is no function {name!r} in a condition.",
                hint=f"There are {', '.join(FUNCTIONS)}.",
            )

        return FUNCTIONS[name](*(self.read(one) for one in given))


def _refused(node: ast.AST) -> ToolError:
    shown = ast.unparse(node)[:100]
    return ToolError(f"{shown!r} may not stand in a condition.", hint=_HINT)


def _numbers(value: Any) -> Any:
    """The same value, if one may count with it."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind in ("i", "u", "f", "b", "m", "M") or isinstance(value, int | float):
        return value

    raise ToolError("Only numbers and dates are counted with.", hint=_HINT)


def _texts(value: Any) -> Any:
    if not hasattr(value, "str"):
        raise ToolError("This function needs a column of text.", hint=_HINT)

    return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ToolError(f"{value!r} is no text to look for.", hint=_HINT)

    return value
