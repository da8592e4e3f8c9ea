"""A tool's own example, run as a model's call would be.

Law: the arguments fit the tool's schema and the result fits the schema of results.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from mojentic_nb.tools.facts import Example
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["ran"]


def ran(tool: KitTool, example: Example) -> Any:
    """What the example gives; both schemas are held against it."""
    given, told = tool.spec.parameters, tool.output_schema
    for schema in (given, told):
        Draft202012Validator.check_schema(schema)
    assert all(part.get("description") for part in given["properties"].values())
    Draft202012Validator(given).validate(dict(example.arguments))
    result = tool.invoke(tool.arguments(example.arguments))
    Draft202012Validator(told).validate(result)
    return result
