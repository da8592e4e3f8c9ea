"""Arithmetic as people write it.

Law: an expression is read by Python's parser and walked by us, never run: there are
numbers, operators and the functions named here, and nothing else. Whole numbers and
decimal fractions are exact, so 0.1 + 0.2 is 0.3; no number grows beyond `MOST_BITS`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["CalculatorTool", "calculate"]

Number = Fraction | float

# 3010 digits: more than any answer needs, and below the 4300 Python writes as text.
MOST_BITS = 10_000
MOST_CHARS = 1_000

_CONSTANTS: dict[str, Number] = {"pi": math.pi, "e": math.e, "tau": math.tau}
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})
_KNOWN = "numbers, + - * / // % **, parentheses, functions such as sqrt, round and max, pi and e"


class CalculatorTool(KitTool):
    """Works out arithmetic."""

    tool_name = "calculator"
    facts = Facts(
        category="math",
        examples=(
            Example(arguments={"expression": "2500*0.15"}, says="15 % of 2500"),
            Example(arguments={"expression": "sqrt(2) * max(3, 4) ** 2"}),
        ),
        guidance="Use ** for powers, a point for decimals and no separators of thousands.",
    )

    def run(self, expression: str) -> int | float:
        """Work out an arithmetic expression, such as 2500*0.15 or sqrt(2)*pi.

        Operators are + - * / // % and ** (a power). Functions: abs, round, floor, ceil, trunc,
        sqrt, cbrt, exp, log (natural, or log(x, base)), log2, log10, sin, cos, tan and their
        inverses (radians), degrees, radians, hypot, min, max, sum, mean, factorial, gcd, lcm,
        comb, perm. Constants: pi, e, tau.

        Args:
            expression: What to work out.
        """
        return calculate(expression)


def calculate(expression: str) -> int | float:
    """Work out an arithmetic expression.

    Returns:
        A whole number where the result is exactly one, else the nearest float.

    Raises:
        ToolError: It is no arithmetic, has no real result, or one that is too large.
    """
    try:
        return _shown(_Walk(_written(expression)).value())
    except ZeroDivisionError:
        raise ToolError(f"{expression[:100]!r} divides by zero.") from None
    except OverflowError:
        raise _too_large() from None
    except RecursionError:
        raise ToolError("The expression is nested too deeply.") from None


def _written(expression: str) -> str:
    text = " ".join(expression.translate(_SIGNS).split())
    if not text:
        raise ToolError("The expression is empty.", hint=f"There may be {_KNOWN}.")
    if len(text) > MOST_CHARS:
        raise ToolError(f"The expression has {len(text)} characters; {MOST_CHARS} are allowed.")

    return text


def _too_large() -> ToolError:
    return ToolError(
        "The result is too large to be written down.",
        hint="Ask for its logarithm, or for smaller numbers.",
    )


def _refused(what: str) -> ToolError:
    return ToolError(f"{what} is no arithmetic.", hint=f"There may be {_KNOWN}.")


def _shown(value: Number) -> int | float:
    if isinstance(value, float):
        return value
    if value.denominator == 1:
        return value.numerator

    return float(value)


class _Walk:
    """One expression, read and then worked out from its leaves."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError) as problem:
            place = getattr(problem, "offset", None)
            raise ToolError(
                f"{text[:100]!r} is not an expression"
                + (f": something is wrong at character {place}." if place else "."),
                hint=f"There may be {_KNOWN}.",
            ) from None

    def value(self) -> Number:
        return self._value(self._tree)

    def _value(self, node: ast.expr) -> Number:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node.id)
            case ast.UnaryOp(op=ast.USub()):
                return -self._value(node.operand)
            case ast.UnaryOp(op=ast.UAdd()):
                return self._value(node.operand)
            case ast.BinOp():
                return self._operation(node)
            case ast.Call():
                return self._call(node)

        raise _refused(repr((ast.get_source_segment(self._text, node) or "")[:60]))

    def _constant(self, node: ast.Constant) -> Number:
        if type(node.value) is int:
            return _bounded(Fraction(node.value))
        if type(node.value) is not float:
            raise _refused(repr(node.value)[:60])

        # As it is written, since 0.1 the float is a little more than a tenth.
        try:
            exact = Decimal(ast.get_source_segment(self._text, node) or "")
        except InvalidOperation:
            raise _too_large() from None
        if not exact.is_finite() or abs(exact.adjusted()) > MOST_BITS // 10:
            raise _too_large()

        return Fraction(exact)

    def _name(self, name: str) -> Number:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in _FUNCTIONS:
            raise ToolError(f"{name} is a function.", hint=f"Write {name}(…).")

        raise ToolError(f"There is no {name[:60]!r}.", hint=f"There may be {_KNOWN}.")

    def _operation(self, node: ast.BinOp) -> Number:
        operate = _OPERATORS.get(type(node.op))
        if operate is None:
            is_power = isinstance(node.op, ast.BitXor)
            raise ToolError(
                f"{(ast.get_source_segment(self._text, node) or '')[:60]!r} is no arithmetic.",
                hint="Write ** for a power." if is_power else f"There may be {_KNOWN}.",
            )

        return _bounded(operate(self._value(node.left), self._value(node.right)))

    def _call(self, node: ast.Call) -> Number:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = _FUNCTIONS.get(name)
        if function is None or node.keywords:
            called = ast.get_source_segment(self._text, node.func) or ""
            raise ToolError(
                f"{called[:60]!r} is no function here.",
                hint=f"There are {', '.join(sorted(_FUNCTIONS))}.",
            )

        given = self._given(node.args)
        try:
            return _bounded(function(*given))
        except (ValueError, TypeError) as problem:
            raise ToolError(
                f"{name}({', '.join(str(_shown(one))[:40] for one in given)}) has no result:"
                f" {problem}."
            ) from None

    def _given(self, nodes: Sequence[ast.expr]) -> list[Number]:
        """The arguments; a list in brackets counts as its numbers."""
        given: list[Number] = []
        for node in nodes:
            if isinstance(node, ast.List | ast.Tuple):
                given += [self._value(one) for one in node.elts]
            else:
                given.append(self._value(node))

        return given


def _bounded(value: Any) -> Number:
    """The result as one of our two kinds, if it is one and of a size."""
    if isinstance(value, int):
        value = Fraction(value)
    if isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
            raise _too_large()
        return value
    if isinstance(value, complex):
        raise ToolError("The result is no real number.")
    if not math.isfinite(value):
        raise _too_large()

    return float(value)


def _power(base: Number, exponent: Number) -> Any:
    if isinstance(base, float) or isinstance(exponent, float) or exponent.denominator != 1:
        return _root(base, exponent)

    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (0, 1, -1) and (bits - 1) * abs(exponent) > MOST_BITS:
        raise _too_large()

    return base**exponent.numerator


def _root(base: Number, exponent: Number) -> Any:
    if exponent == 0.5 and base >= 0:
        return _sqrt(base)

    return float(base) ** float(exponent)


def _sqrt(value: Number) -> Number:
    """Exact where there is a whole or broken root."""
    if value < 0:
        raise ValueError("it would be no real number")
    if isinstance(value, Fraction):
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return Fraction(above, below)

    return math.sqrt(value)


def _round(value: Number, digits: Number = Fraction(0)) -> Number:
    places = _whole(digits)
    if abs(places) > 1000:
        raise ValueError("more than 1000 digits")

    # Of a float its shortest text is meant, else round(2.675, 2) is a puzzle.
    exact = Fraction(repr(value)) if isinstance(value, float) else value
    return Fraction(round(exact, places))


def _whole(value: Number) -> int:
    if value != int(value):
        raise ValueError(f"{_shown(value)} is no whole number")

    return int(value)


def _factorial(value: Number) -> int:
    number = _whole(value)
    if number > MOST_BITS // 8:
        raise _too_large()

    return math.factorial(number)


def _chosen(count: Callable[[int, int], int]) -> Callable[..., Number]:
    def counted(total: Number, chosen: Number) -> Number:
        whole, part = _whole(total), _whole(chosen)
        steps = part if count is math.perm else min(part, whole - part)
        if whole.bit_length() * max(steps, 0) > 2 * MOST_BITS:
            raise _too_large()

        return Fraction(count(whole, part))

    return counted


def _all_whole(function: Callable[..., int]) -> Callable[..., Number]:
    def of_whole(*given: Number) -> Number:
        result = 0 if function is math.gcd else 1
        for one in given:
            result = int(_shown(_bounded(function(result, _whole(one)))))

        return Fraction(result)

    return of_whole


def _log(value: Number, base: Number | None = None) -> float:
    if value <= 0:
        raise ValueError("only numbers above 0 have a logarithm")

    return _log_of(math.log, value) / (1 if base is None else _log(base))


def _log_of(log: Callable[[float], float], value: Number) -> float:
    # A huge whole number has a logarithm though it is no float.
    if isinstance(value, float):
        return log(value)

    return log(value.numerator) - log(value.denominator)


def _log_to(log: Callable[[float], float]) -> Callable[[Number], float]:
    def found(value: Number) -> float:
        return _log_of(log, value)

    return found


def _sum(*given: Number) -> Number:
    total: Number = Fraction(0)
    for one in given:
        total = _bounded(total + one)

    return total


def _mean(*given: Number) -> Number:
    if not given:
        raise ValueError("there are no numbers")

    return _sum(*given) / len(given)


def _least(*given: Number) -> Number:
    return min(given)


def _most(*given: Number) -> Number:
    return max(given)


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": operator.abs,
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "atan2": math.atan2,
    "cbrt": math.cbrt,
    "ceil": math.ceil,
    "comb": _chosen(math.comb),
    "cos": math.cos,
    "cosh": math.cosh,
    "degrees": math.degrees,
    "exp": math.exp,
    "factorial": _factorial,
    "floor": math.floor,
    "gcd": _all_whole(math.gcd),
    "hypot": math.hypot,
    "lcm": _all_whole(math.lcm),
    "ln": _log,
    "log": _log,
    "log10": _log_to(math.log10),
    "log2": _log_to(math.log2),
    "max": _most,
    "mean": _mean,
    "min": _least,
    "perm": _chosen(math.perm),
    "pow": _power,
    "radians": math.radians,
    "round": _round,
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": _sqrt,
    "sum": _sum,
    "tan": math.tan,
    "tanh": math.tanh,
    "trunc": math.trunc,
}
