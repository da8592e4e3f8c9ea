"""Does JSON fit a JSON schema?

Law: no schema is fetched from anywhere. One that refers to itself, or has a pattern, may
take for ever, and is therefore asked in a process of its own, which can be ended.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.child import in_child
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.data_json import read_json
from mojentic_nb.tools.kit.data_rows import json_value
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["DataValidateTool", "Problem", "Verdict", "verdict"]

# Words of a schema whose work has no bound in the size of schema and data.
_UNBOUNDED = {"$ref", "$dynamicRef", "$recursiveRef", "pattern", "patternProperties"}
_ADDRESSES = ('"uri', '"iri')
# Formats that are told at a look; others come from libraries nobody has read for this.
_PLAIN_FORMATS = {"date", "date-time", "email", "ipv4", "ipv6", "time", "uuid"}


class Problem(TypedDict):
    """What does not fit.

    Attributes:
        path: Where, such as `people.0.age`; empty for the whole.
        message: Why.
    """

    path: str
    message: str


class Verdict(TypedDict):
    """What was found.

    Attributes:
        is_valid: Whether everything fits.
        problems: What does not, at most as many as the limit.
        total: How many problems there are.
    """

    is_valid: bool
    problems: list[Problem]
    total: int


class DataValidateTool(KitTool):
    """Checks JSON against a schema."""

    tool_name = "data_validate"
    facts = Facts(
        category="data",
        examples=(
            Example(
                arguments={
                    "data": {"name": "Ada", "age": -1},
                    "schema": {
                        "type": "object",
                        "properties": {"age": {"type": "integer", "minimum": 0}},
                        "required": ["name"],
                    },
                }
            ),
        ),
        guidance="The schema is JSON Schema; references work within it only, by #/$defs/…",
    )

    def run(self, data: Any, *, schema: dict[str, Any]) -> Verdict:
        """Check JSON against a JSON schema and tell every place that does not fit.

        Args:
            data: The JSON; text is read as JSON unless the schema wants text.
            schema: The JSON schema, by default of draft 2020-12.
        """
        wants_text = "string" in _types(schema)
        value = json_value(data) if not isinstance(data, str) or wants_text else read_json(data)
        given = {"value": value, "schema": schema, "most": self.policy.limits.entries}
        if not _has_unbounded(schema):
            return verdict(**given)

        found: Verdict = in_child(f"{__name__}:judged", limits=self.policy.limits, **given)
        return found


def judged(value: Any, schema: dict[str, Any], most: int) -> Verdict:
    """As `verdict`, in a child."""
    told = json.dumps(schema)
    if not any(form in told for form in _ADDRESSES):
        # A grammar of addresses that takes a second to load, where it is installed at all.
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

    return verdict(value, schema, most)


def _types(schema: dict[str, Any]) -> list[Any]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _has_unbounded(part: Any) -> bool:
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if _UNBOUNDED & one.keys() or not _is_plain(one.get("format", "date")):
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one

    return False


def _is_plain(form: Any) -> bool:
    # A property that is called format has a schema there, which is looked at by itself.
    return isinstance(form, dict) or form in _PLAIN_FORMATS


def verdict(value: Any, schema: dict[str, Any], most: int) -> Verdict:
    """Check a value.

    Raises:
        ToolError: The schema is none.
    """
    import jsonschema
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
        # A registry of its own: without one the library would fetch what is referred to.
        checker = kind(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)
        problems = sorted(map(_told, checker.iter_errors(value)), key=lambda one: one["path"])
    except jsonschema.SchemaError as problem:
        raise ToolError(f"This is no JSON schema: {problem.message[:300]}.") from None
    except Unresolvable as problem:
        raise ToolError(
            f"The schema refers to what is not in it: {problem}.", hint="Use #/$defs/…"
        ) from None
    except RecursionError:
        raise ToolError("The schema or the data is nested too deeply.") from None

    return {"is_valid": not problems, "problems": problems[:most], "total": len(problems)}


def _told(problem: Any) -> Problem:
    path = ".".join(map(str, problem.absolute_path))
    return {"path": path, "message": str(problem.message)[:500]}
