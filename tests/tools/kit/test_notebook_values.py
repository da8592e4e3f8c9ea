"""What a model is told of a notebook's names, values and cells, and what never."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from math import sqrt

import pandas as pd
import pytest
from pydantic import SecretStr

from mojentic_nb.errors import HIDDEN, ToolDenied, ToolError
from mojentic_nb.tools.kit.notebook_tool import Notebook
from mojentic_nb.tools.kit.notebook_values import (
    CellReadTool,
    ExpressionEvaluateTool,
    NamespaceListTool,
    ValueInspectTool,
)
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.a_notebook import PlainNotebook
from tests.tools.kit.an_example import ran

KINDS = [NamespaceListTool, ValueInspectTool, ExpressionEvaluateTool, CellReadTool]
FREE = Policy.everything()
PASSWORD = "correct horse battery"


@dataclass
class Ship:
    """A thing that floats."""

    name: str
    tons: int


def area(radius: float) -> float:
    """The area of a circle."""
    return 3 * radius**2


Ship.__module__ = area.__module__ = "__main__"


@pytest.fixture
def notebook() -> PlainNotebook:
    return PlainNotebook(
        {1: "In [1]:\nx = 5", 3: "In [3]:\nx\nOut [3]:\n5", 4: f"In [4]:\nlogin({PASSWORD!r})"},
        __name__="__main__",
        _=7,
        _hidden=1,
        In=[],
        Out={},
        get_ipython=lambda: None,
        open=open,
        math=math,
        sqrt=sqrt,
        OrderedDict=dict,
        Ship=Ship,
        area=area,
        boat=Ship("Aurora", 7),
        numbers=[1, 2, 3],
        sales=pd.DataFrame({"city": ["Rome", "Oslo"], "price": [1.5, 2.0]}),
        api_key="sk-" + "a" * 30,
        db_password=PASSWORD,
        pin=SecretStr("9471-0038"),
        token_count=12,
        config={"url": f"https://host/?pw={PASSWORD}", "key": "sk-" + "b" * 30},
        login={"user": "ann", "password": "tr0ub4dor and 3", "note": "tr0ub4dor and 3"},
    )


def test_a_plain_notebook_is_one(notebook):
    assert isinstance(notebook, Notebook)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_runs(kind, notebook):
    for example in kind.facts.examples:
        tool = kind(FREE, notebook=notebook)
        assert ran(tool, example)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_notebook_it_says_how_to_give_one(kind):
    tool = kind(FREE)
    with pytest.raises(ToolError, match=rf"{kind.__name__}\(notebook=…\)"):
        tool.invoke(tool.arguments(kind.facts.examples[0].arguments))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_seen_without_the_right(kind, notebook):
    tool = kind(notebook=notebook)
    with pytest.raises(ToolDenied):
        tool.invoke(tool.arguments(kind.facts.examples[0].arguments))


# names ------------------------------------------------------------------------


def test_own_names_are_listed_and_no_others(notebook):
    told = NamespaceListTool(notebook=notebook).run()
    names = [one["name"] for one in told["names"]]
    assert names == ["Ship", "area", "boat", "numbers", "sales", "token_count", "config", "login"]
    assert told["total"] == 8


def test_a_name_has_its_type_and_a_line(notebook):
    told = {one["name"]: one for one in NamespaceListTool(notebook=notebook).run()["names"]}
    assert told["numbers"] == {"name": "numbers", "type": "list", "summary": "[1, 2, 3]"}
    assert told["sales"]["summary"].startswith("DataFrame 2 rows × 2 columns")
    assert all(len(one["summary"]) <= 121 for one in told.values())


@pytest.mark.parametrize(
    "arguments, names",
    [
        ({"contains": "AL"}, ["sales"]),
        ({"type_name": "dataframe"}, ["sales"]),
        ({"contains": "zebra"}, []),
    ],
)
def test_names_can_be_searched(notebook, arguments, names):
    told = NamespaceListTool(notebook=notebook).run(**arguments)
    assert [one["name"] for one in told["names"]] == names


def test_the_list_is_bounded():
    many = PlainNotebook(**{f"name_{n}": "long " * 99 for n in range(50)})
    told = NamespaceListTool(
        Policy(limits=Limits(entries=10, output_chars=1000)), notebook=many
    ).run()
    assert (told["total"], len(told["names"])) == (50, 10)
    assert sum(len(one["summary"]) for one in told["names"]) <= 1000


# values -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, part",
    [
        ("numbers", {"type": "list", "length": 3, "summary": "[1, 2, 3]"}),
        ("sales", {"type": "DataFrame", "shape": [2, 2], "length": 2}),
        ("area", {"type": "function", "doc": "The area of a circle."}),
        ("boat", {"type": "Ship", "doc": "A thing that floats."}),
        ("token_count", {"type": "int", "summary": "12"}),
    ],
)
def test_a_value_is_told(notebook, name, part):
    told = ValueInspectTool(notebook=notebook).run(name)
    assert told["name"] == name
    assert part.items() <= told.items()


def test_a_long_value_is_bounded():
    notebook = PlainNotebook(essay="word " * 10_000, rows=[{"n": n} for n in range(10_000)])
    tool = ValueInspectTool(notebook=notebook)
    for name in ("essay", "rows"):
        assert len(tool.run(name, chars=500)["summary"]) <= 600


@pytest.mark.parametrize(
    "name, why",
    [("seals", "Did you mean sales"), ("zebra", "namespace_list"), ("", "no ''")],
)
def test_a_name_that_is_not_there(notebook, name, why):
    with pytest.raises(ToolError, match=why):
        ValueInspectTool(notebook=notebook).run(name)


@pytest.mark.parametrize("name", ["api_key", "db_password", "pin", "_hidden", "_"])
def test_keys_and_private_names_are_denied(notebook, name):
    with pytest.raises(ToolDenied, match="kept from models"):
        ValueInspectTool(notebook=notebook).run(name)


def test_a_value_that_cannot_be_shown_is_told_all_the_same():
    class Odd:
        shape = ("no", "shape")

        def __len__(self) -> int:
            raise RuntimeError("no length")

        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    told = ValueInspectTool(notebook=PlainNotebook(odd=Odd())).run("odd")
    assert told["type"] == "Odd"
    assert "no repr" in told["summary"]
    assert {"shape", "length"}.isdisjoint(told)


def test_no_key_is_told_by_any_way(notebook, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "a-token-of-the-environment")
    notebook.namespace["env"] = ["a-token-of-the-environment"]
    look, run = ValueInspectTool(notebook=notebook), ExpressionEvaluateTool(notebook=notebook)
    told = [
        str(NamespaceListTool(notebook=notebook).run()),
        str([look.run(name) for name in ("config", "env", "login")]),
        str(run.run("[config, db_password, api_key, pin.get_secret_value(), env, login]")),
        str(CellReadTool(notebook=notebook).run(4)),
    ]
    with pytest.raises(ToolError) as failed:
        run.run("int(db_password)")
    told.append(str(failed.value))
    for text in told:
        assert HIDDEN in text
        for secret in (PASSWORD, "aaaaaaaa", "bbbbbbbb", "tr0ub4dor", "9471", "of-the-environment"):
            assert secret not in text


# expressions --------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression, kind, result",
    [
        ("len(numbers)", "int", "3"),
        (" [x * 2 for x in numbers if x in numbers] ", "list", "[2, 4, 6]"),
        ("sales['price'].max()", "float64", "2.0"),
        ("area(boat.tons)", "int", "147"),
        ("(lambda: numbers[0])()", "int", "1"),
        ("None", "NoneType", "None"),
    ],
)
def test_an_expression_is_evaluated_among_the_values(notebook, expression, kind, result):
    told = ExpressionEvaluateTool(notebook=notebook).run(expression)
    assert told == {"type": kind, "result": result}


@pytest.mark.parametrize(
    "expression, why",
    [
        ("x = 1", "not one expression"),
        ("import os", "not one expression"),
        ("", "not one expression"),
        ("1 +", "not one expression"),
        ("1; 2", "not one expression"),
        ("await nothing", "not one expression"),
        ("nothing", "NameError: name 'nothing'"),
        ("1 / 0", "ZeroDivisionError"),
        ("exec('raise SystemExit(3)')", "SystemExit"),
        ("1" + "+1" * 3000, "6001 characters"),
        ("'\0'", "cannot be read|not one expression"),
    ],
)
def test_an_expression_that_fails_is_told(notebook, expression, why):
    with pytest.raises(ToolError, match=why):
        ExpressionEvaluateTool(notebook=notebook).run(expression)


def test_an_expression_binds_no_name(notebook):
    before = dict(notebook.namespace)
    told = ExpressionEvaluateTool(notebook=notebook).run("(y := 5) + sum(z := n for n in numbers)")
    assert told["result"] == "11"
    assert notebook.namespace == before


def test_an_expression_asks_a_person_first():
    facts = ExpressionEvaluateTool.facts
    assert facts.is_destructive
    assert facts.effects == {"runs code"}


def test_an_expression_without_end_is_stopped():
    waiting = threading.Event()
    notebook = PlainNotebook(forever=lambda: [waiting.wait(0.01) for _ in iter(int, 1)])
    policy = Policy(effects=frozenset({"runs code"}), limits=Limits(seconds=0.2))
    told = ExpressionEvaluateTool(policy, notebook=notebook).call_tool(expression="forever()")
    assert "took longer than 0.2 s" in told["content"][0]["text"]


def test_a_result_is_bounded():
    tool = ExpressionEvaluateTool(Policy(limits=Limits(output_chars=300)), notebook=PlainNotebook())
    assert len(tool.run("'x' * 100_000")["result"]) <= 300


# cells ----------------------------------------------------------------------------


@pytest.mark.parametrize("asked, number", [(1, 1), (3, 3), (-1, 4), (-2, 3), (-3, 1)])
def test_a_cell_is_read_by_its_number_or_from_the_end(notebook, asked, number):
    told = CellReadTool(notebook=notebook).run(asked)
    assert told["number"] == number
    assert told["text"].startswith(f"In [{number}]:")


@pytest.mark.parametrize("number", [0, 2, 99, -4])
def test_a_cell_that_was_not_run(notebook, number):
    with pytest.raises(ToolError, match=f"no cell {number}.*Cells 1 to 4"):
        CellReadTool(notebook=notebook).run(number)


def test_before_any_cell():
    with pytest.raises(ToolError, match="No cell has been run"):
        CellReadTool(notebook=PlainNotebook()).run()


def test_a_long_cell_is_bounded():
    notebook = PlainNotebook({1: "x" * 10_000})
    tool = CellReadTool(Policy(limits=Limits(output_chars=500)), notebook=notebook)
    assert len(tool.run(1)["text"]) <= 500
