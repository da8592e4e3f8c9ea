"""CSV files read and written."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.kit.data_csv import CsvReadTool, CsvWriteTool, parsed, written
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of


@pytest.fixture
def policy(tmp_path):
    return Policy(roots=(tmp_path,), effects=frozenset({"reads", "writes"}))


def test_every_example_runs(tmp_path, policy):
    (tmp_path / "sales.csv").write_text("city,sold\nBonn,3\n", encoding="utf-8")
    for kind, arguments in examples_of(CsvReadTool, CsvWriteTool):
        assert called(kind(policy), **arguments)
    assert (tmp_path / "people.csv").read_text(encoding="utf-8") == "name,born\nAda,1815\n"


@pytest.mark.parametrize(
    "text, rows",
    [
        ("a,b\n1,x\n2.5,y\n", [{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}]),
        (
            "a,b\n1,x\n2,y,z\n3\n",
            [
                {"a": 1, "b": "x", "column_3": None},
                {"a": 2, "b": "y", "column_3": "z"},
                {"a": 3, "b": None, "column_3": None},
            ],
        ),
        ("id;v\n007;1,5\n", [{"id": "007", "v": "1,5"}]),
        ("a\tb\n1\t2\n", [{"a": 1, "b": 2}]),
        ("n\n1\nNaN\nn/a\n", [{"n": 1}, {"n": None}, {"n": None}]),
        ("n\nx\nNaN\n", [{"n": "x"}, {"n": "NaN"}]),
        ("a,a,\n1,2,3\n", [{"a": 1, "a_2": 2, "column_3": 3}]),
        ("a,a_2,a\n1,2,3\n", [{"a": 1, "a_2": 2, "a_3": 3}]),
        ("x\n1e999\n", [{"x": "1e999"}]),
        ("x\n-.5\n+2E3\n1.\n", [{"x": -0.5}, {"x": 2000.0}, {"x": 1.0}]),
        ("x\n.\n", [{"x": "."}]),
        ("x\n" + "9" * 40 + "\n", [{"x": int("9" * 40)}]),
        ("x\n" + "9" * 5000 + "\n", [{"x": "9" * 5000}]),
        ("x\n٣\n", [{"x": "٣"}]),
        ("x\n1_000\n", [{"x": "1_000"}]),
        ("x\ninf\n", [{"x": "inf"}]),
        ('x,y\n"a\nb","c""d"\n', [{"x": "a\nb", "y": 'c"d'}]),
        ('"a;b",c\n1,2\n', [{"a;b": 1, "c": 2}]),
        ("x\r\n1\r\n\r\n2\r\n", [{"x": 1}, {"x": 2}]),
        ("a,b\n", []),
        ("", []),
    ],
)
def test_text_becomes_rows(text, rows):
    assert parsed(text).rows == rows


def test_a_quote_that_never_ends_is_told():
    with pytest.raises(ToolError, match="Line 2 is no CSV"):
        parsed('a\n"b\n')


def test_without_a_header_columns_are_numbered():
    assert parsed("1,2\n", has_header=False).rows == [{"column_1": 1, "column_2": 2}]


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**15), 10**15), st.floats(-1e9, 1e9), st.text("abé ,;\"'", min_size=1)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_numbers_are_those_pandas_reads(cells):
    text = written([dict(zip("abc", row, strict=True)) for row in cells], columns=list("abc"))
    frame = pd.read_csv(io.StringIO(text), keep_default_na=False)
    ours = parsed(text, delimiter=",").rows
    assert [row["a"] for row in ours] == frame["a"].tolist()
    assert [row["b"] for row in ours] == pytest.approx(frame["b"].tolist(), rel=1e-12)
    assert [row["c"] for row in ours] == frame["c"].tolist()


# No lone carriage return: it ends a line of CSV, and then stands for one.
printable = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0"), min_size=1
)


@given(st.lists(st.fixed_dictionaries({"a": printable, "b": printable}), min_size=1, max_size=6))
def test_text_comes_back_as_it_was(rows):
    text = written(rows, columns=["a", "b"])
    assert parsed(text, delimiter=",", as_text=True).rows == rows


def test_a_page_of_a_file(tmp_path, policy):
    lines = "\n".join(f"{number},x{number}" for number in range(50))
    (tmp_path / "a.csv").write_bytes(("\ufeffn,t\n" + lines).encode())
    page = called(CsvReadTool(policy), path="a.csv", start=10, limit=2, columns=["n"])
    assert page == {"columns": ["n"], "rows": [{"n": 10}, {"n": 11}], "total": 50}


def test_other_encodings(tmp_path, policy):
    (tmp_path / "a.csv").write_bytes("größe\n1\n".encode("latin-1"))
    with pytest.raises(ToolError, match="utf-8"):
        called(CsvReadTool(policy), path="a.csv")
    assert called(CsvReadTool(policy), path="a.csv", encoding="latin-1")["columns"] == ["größe"]


def test_rows_are_bounded(tmp_path, policy):
    (tmp_path / "a.csv").write_text("n\n" + "1\n" * 20, encoding="utf-8")
    few = Policy(roots=(tmp_path,), effects=policy.effects, limits=Limits(entries=5, read_bytes=60))
    page = called(CsvReadTool(few), path="a.csv", limit=100)
    assert (len(page["rows"]), page["total"]) == (5, 20)
    (tmp_path / "a.csv").write_text("n\n" + "1\n" * 40, encoding="utf-8")
    with pytest.raises(ToolError, match="60"):
        called(CsvReadTool(few), path="a.csv")


def test_every_kind_of_value_is_written(tmp_path, policy):
    rows = [{"a": None, "b": True}, {"a": float("nan"), "c": {"x": [1, "é"]}}]
    told = called(CsvWriteTool(policy), path="a.csv", rows=rows)
    assert told["columns"] == ["a", "b", "c"]
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert text == 'a,b,c\n,true,\n,,"{""x"": [1, ""é""]}"\n'


def test_a_file_is_replaced_only_when_told_and_kept(tmp_path, policy):
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    with pytest.raises(ToolError):
        called(CsvWriteTool(policy), path="a.csv", rows=[{"a": 1}])
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "old"
    called(CsvWriteTool(policy), path="a.csv", rows=[{"a": 1}], replace=True)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a\n1\n"
    assert (tmp_path / "a.csv.bak").read_text(encoding="utf-8") == "old"


def test_nothing_outside_is_read_or_written(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    policy = Policy(roots=(inner,), effects=frozenset({"reads", "writes"}))
    for path in ("../secret.csv", str(tmp_path / "secret.csv")):
        with pytest.raises(ToolDenied):
            CsvReadTool(policy).run(path)
        with pytest.raises(ToolDenied):
            CsvWriteTool(policy).run(path, rows=[{"a": 2}], replace=True)
    with pytest.raises(ToolDenied):
        CsvReadTool().run("a.csv")
    with pytest.raises(ToolDenied):
        called(CsvReadTool(Policy(roots=(inner,))), path="a.csv")


def test_columns_and_text_that_cannot_be_written(policy):
    with pytest.raises(ToolError, match="no column 'b'"):
        called(CsvWriteTool(policy), path="a.csv", rows=[{"a": 1}], columns=["b"])
    with pytest.raises(ToolError, match="half a character pair"):
        called(CsvWriteTool(policy), path="a.csv", rows=[{"a": "\ud800"}])
