"""A tool called as a model's call is, its result held against what the tool says of it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from mojentic_nb.tools.kit_tool import KitTool


def called(tool: KitTool, **arguments: Any) -> Any:
    """Call with checked arguments; the result is JSON and fits the tool's output schema."""
    result = tool.invoke(tool.arguments(arguments))
    json.dumps(result, allow_nan=False)
    jsonschema.validate(result, tool.output_schema)
    return result


def examples_of(*kinds: type[KitTool]) -> list[Any]:
    """Every example of some tools, for `parametrize`."""
    return [(kind, dict(one.arguments)) for kind in kinds for one in kind.facts.examples]
