"""Sums in a prompt: found, written as an expression, worked out.

Law: pure, bounded (no power can run away), and never `eval`. Called by the rules
in `demo_words` and by the finders in `demo_fields`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

from mojentic_nb.gateways.demo_facts import DATE, NUMBER, SPOKEN

# A sum stands near the start; a pasted file is not searched for one.
LOOK_AT = 2000
_N = r"(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)"
# Spoken forms, each rewritten to operators before an expression is sought.
SPEECH: tuple[tuple[str, str], ...] = (
    (r"(?<=[0-9]),(?=[0-9]{3}\b)", ""),
    (rf"\b(?:add|sum of|sum up|sum|total of) {_N},? (?:and|to|plus) {_N}", r"\1 + \2"),
    (rf"\b(?:multiply|product of) {_N},? (?:and|by|with) {_N}", r"\1 * \2"),
    (rf"\bdivide {_N} by {_N}", r"\1 / \2"),
    (rf"\bsubtract {_N} from {_N}", r"\2 - \1"),
    (rf"\bdifference between {_N} and {_N}", r"\1 - \2"),
    (rf"\b(?:the )?square root of {_N}", r"\1 ** 0.5"),
    (rf"{_N} ?(?:%|percent) of {_N}", r"\1 / 100 * \2"),
    (rf"{_N} squared", r"\1 ** 2"),
    (rf"{_N} cubed", r"\1 ** 3"),
    (r" (?:to the power of|raised to(?: the power of)?) ", " ** "),
    (r"(?<=[0-9)]) ?(?:×|(?:multiplied by|times|x)) ?(?=[-(0-9])", " * "),
    (r"(?<=[0-9)]) ?(?:÷|divided by) ?(?=[-(0-9])", " / "),
    (r"(?<=[0-9)]) plus (?=[-(0-9])", " + "),
    (r"(?<=[0-9)]) minus (?=[-(0-9])", " - "),
    (r"\^", "**"),
)
_TERM = r"(?:\( ?){0,6}-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?: ?\)){0,6}"
EXPRESSION = re.compile(rf"(?<![\w.-]){_TERM}(?: ?(?:\*\*|//|[-+*/%]) ?{_TERM}){{1,30}}(?![\w])")

Operation = Callable[[float, float], float]
OPERATIONS: dict[type[ast.operator], Operation] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def expression_in(text: str) -> str | None:
    """The arithmetic in the text as operators: "3 plus 4" gives "3 + 4"."""
    plain = DATE.sub(" ", text[:LOOK_AT])
    plain = NUMBER.sub(lambda m: m[0] if m["digits"] else str(_spoken(m)), plain)
    for pattern, written in SPEECH:
        plain = re.sub(pattern, written, plain, flags=re.IGNORECASE)

    found = EXPRESSION.search(plain)
    return _balanced(found[0].strip()) if found else None


def _spoken(match: re.Match[str]) -> int:
    return sum(SPOKEN[word.lower()] for word in match.group("ten", "unit", "word") if word)


def _balanced(expression: str) -> str | None:
    """Drop a bracket that belonged to the sentence around the sum."""
    if expression.count("(") > expression.count(")"):
        expression = expression.replace("(", "", expression.count("(") - expression.count(")"))

    while expression.count(")") > expression.count("(") and expression.endswith(")"):
        expression = expression[:-1].rstrip()

    return expression


def worked_out(expression: str) -> int | float | None:
    """The value, or None when it is not arithmetic or grows too large.

    Raises:
        ZeroDivisionError: The expression divides by zero.
    """
    try:
        value = _value(ast.parse(expression, mode="eval").body)
    except (SyntaxError, ValueError, OverflowError, TypeError):
        return None

    return int(value) if float(value).is_integer() else round(value, 10)


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _apply(OPERATIONS[type(op)], _value(left), _value(right))
        case _:
            raise ValueError("not arithmetic")


def _apply(operation: Operation, left: float, right: float) -> float:
    # 64 and a million keep 9**9**9 from holding a kernel for a minute.
    if operation is operator.pow and (abs(right) > 64 or abs(left) > 1_000_000):
        raise ValueError("too large")

    value = operation(left, right)
    if isinstance(value, complex):
        raise ValueError("not a real number")

    return value
