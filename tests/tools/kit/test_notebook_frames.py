"""Frames of the notebook: described, queried, grouped and joined."""

from __future__ import annotations

import pandas as pd
import pytest

from mojentic_nb.errors import HIDDEN, ToolDenied, ToolError
from mojentic_nb.tools.kit.notebook_frames import (
    FrameDescribeTool,
    FrameGroupTool,
    FrameJoinTool,
    FrameQueryTool,
)
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.a_notebook import PlainNotebook
from tests.tools.kit.an_example import ran

KINDS = [FrameDescribeTool, FrameGroupTool, FrameJoinTool, FrameQueryTool]
FREE = Policy.everything()


@pytest.fixture
def notebook() -> PlainNotebook:
    orders = pd.DataFrame(
        {
            "city": ["Rome", "Oslo", "Rome", None],
            "price": [10.0, 25.5, 12.0, float("nan")],
            "amount": [1, 2, 3, 4],
            "customer": [1, 2, 1, 9],
            "day": pd.to_datetime(["2026-01-31", "2026-02-28", "2025-07-01", None]),
            "tags": [["a"], [], ["b"], ["a"]],
        }
    )
    customers = pd.DataFrame({"id": [1, 2, 3], "customer": [1, 2, 3], "name": ["Ann", "Bo", "Cy"]})
    return PlainNotebook(orders=orders, customers=customers, sales=pd.Series([1, 2]), number=5)


@pytest.fixture(autouse=True)
def frames_stay_as_they_are(notebook):
    before = {name: value.copy() for name, value in notebook.namespace.items() if name != "number"}
    yield
    for name, value in before.items():
        assert value.equals(notebook.namespace[name])


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_runs(kind, notebook):
    for example in kind.facts.examples:
        tool = kind(FREE, notebook=notebook)
        assert ran(tool, example)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_seen_without_the_right(kind, notebook):
    tool = kind(notebook=notebook)
    with pytest.raises(ToolDenied):
        tool.invoke(tool.arguments(kind.facts.examples[0].arguments))


@pytest.mark.parametrize(
    "name, why",
    [
        ("number", "no DataFrame but int. Frames here: orders, customers"),
        ("order", "Did you mean orders"),
    ],
)
def test_what_is_no_frame(notebook, name, why):
    with pytest.raises(ToolError, match=why):
        FrameDescribeTool(notebook=notebook).run(name)


# describe ---------------------------------------------------------------------


def test_columns_are_described(notebook):
    told = FrameDescribeTool(notebook=notebook).run("orders")
    assert (told["name"], told["rows"], told["columns_in_all"]) == ("orders", 4, 6)
    columns = {one["name"]: one for one in told["columns"]}
    assert columns["price"] == {
        "name": "price",
        "type": "float64",
        "missing": 1,
        "different": 3,
        "smallest": 10.0,
        "largest": 25.5,
        "mean": pytest.approx(15.8333, abs=1e-3),
        "examples": [10.0, 25.5, 12.0],
    }
    assert columns["day"]["largest"] == "2026-02-28T00:00:00"
    assert columns["city"]["examples"] == ["Rome", "Oslo", "Rome"]
    assert "different" not in columns["tags"]


def test_a_series_is_a_frame_of_one_column(notebook):
    assert FrameDescribeTool(notebook=notebook).run("sales")["columns"][0]["name"] == "0"


def test_wide_and_empty_frames_are_bounded():
    notebook = PlainNotebook(
        wide=pd.DataFrame([[0] * 99]), empty=pd.DataFrame({"a": []}), none=pd.DataFrame()
    )
    tool = FrameDescribeTool(Policy(limits=Limits(entries=5)), notebook=notebook)
    assert len(tool.run("wide")["columns"]) == 5
    assert tool.run("wide")["columns_in_all"] == 99
    assert tool.run("empty")["columns"][0]["missing"] == 0
    assert tool.run("none")["columns"] == []


# query ------------------------------------------------------------------------


def test_rows_are_found_sorted_and_cut(notebook):
    told = FrameQueryTool(notebook=notebook).run(
        "orders",
        where="amount < 4",
        columns=["amount", "city"],
        sort_by="price",
        is_descending=True,
        limit=2,
    )
    assert told == {
        "total": 3,
        "columns": ["amount", "city"],
        "rows": [{"amount": 2, "city": "Oslo"}, {"amount": 3, "city": "Rome"}],
        "kept_as": "",
    }


def test_cells_are_what_json_holds(notebook):
    (row,) = FrameQueryTool(notebook=notebook).run("orders", where="amount == 4")["rows"]
    assert row == {
        "city": None,
        "price": None,
        "amount": 4,
        "customer": 9,
        "day": None,
        "tags": "['a']",
    }
    assert type(row["amount"]) is int


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"columns": ["prize"]}, "no column 'prize'. There are price"),
        ({"sort_by": "zebra"}, "no column 'zebra'. There are city"),
        ({"sort_by": "customer", "where": "cost > 1"}, "no column 'cost'"),
        ({"keep_as": "orders"}, "has a 'orders' already"),
        ({"keep_as": "not a name"}, "cannot be the name"),
        ({"keep_as": "_private"}, "cannot be the name"),
        ({"keep_as": "class"}, "cannot be the name"),
    ],
)
def test_a_query_that_does_not_fit(notebook, arguments, why):
    with pytest.raises(ToolError, match=why):
        FrameQueryTool(notebook=notebook).run("orders", **arguments)


def test_a_column_that_has_no_order():
    notebook = PlainNotebook(mixed=pd.DataFrame({"a": [1, "x", [2]]}))
    with pytest.raises(ToolError, match="cannot be sorted"):
        FrameQueryTool(notebook=notebook).run("mixed", sort_by="a")


def test_two_columns_of_one_name_are_told():
    notebook = PlainNotebook(twins=pd.DataFrame([[1, 2]], columns=["a", "a"]))
    for arguments in ({"columns": ["a"]}, {"where": "a > 0"}):
        with pytest.raises(ToolError, match="wo columns"):
            FrameQueryTool(notebook=notebook).run("twins", **arguments)


def test_a_result_is_kept_whole_under_a_new_name(notebook):
    told = FrameQueryTool(notebook=notebook).run(
        "orders", where="city == 'Rome'", limit=0, keep_as="roman"
    )
    assert (told["kept_as"], told["rows"], told["total"]) == ("roman", [], 2)
    kept = notebook.namespace["roman"]
    kept["price"] = 0  # the frame it came from must not change
    FrameQueryTool(notebook=notebook).run("orders", keep_as="everything")
    notebook.namespace["everything"]["price"] = 0


def test_rows_are_bounded():
    frame = pd.DataFrame({"text": ["long " * 1000] * 50})
    few = FrameQueryTool(Policy(limits=Limits(entries=3)), notebook=PlainNotebook(texts=frame))
    assert len(few.run("texts", limit=50)["rows"]) == 3
    short = Policy(limits=Limits(output_chars=2000))
    told = FrameQueryTool(short, notebook=PlainNotebook(texts=frame)).run("texts", limit=50)
    assert told["total"] == 50
    assert len(str(told)) < 2500


def test_no_key_leaves_a_frame():
    frame = pd.DataFrame({"text": ["my sk-" + "c" * 30, "a long passphrase"]})
    notebook = PlainNotebook(notes=frame, password="long passphrase")
    told = str(FrameQueryTool(notebook=notebook).run("notes"))
    told += str(FrameDescribeTool(notebook=notebook).run("notes")["columns"][0]["examples"])
    assert told.count(HIDDEN) == 4
    assert "cccc" not in told
    assert "passphrase" not in told


# group ------------------------------------------------------------------------


def test_groups_are_measured(notebook):
    told = FrameGroupTool(notebook=notebook).run(
        "orders", by=["city"], measures={"price": "mean", "amount": "sum"}
    )
    assert told["columns"] == ["city", "rows", "price_mean", "amount_sum"]
    assert told["rows"] == [
        {"city": "Oslo", "rows": 1, "price_mean": 25.5, "amount_sum": 2},
        {"city": "Rome", "rows": 2, "price_mean": 11.0, "amount_sum": 4},
        {"city": None, "rows": 1, "price_mean": None, "amount_sum": 4},
    ]


def test_groups_of_chosen_rows(notebook):
    told = FrameGroupTool(notebook=notebook).run("orders", by=["city"], where="amount > 2", limit=1)
    assert (told["total"], told["rows"]) == (2, [{"city": "Rome", "rows": 1}])


def test_a_key_called_like_a_measure():
    notebook = PlainNotebook(table=pd.DataFrame({"rows": [1, 1, 2]}))
    told = FrameGroupTool(notebook=notebook).run("table", by=["rows"])
    assert told["rows"] == [{"rows_": 1, "rows": 2}, {"rows_": 2, "rows": 1}]


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"by": ["town"]}, "no column 'town'"),
        ({"by": ["city"], "measures": {"cost": "sum"}}, "no column 'cost'"),
        ({"by": ["customer"], "measures": {"city": "mean"}}, "cannot be measured"),
        ({"by": ["tags"]}, "cannot be measured"),
    ],
)
def test_groups_that_cannot_be_made(notebook, arguments, why):
    with pytest.raises(ToolError, match=why):
        FrameGroupTool(notebook=notebook).run("orders", **arguments)


# join -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how, names",
    [
        ("inner", ["Ann", "Bo", "Ann"]),
        ("left", ["Ann", "Bo", "Ann", None]),
        ("right", ["Ann", "Ann", "Bo", "Cy"]),
        ("outer", ["Ann", "Ann", "Bo", "Cy", None]),
    ],
)
def test_frames_are_joined(notebook, how, names):
    told = FrameJoinTool(notebook=notebook).run("orders", "customers", on=["customer"], how=how)
    assert [row["name"] for row in told["rows"]] == names
    assert told["total"] == len(names)


def test_columns_of_one_name_get_the_frames(notebook):
    told = FrameJoinTool(notebook=notebook).run(
        "orders", "customers", on=["customer"], right_on=["id"]
    )
    assert {"customer_orders", "customer_customers"} <= set(told["columns"])
    itself = FrameJoinTool(notebook=notebook).run("customers", "customers", on=["id"])
    assert "name_customers_2" in itself["columns"]


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"on": ["nobody"]}, "orders has no column 'nobody'"),
        ({"on": ["amount"]}, "customers has no column 'amount'"),
        ({"on": ["amount", "customer"], "right_on": ["id"]}, "2 columns cannot match 1"),
        ({"on": ["city"], "right_on": ["id"]}, "cannot be joined"),
    ],
)
def test_frames_that_cannot_be_joined(notebook, arguments, why):
    with pytest.raises(ToolError, match=why):
        FrameJoinTool(notebook=notebook).run("orders", "customers", **arguments)


def test_a_join_of_many_with_many_is_refused_before_it_is_made():
    ones = pd.DataFrame({"key": [1] * 100_000, "n": range(100_000)})
    tool = FrameJoinTool(notebook=PlainNotebook(ones=ones))
    with pytest.raises(ToolError, match="10000200000 rows"):
        tool.run("ones", "ones", on=["key"])
