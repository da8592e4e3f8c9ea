"""`%%structured`: a class, a list, a line of fields; shown once, bound, returned."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from mojentic_nb import errors
from tests.loopback import Answer

CLASSES = """
from dataclasses import dataclass
from enum import Enum
from pydantic import BaseModel, field_validator

class Person(BaseModel):
    name: str
    age: int

class Adult(Person):
    @field_validator("age")
    @classmethod
    def grown(cls, age):
        if age < 18:
            raise ValueError("too young")
        return age

@dataclass
class Point:
    x: int
    y: int

class Mood(Enum):
    CALM = "calm"

class Diary(BaseModel):
    day: str
    mood: Mood
    people: list[Person]

People = list[Person]
schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
"""
ADA = {"name": "Ada <b>", "age": 36}


@pytest.fixture
def told(ollama, loopback):
    """Classes in the notebook, and a way to script what the model answers."""
    ollama.ok(CLASSES)

    def ask(cell, *answers):
        loopback.script(
            *[Answer(one if isinstance(one, str) else json.dumps(one)) for one in answers]
        )
        return ollama.ok(cell)

    ollama.ask = ask
    return ollama


def test_a_class_becomes_an_object(told):
    ada = told.ask("%%structured Person -o ada\ntext", ADA)
    assert (ada.name, ada.age) == ("Ada <b>", 36)
    assert told["ada"] is ada is told["_llm"] is told["_"]
    assert told.last.plain.splitlines()[-1].split() == ["age", "36"]
    assert "Ada &lt;b&gt;" in told.last.data["text/html"]
    assert len(told.outputs) == 1


def test_it_is_shown_once_and_again_by_name(told):
    told.ask("%%structured Person -o ada\ntext", ADA)
    told.said()
    told.ok("ada")
    assert "Person(name=" in told.said()[0]


@pytest.mark.parametrize(
    "kind", ["list[Person]", "People", "list of name, age int", "[name, age int]"]
)
def test_a_list_becomes_a_frame(told, kind):
    people = told.ask(
        f"%%structured {kind} -o people\ntext", {"value": [ADA, {"name": "Bo", "age": 3}]}
    )
    assert isinstance(people, pd.DataFrame)
    assert list(people.columns) == ["name", "age"]
    assert people.age.tolist() == [36, 3]
    assert told["people"] is people
    assert [one.age for one in told["_llm"]] == [36, 3]
    assert "<table" in told.last.data["text/html"]
    assert "Ada &lt;b&gt;" in told.last.data["text/html"]


def test_an_empty_list_keeps_its_columns(told):
    people = told.ask("%%structured list[Person]\ntext", {"value": []})
    assert (len(people), list(people.columns)) == (0, ["name", "age"])


def test_a_frame_of_one_row(told):
    frame = told.ask("%%structured Person --frame\ntext", ADA)
    assert frame.to_dict("records") == [ADA]


@pytest.mark.parametrize(
    "kind, answer, value",
    [
        ("int", {"value": 3}, 3),
        ("list[str]", {"value": ["a", "b"]}, ["a", "b"]),
        ("dict[str, int]", {"a": 1}, {"a": 1}),
        ("Literal['yes', 'no']", {"value": "yes"}, "yes"),
        ("bool", {"value": True}, True),
        ("schema", {"n": 1}, {"n": 1}),
        ("Person | None", {"value": None}, None),
    ],
)
def test_other_types_stay_themselves(told, kind, answer, value):
    made = told.ask(f"%%structured {kind}\ntext", answer)
    assert (made["value"].tolist() if isinstance(made, pd.DataFrame) else made) == value


def test_dataclasses_and_nested_ones(told):
    point = told.ask("%%structured Point\ntext", {"x": 1, "y": 2})
    assert (type(point), point.y) == (told["Point"], 2)
    told.ask("%%structured Diary\ntext", {"day": "Mon", "mood": "calm", "people": [ADA]})
    assert "calm" in told.last.plain
    assert "Ada <b>" in told.last.plain


def test_a_line_of_fields_needs_no_class(told):
    record = told.ask("%%structured name, age int? -o r\ntext", {"name": "Ada", "age": None})
    assert (record.name, told["r"].age) == ("Ada", None)


def test_a_variable_is_no_type_but_may_be_a_field(told):
    told.ok("name = 'somebody'")
    assert told.ask("%%structured name\ntext", {"name": "Ada"}).name == "Ada"


def test_a_type_is_never_evaluated(told):
    told.run("%%structured __import__('os').system('true')\ntext")
    told.run("%%structured list[print('ran')]\ntext")
    assert "ran\n" not in told.said()[0]


def test_repairs_are_told_and_then_it_fails_naming_the_field(told, loopback):
    told.said()
    assert told.ask("%%structured Adult\ntext", {"name": "Tim", "age": 9}, ADA).age == 36
    assert "The answer did not fit: age: Value error, too young" in told.said()[1]

    loopback.script(*[Answer('{"name": "Tim", "age": 9}')] * 3)
    ran = told.run("%%structured Adult -o adult\ntext")
    line = told.said()[0].strip().splitlines()[-1]
    assert isinstance(ran.error_in_exec, errors.ObjectError)
    assert ran.error_in_exec.field == "age"
    assert "No Adult after 3 answers: age" in line
    assert "_llm" in line
    assert told["_llm"] == '{"name": "Tim", "age": 9}'
    assert "adult" not in told.shell.user_ns


def test_the_conversation_is_neither_sent_nor_joined(told, loopback):
    loopback.script(Answer("hello"))
    told.ok("%llm hi")
    told.ask("%%structured int\nthree", {"value": 3})
    told.ask("%llm again", "yes")
    sent = [[one["content"] for one in seen.body["messages"]] for seen in loopback.requests]
    assert sent[1] == ["three"]
    assert sent[2] == ["hi", "hello", "again"]


def test_values_go_in_and_flags_go_out(told, loopback):
    told.ok("n = 4; model = 'ollama:other'")
    told.ask("%%structured int -m {model} -s 'Count.' -t 0\nthere are {n}", {"value": 4})
    sent = loopback.requests[0].body
    assert (sent["model"], sent["options"]["temperature"]) == ("other", 0)
    assert [one["content"] for one in sent["messages"]] == ["Count.", "there are 4"]
    assert sent["format"]["properties"]["value"]["type"] == "integer"


def test_a_dry_run_shows_the_schema(told, loopback):
    assert told.ok("%%structured Person --dry-run\ntext") is None
    assert '"title": "Person"' in told.last.plain
    assert loopback.requests == []


def test_metadata_and_the_quiet_line(told):
    told.ok("%llm_config footer=on")
    told.ask("%%structured Person\ntext", ADA)
    assert told.last.about["usage"] == {"input_tokens": 11, "output_tokens": 7}
    assert told.last.plain.endswith("11 → 7 tok")
    assert "<small>llama3.2" in told.last.data["text/html"]


def test_prices_in_a_table_are_no_formula(told):
    told.ok("%llm_config footer=on")
    told.ask("%%structured list of offer\ntext", {"value": [{"offer": "from $5 to $10"}]})
    assert 'class="dataframe tex2jax_ignore' in told.last.data["text/html"]
    told.ask("%%structured str\ntext", {"value": "from $5 to $10"})
    assert "from <span>&#36;</span>5 to <span>&#36;</span>10" in told.last.markdown


@pytest.mark.parametrize("kind, is_loaded", [("list[int]", True), ("int", False)])
def test_pandas_is_loaded_before_the_model_is_asked(kind, is_loaded):
    """Else the second it takes would be told as the model's."""
    code = f"from mojentic_nb.magics.objects import ready_for; ready_for({kind})"
    told = "import sys; print('pandas' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", f"{code}; {told}"], capture_output=True, text=True)
    assert ran.stdout.strip() == str(is_loaded), ran.stderr
