"""Values and columns of tables."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.data_rows import check_columns, columns_of, json_value, sort_key

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(anything)
def test_every_value_becomes_json(value):
    json.dumps(json_value(value), allow_nan=False)


@given(st.lists(anything, max_size=5))
def test_values_of_any_kinds_have_an_order(values):
    sorted(values, key=sort_key)


def test_columns_come_in_the_order_they_first_appear():
    assert columns_of([{"b": 1}, {"a": 1, "b": 2}]) == ["b", "a"]


def test_a_column_nobody_has_is_refused():
    check_columns(["a"], [])
    with pytest.raises(ToolError, match=r"no column 'x'.*'a'"):
        check_columns(["x"], [{"a": 1}])
