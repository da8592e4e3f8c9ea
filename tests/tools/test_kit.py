"""What every built-in tool tells of itself, and the page made of it."""

from __future__ import annotations

import json

import jsonschema
import pytest

from mojentic_nb import tools
from mojentic_nb.tools.facts import CATEGORIES
from mojentic_nb.tools.listing import kinds
from mojentic_nb.tools.pages import page
from tests.house.source import ROOT

each = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.tool_name)

# `contract/components.md`, "Definitive built-in tool list".
SHELVES = {
    "file": 8, "web": 9, "data": 8, "math": 4, "text": 7, "system & time": 6,
    "crypto & ids": 3, "ai & media": 6, "communication & tasks": 4,
}  # fmt: skip


def test_there_are_fifty_five_and_those_over_the_notebook():
    found = {category: len(tools.catalogue(category)) for category in CATEGORIES}
    assert {name: count for name, count in found.items() if name in SHELVES} == SHELVES
    assert sum(SHELVES.values()) == 55
    assert found["notebook"] >= 4


@each
def test_its_schemas_are_schemas(kind):
    made = kind()
    for schema in (made.spec.parameters, made.output_schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        json.dumps(schema)
    assert made.spec.parameters["additionalProperties"] is False


@each
def test_its_examples_fit(kind):
    made = kind()
    assert made.facts.examples
    for example in made.facts.examples:
        jsonschema.validate(dict(example.arguments), made.spec.parameters)
        assert made.arguments(example.arguments) is not None


@each
def test_it_tells_what_it_does_and_what_to_do_when_it_fails(kind):
    made = kind()
    assert 15 <= len(made.description) <= 600
    assert made.facts.guidance
    for name, schema in made.spec.parameters.get("properties", {}).items():
        assert schema.get("description"), name


@each
def test_what_it_does_not_name_as_an_effect_needs_no_policy(kind):
    effects = kind.facts.effects
    touches = {"file", "web", "system & time"} & {kind.facts.category}
    assert effects or not touches or kind.tool_name in {"url_parse", "date_time", "schedule_next"}


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds() if kind.facts.effects], ids=lambda kind: kind.tool_name
)
def test_without_a_policy_it_does_nothing_to_the_world(kind):
    # One of them may need nothing, such as vectors that are there already.
    told = [kind().call_tool(**one.arguments) for one in kind.facts.examples]
    assert any(one.get("isError") for one in told)


def test_the_page_is_what_the_tools_say():
    kept = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    assert kept == page(), "run: python -m mojentic_nb.tools.listing"
