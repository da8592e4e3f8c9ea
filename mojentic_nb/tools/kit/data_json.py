"""Questions to JSON, in JMESPath.

Law: an expression may double what it finds at every step, so its reach is reckoned before
it runs; one that could grow large runs in a process of its own, which can be ended.
"""

from __future__ import annotations

import json
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.child import in_child
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.data_rows import json_value
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["JsonQueryTool", "found", "read_json"]

MOST_CHARS = 2_000
# Values and characters an expression could come to that is answered here and now.
MOST_HERE = 2_000_000


class JsonQueryTool(KitTool):
    """Asks JSON."""

    tool_name = "json_query"
    facts = Facts(
        category="data",
        examples=(
            Example(
                arguments={
                    "data": {"people": [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]},
                    "query": "people[?age > `40`].name",
                }
            ),
            Example(arguments={"data": '{"a": [1, 2, 3]}', "query": "sum(a)"}),
        ),
        guidance="JMESPath: a.b, list[0], list[*].name, list[?age > `40`], length(list).",
        needs="tools",
    )

    def run(self, data: Any, *, query: str) -> Any:
        """Find values in JSON with a JMESPath expression, such as people[?age > `40`].name.

        Args:
            data: The JSON, as a value or as text.
            query: The expression.
        """
        needed("jmespath", extra="tools")
        value = read_json(data) if isinstance(data, str) else json_value(data)
        if len(query) > MOST_CHARS:
            raise ToolError(f"The query has {len(query)} characters; {MOST_CHARS} are allowed.")

        try:
            if _reach(query, value) <= MOST_HERE:
                return found(query, value=value)
        except RecursionError:
            raise ToolError("The query or the data is nested too deeply.") from None

        limits = self.policy.limits
        return in_child(f"{__name__}:found", limits=limits, query=query, value=value)


def read_json(text: str) -> Any:
    """Read JSON text; NaN and the infinities, which some write, are as in `json_value`.

    Raises:
        ToolError: It is none.
    """
    try:
        return json_value(json.loads(text.removeprefix("\ufeff")))
    except RecursionError:
        raise ToolError("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as problem:
        raise ToolError(
            f"This is no JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}."
        ) from None
    except ValueError as problem:  # more digits than Python reads
        raise ToolError(f"This JSON cannot be read: {problem}.") from None


def found(query: str, value: Any) -> Any:
    """What a query finds; null where it finds nothing.

    Raises:
        ToolError: It is not JMESPath, or does not fit the data.
    """
    jmespath = needed("jmespath", extra="tools")
    try:
        return json_value(jmespath.search(query, value))
    except (jmespath.exceptions.JMESPathError, ValueError) as problem:
        raise ToolError(
            f"{query[:100]!r} cannot be answered: {' '.join(str(problem).split())[:300]}.",
            hint="Text in it stands in '…', numbers and other JSON in `…`.",
        ) from None


def _reach(query: str, value: Any) -> int:
    """A bound on what a query makes of a value, in values and characters."""
    jmespath = needed("jmespath", extra="tools")
    try:
        parsed = jmespath.compile(query).parsed
    except (jmespath.exceptions.JMESPathError, ValueError):
        return 0  # asking says what is wrong

    growth, joins = 1, 0
    waiting = [parsed]
    while waiting:
        node = waiting.pop()
        children = [child for child in node.get("children", ()) if isinstance(child, dict)]
        if node["type"].startswith("multi_select"):
            growth *= max(2, len(children))  # 2: text in text doubles its escapes
        joins += node["type"] == "function_expression" and node.get("value") == "join"
        waiting += children

    size = _size(value)
    return int(growth * size ** (1 + joins))


def _size(value: Any) -> int:
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        total += 1 + (len(one) if isinstance(one, str) else 0)
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one

    return total
