"""What a person has already: promptfoo's cases and inspect_ai's datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.compare.asking import compare
from mojentic_nb.compare.check_kinds import equals
from mojentic_nb.compare.checks import checks_of
from mojentic_nb.compare.importing import from_inspect, from_promptfoo
from mojentic_nb.compare.importing_asserts import check_of_assert
from mojentic_nb.errors import BadArgument
from tests.compare.grids import models, says
from tests.loopback import Loopback


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


CONFIG = """
description: capitals
prompts:
  - 'Capital of {{country}}? As {"city": …} or {nothing}.'
  - id: file://long.txt
    label: long
providers: [openai:gpt-5]
defaultTest:
  assert:
    - type: icontains
      value: the
tests:
  - description: easy
    vars: {country: France}
    assert:
      - type: contains
        value: Paris
      - type: not-contains
        value: '{{country}}'
      - type: llm-rubric
        value: is polite
  - vars:
      country: [Spain, Italy]
"""


def written(text: str, name: str = "promptfooconfig.yaml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_promptfoos_cases_come_over(loopback: Loopback) -> None:
    written("Please: capital of {{ country }}?\n", "long.txt")
    with pytest.warns(UserWarning, match="llm-rubric"):
        found = from_promptfoo(written(CONFIG))
    assert found.left_out == ("the assertion llm-rubric",)
    assert [item.id for item in found.items] == ["easy", "Spain", "Italy"]
    assert list(found.prompts)[1] == "long"

    loopback.script(*says("the city of Paris", "France", *["The End"] * 4))
    r = compare(found.prompts, models(loopback, "m"), items=found.items, concurrency=1)
    sent = {seen.body["messages"][0]["content"] for seen in loopback.requests}
    assert 'Capital of Spain? As {"city": …} or {nothing}.' in sent
    assert "Please: capital of Italy?" in sent
    first = r.df[r.df.item_id == "easy"]
    assert first.pass_icontains.tolist() == [True, False]
    assert first.pass_contains.tolist() == [True, False]
    assert first.pass_not_contains.tolist() == [True, False]
    assert r.df[r.df.item_id == "Italy"].passed.tolist() == [True, True]


def test_cases_alone_and_json_are_read_too() -> None:
    cases = [{"vars": {"a": "x"}}, {"vars": {"a": "x"}}]
    found = from_promptfoo(written(json.dumps(cases), "cases.json"))
    assert (dict(found.prompts), [item.id for item in found.items]) == ({}, ["x", "x (2)"])
    written("- vars: {a: y}\n", "tests.yaml")
    config = written("prompts: '{{a}}!'\ntests: file://tests.yaml\n")
    assert dict(from_promptfoo(config).prompts) == {"{{a}}!": "{a}!"}
    assert [item.vars for item in from_promptfoo(config).items] == [{"a": "y"}]


@pytest.mark.parametrize(
    "assertion, good, bad",
    [
        ({"type": "equals", "value": "a"}, "a", " a"),
        ({"type": "not-equals", "value": "a"}, "b", "a"),
        ({"type": "icontains", "value": "A"}, "xay", "b"),
        ({"type": "contains-all", "value": ["a", "b"]}, "ab", "a"),
        ({"type": "contains-any", "value": "a, b"}, "b", "c"),
        ({"type": "not-icontains-any", "value": ["a"]}, "b", "A"),
        ({"type": "icontains-all", "value": ["a"]}, "A", "b"),
        ({"type": "regex", "value": r"^\d+$"}, "12", "x12"),
        ({"type": "starts-with", "value": "{{who}}"}, "Ann says", "says Ann"),
        ({"type": "is-json"}, "{}", "{"),
        ({"type": "is-json", "value": {"type": "object", "required": ["a"]}}, '{"a": 1}', "{}"),
    ],
)
def test_an_assertion_is_a_check(assertion: Any, good: str, bad: str) -> None:
    left_out: list[str] = []
    check = check_of_assert(assertion, {"who": "Ann"}, left_out)
    assert check is not None
    [named] = checks_of([check])
    assert named.name == assertion["type"].replace("-", "_")
    assert (named(good).passed, named(bad).passed, left_out) == (True, False, [])


@pytest.mark.parametrize("kind", ["python", "javascript", "similar", "latency"])
def test_an_assertion_that_is_none_of_ours_is_named(kind: str) -> None:
    left_out: list[str] = []
    assert check_of_assert({"type": kind, "value": "1/0"}, {}, left_out) is None
    assert left_out == [f"the assertion {kind}"]


@pytest.mark.parametrize(
    "assertion",
    [
        {"type": "is-json", "value": "file://schema.json"},
        {"type": "equals", "value": "a", "transform": "output.trim()"},
    ],
)
def test_an_assertion_that_needs_a_file_or_code_is_named(assertion: Any) -> None:
    left_out: list[str] = []
    assert check_of_assert(assertion, {}, left_out) is None
    assert left_out == [f"the assertion {assertion['type']}"]


@pytest.mark.parametrize(
    "assertion",
    [
        {"type": "contains"},
        {"type": "equals", "value": None},
        {"type": "contains-any", "value": []},
        {"type": "contains", "value": ["a", "b"]},
        {"type": "not-regex", "value": [1]},
    ],
)
def test_an_assertion_without_a_sensible_value_is_refused(assertion: Any) -> None:
    with pytest.raises(BadArgument, match="value"):
        check_of_assert(assertion, {}, [])


def test_what_would_change_a_case_is_named() -> None:
    case = {"vars": {"a": "file://long.txt"}, "options": {"transform": "x"}, "description": "d"}
    with pytest.warns(UserWarning, match="Not carried over"):
        found = from_promptfoo(written(json.dumps([case]), "cases.json"))
    assert found.left_out == ("the options of a test case", "the variable in file://long.txt")


def test_a_template_that_computes_is_named() -> None:
    with pytest.warns(UserWarning, match="upper"):
        found = from_promptfoo(written("prompts: ['{{ a | upper }} {% if b %}']\n"))
    assert len(found.left_out) == 2


def test_yaml_is_never_run() -> None:
    with pytest.raises(BadArgument, match="not YAML"):
        from_promptfoo(written("tests: !!python/object/apply:os.mkdir [ran]\n"))
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "tests: 3",
        "- 3",
        "prompts: [3]",
        "tests: [{assert: [3]}]",
        "a: [",
        "\x00",
        "prompts: 7",
        "tests: [{vars: x}]",
        "tests: [{assert: 5}]",
        "defaultTest: {vars: 3}",
        "tests: [{metadata: 3}]",
        "tests: [{assert: [{type: is-json, value: '{bad'}]}]",
    ],
)
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        from_promptfoo(written(text))
    with pytest.raises(BadArgument, match="cannot be read"):
        from_promptfoo("no such file.yaml")


LINES = [
    {"input": "Capital of France?", "target": "Paris", "id": 7, "metadata": {"by": "x"}},
    {"input": "A {brace} stays", "target": ["a", "b"]},
    {"input": "Which?", "choices": ["red", "blue"], "target": "B"},
    {"input": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "Hi"}]},
]


def dataset(*lines: Any) -> Path:
    return written("\n".join(json.dumps(line) for line in lines) + "\n\n", "data.jsonl")


def test_a_dataset_becomes_items(loopback: Loopback) -> None:
    items = from_inspect(dataset(*LINES), cluster="by")
    assert [item.id for item in items] == ["7", "", "", ""]
    assert [item.expected for item in items] == ["Paris", ["a", "b"], "B", None]
    assert [item.cluster for item in items] == ["x", "", "", ""]
    assert items[2].text == "Which?\n\nA) red\nB) blue\n\nAnswer with the letter alone."

    loopback.script(*says("Paris", "b", "A", "hello"))
    r = compare(items, models(loopback, "m"), checks=[equals()], concurrency=1)
    assert r.df.passed.astype(object).where(r.df.passed.notna(), None).tolist() == [
        *(True, True, False, None)
    ]
    assert loopback.requests[-1].body["messages"][0]["content"] == "be brief"


def test_one_list_is_read_like_lines() -> None:
    path = written(json.dumps(LINES), "data.json")
    assert len(from_inspect(path)) == 4


def test_a_line_separator_within_a_text_is_no_new_line() -> None:
    path = written('{"input": "one\u2028two"}\n', "data.jsonl")
    assert [item.text for item in from_inspect(path)] == ["one\u2028two"]


@pytest.mark.parametrize(
    "line, told",
    [
        ("{", r"data\.jsonl:1 is not JSON"),
        ("3", "no question"),
        ('{"target": "x"}', "no 'input'"),
        ('{"input": 3}', "neither text nor messages"),
        ('{"input": []}', "neither text nor messages"),
        ('{"input": [{"role": "tool", "content": "x"}]}', "no message of plain text"),
        ('{"input": "x", "choices": "ab"}', "choices"),
        ('{"input": "x", "metadata": 3}', "metadata"),
        ('{"input": " "}', "is empty"),
        ("", "has no question"),
    ],
)
def test_what_is_no_dataset_is_refused_by_its_line(line: str, told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        from_inspect(written(line, "data.jsonl"))
