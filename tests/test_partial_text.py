"""Where half a string may be shown: what a schema says of one place."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb.partial.document import Open
from mojentic_nb.partial.free_text import is_free_text

HERE = [Open({}, key="here")]


@pytest.mark.parametrize(
    "part", [{"$ref": "#/$defs/Name"}, {"anyOf": [{"type": "string"}]}, {"allOf": [True]}]
)
def test_what_stands_beside_a_choice_counts_too(part: dict[str, Any]) -> None:
    for more, is_free in (({}, True), ({"format": "date"}, False), ({"enum": ["a"]}, False)):
        schema = {"$defs": {"Name": {"type": "string"}}, "properties": {"here": {**part, **more}}}
        assert is_free_text(schema, HERE) is is_free


@pytest.mark.parametrize("part", [True, {}, {"anyOf": [True, {"type": "null"}]}])
def test_anything_may_be_text(part: Any) -> None:
    assert is_free_text({"properties": {"here": part}}, HERE)


def test_a_schema_that_names_itself_ends() -> None:
    schema = {"$defs": {"A": {"$ref": "#/$defs/A"}}, "properties": {"here": {"$ref": "#/$defs/A"}}}
    assert not is_free_text(schema, HERE)
