"""Rows chosen, ordered and summed up, as pandas does where it has an opinion."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.kit.data_tables import TableFilterTool, TableGroupTool, TableSortTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of

KINDS = (TableFilterTool, TableSortTool, TableGroupTool)
ROWS = [
    {"name": "Ada", "age": 36, "tags": ["a", 1]},
    {"name": "alan", "age": None},
    {"name": "Zoë", "age": 41.5, "extra": True},
    {"name": None, "age": "41"},
]


@pytest.mark.parametrize("kind, arguments", examples_of(*KINDS))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments)["rows"]


def names(where, **more):
    return [
        row["name"] for row in called(TableFilterTool(), rows=ROWS, where=where, **more)["rows"]
    ]


@pytest.mark.parametrize(
    "column, how, value, wanted",
    [
        ("age", "=", 36.0, ["Ada"]),
        ("age", "!=", 36, ["alan", "Zoë", None]),
        ("age", ">", 36, ["Zoë"]),
        ("age", ">=", "4", [None]),
        ("age", "<", 100, ["Ada", "Zoë"]),
        ("age", "<=", None, []),
        ("name", "in", ["Ada", "Zoë"], ["Ada", "Zoë"]),
        ("name", "not in", ["Ada"], ["alan", "Zoë", None]),
        ("name", "contains", "a", ["Ada", "alan"]),
        ("tags", "contains", 1, ["Ada"]),
        ("tags", "contains", True, []),
        ("name", "starts with", "a", ["alan"]),
        ("name", "ends with", "ë", ["Zoë"]),
        ("extra", "=", 1, []),
        ("extra", "=", True, ["Zoë"]),
    ],
)
def test_each_condition(column, how, value, wanted):
    assert names([{"column": column, "how": how, "value": value}]) == wanted


def test_missing_values_and_several_conditions():
    missing = {"column": "age", "how": "is missing"}
    present = {"column": "name", "how": "is present"}
    assert names([missing]) == ["alan"]
    assert names([missing, present]) == ["alan"]
    assert names([missing, {"column": "name", "how": "=", "value": "Ada"}], match="any") == [
        "Ada",
        "alan",
    ]
    assert names([]) == ["Ada", "alan", "Zoë", None]


def test_columns_are_kept_in_order_and_rows_untouched():
    rows = [{"a": 1, "b": math.nan}]
    told = called(TableFilterTool(), rows=rows, where=[], columns=["b", "a"])
    assert told["rows"] == [{"b": None, "a": 1}]
    assert list(told["rows"][0]) == ["b", "a"]
    assert math.isnan(rows[0]["b"])


@pytest.mark.parametrize(
    "kind, arguments, words",
    [
        (
            TableFilterTool,
            {"rows": ROWS, "where": [{"column": "x", "how": "is missing"}]},
            "no column 'x'",
        ),
        (TableFilterTool, {"rows": ROWS, "where": [{"column": "age", "how": "="}]}, "has no value"),
        (
            TableFilterTool,
            {"rows": ROWS, "where": [{"column": "age", "how": "in", "value": 1}]},
            "no list",
        ),
        (TableFilterTool, {"where": []}, "one table"),
        (TableFilterTool, {"rows": [], "path": "a.csv", "where": []}, "one table"),
        (TableSortTool, {"rows": ROWS, "by": ["x"]}, "no column 'x'"),
        (TableSortTool, {"rows": ROWS, "by": ["age"], "descending": ["name"]}, "by does not"),
        (
            TableGroupTool,
            {"rows": ROWS, "by": [], "measures": [{"how": "sum", "column": "name"}]},
            "'Ada'",
        ),
        (
            TableGroupTool,
            {"rows": ROWS, "by": [], "measures": [{"how": "sum", "column": "extra"}]},
            "'True'",
        ),
        (TableGroupTool, {"rows": ROWS, "by": [], "measures": [{"how": "sum"}]}, "has no column"),
        (
            TableGroupTool,
            {"rows": ROWS, "by": ["age"], "measures": [{"how": "count", "name": "age"}]},
            "share a name",
        ),
        (
            TableGroupTool,
            {"rows": [{"a": 1e308}] * 3, "by": [], "measures": [{"how": "sum", "column": "a"}]},
            "too large",
        ),
    ],
)
def test_what_cannot_be_done_is_said(kind, arguments, words):
    with pytest.raises(ToolError, match=words):
        called(kind(), **arguments)


def test_values_of_all_kinds_are_sorted_and_missing_ones_come_last():
    rows = [{"v": value} for value in ("b", None, 2, True, "a", 1.5, [1])]
    up = [row["v"] for row in called(TableSortTool(), rows=rows, by=["v"])["rows"]]
    assert up == [True, 1.5, 2, "a", "b", [1], None]
    down = called(TableSortTool(), rows=rows, by=["v"], descending=["v"])["rows"]
    assert [row["v"] for row in down] == [[1], "b", "a", 2, 1.5, True, None]


def test_case_can_be_ignored():
    rows = [{"v": value} for value in ("b", "A", "a", "B")]
    by_case = called(TableSortTool(), rows=rows, by=["v"])["rows"]
    alike = called(TableSortTool(), rows=rows, by=["v"], ignore_case=True)["rows"]
    assert [row["v"] for row in by_case] == ["A", "B", "a", "b"]
    assert [row["v"] for row in alike] == ["A", "a", "b", "B"]


tables = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.sampled_from(["a", "b", None]),
            "n": st.none() | st.integers(-9, 9),
            "x": st.none() | st.floats(-100, 100),
        }
    ),
    min_size=1,
    max_size=15,
)


def plain(frame):
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


@given(tables, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.integers(-9, 9))
def test_filtering_agrees_with_pandas(rows, how, value):
    frame = pd.DataFrame(rows)
    column = frame["n"].astype(float)
    compared = {
        "=": column.eq,
        "!=": column.ne,
        "<": column.lt,
        "<=": column.le,
        ">": column.gt,
        ">=": column.ge,
    }
    ours = TableFilterTool().run(rows, where=[{"column": "n", "how": how, "value": value}])["rows"]
    assert ours == plain(frame[compared[how](value)])


@given(tables, st.booleans())
def test_sorting_agrees_with_pandas(rows, down):
    frame = pd.DataFrame(rows).astype({"n": float, "x": float})
    both = {"ascending": [not down, True], "na_position": "last", "kind": "stable"}
    ours = TableSortTool().run(rows, by=["n", "x"], descending=["n"] if down else [])["rows"]
    assert ours == plain(frame.sort_values(["n", "x"], **both))


@given(tables)
def test_grouping_agrees_with_pandas(rows):
    hows = {
        "sum": "sum",
        "mean": "mean",
        "median": "median",
        "min": "min",
        "max": "max",
        "count": "count",
    }
    measures = [{"how": how, "column": "n", "name": how} for how in hows]
    ours = TableGroupTool().run(rows, by=["k"], measures=measures)["rows"]
    frame = pd.DataFrame(rows).astype({"n": float, "k": object})
    theirs = frame.groupby("k", dropna=False, sort=False)["n"].agg(**hows).reset_index()
    assert [one["k"] for one in ours] == [one["k"] for one in plain(theirs)]
    for one, other in zip(ours, plain(theirs), strict=True):
        for how in hows:
            assert one[how] == pytest.approx(other[how]), how


def test_the_other_measures():
    rows = [{"a": value} for value in (3, None, 1, True, 1.0)]
    hows = ("first", "last", "distinct", "list", "count")
    told = called(
        TableGroupTool(), rows=rows, by=[], measures=[{"how": how, "column": "a"} for how in hows]
    )
    assert told["rows"] == [
        {"first_a": 3, "last_a": 1.0, "distinct_a": 3, "list_a": [3, 1, True, 1.0], "count_a": 4}
    ]


def test_groups_keep_kinds_apart_and_equal_numbers_together():
    rows = [{"k": value} for value in (1, 1.0, "1", True, None, 10**20, 1e20)]
    told = called(TableGroupTool(), rows=rows, by=["k"], measures=[{"how": "count"}])
    assert [row["count"] for row in told["rows"]] == [2, 1, 1, 1, 2]


def test_no_rows_are_no_problem():
    assert called(TableSortTool(), rows=[], by=["a"]) == {"rows": [], "total": 0}
    told = called(TableGroupTool(), rows=[], by=[], measures=[{"how": "count"}])
    assert told["rows"] == [{"count": 0}]


def test_rows_are_bounded_and_counted():
    tool = TableSortTool(Policy(limits=Limits(entries=2)))
    told = called(tool, rows=[{"a": 3}, {"a": 1}, {"a": 2}], by=["a"], limit=5)
    assert told == {"rows": [{"a": 1}, {"a": 2}], "total": 3}


def test_rows_may_come_from_a_file_where_reading_is_allowed(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n2,x\n1,y\n", encoding="utf-8")
    free = Policy(roots=(tmp_path,), effects=frozenset({"reads"}))
    assert called(TableSortTool(free), path="a.csv", by=["a"], limit=1)["rows"] == [
        {"a": 1, "b": "y"}
    ]
    with pytest.raises(ToolDenied, match="reads files"):
        called(TableSortTool(Policy(roots=(tmp_path,))), path="a.csv", by=["a"])
    with pytest.raises(ToolDenied):
        called(TableSortTool(free), path="../a.csv", by=["a"])
