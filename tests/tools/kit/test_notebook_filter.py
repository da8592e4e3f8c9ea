"""Conditions on rows: what they select, and that nothing else can be said in them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.notebook_filter import selected

FRAME = pd.DataFrame(
    {
        "city": ["Rome", "Oslo", None, "Rome"],
        "price": [10.0, 25.5, 3.0, float("nan")],
        "count": [1, 2, 3, 4],
        "unit price": [5, 6, 7, 8],
        "day": pd.to_datetime(["2026-01-31", "2026-02-28", "2025-07-01", "2026-11-21"]),
        "is_paid": [True, False, True, False],
        7: [1, 1, 2, 2],
    },
    index=[10, 11, 12, 13],
)


@pytest.mark.parametrize(
    "condition, rows",
    [
        ("price > 5", [10, 11]),
        ("price > 5 and count == 2", [11]),
        ("price > 5 or count == 4", [10, 11, 13]),
        ("(price > 5) & (count == 2)", [11]),
        ("(price > 5) | is_paid", [10, 11, 12]),
        ("not is_paid", [11, 13]),
        ("~is_paid", [11, 13]),
        ("is_paid", [10, 12]),
        ("1 < count <= 3", [11, 12]),
        ("city == 'Rome'", [10, 13]),
        ('city != "Rome" and not missing(city)', [11]),
        ("city in ['Rome', 'Bonn']", [10, 13]),
        ("city not in ('Rome',)", [11, 12]),
        ("count in {1, 2 + 1}", [10, 12]),
        ("`unit price` * count >= 18", [12, 13]),
        ("`unit price` % 2 == 0", [11, 13]),
        ("`7` == 2", [12, 13]),
        ("city == '`price`'", []),
        ("missing(price)", [13]),
        ("contains(lower(city), 'o')", [10, 11, 13]),
        ("contains(city, '.')", []),
        ("starts(city, 'O') or ends(city, 'me')", [10, 11, 13]),
        ("length(city) == 4 and upper(city) == 'OSLO'", [11]),
        ("abs(price - 20) < 6", [11]),
        ("-price < -20", [11]),
        ("day >= '2026-02-01'", [11, 13]),
        ("year(day) == 2026 and month(day) < 3", [10, 11]),
        ("weekday(day) == 'Saturday' and day(day) > 20", [10, 11, 13]),
        ("city + '!' == 'Rome!'", [10, 13]),
        ("price / count // 1 == 10", [10]),
    ],
)
def test_rows_are_selected(condition, rows):
    assert [*selected(FRAME, condition).index] == rows


@pytest.mark.parametrize("condition, rows", [("n > 1", [2]), ("not n > 1", [0, 1])])
def test_what_is_missing_fulfils_no_condition(condition, rows):
    frame = pd.DataFrame({"n": pd.array([1, None, 2], dtype="Int64")})
    assert [*selected(frame, condition).index] == rows


@pytest.mark.parametrize(
    "condition, why",
    [
        ("price", "not true or false"),
        ("1 == 1", "not true or false"),
        ("price >", "no condition"),
        ("", "no condition"),
        ("price = 5", "no condition"),
        ("cost > 5", "no column 'cost'.*There are city"),
        ("`no such` > 5", "no column 'no such'"),
        ("city > 5", "does not fit|text"),
        ("year(city) == 1", "does not fit"),
        ("lower(price) == 'a'", "column of text"),
        ("contains(city, 5)", "no text to look for"),
        ("contains(city)", "does not fit"),
        ("price > 5 & count == 2", "not true or false"),
        ("city is None", "say =="),
        ("city in 'Rome'", "list of values"),
        ("count in [price]", "not of columns"),
        ("-city == 'x'", "Only numbers"),
        ("(" * 500 + "price" + ")" * 500, "no condition|too deeply|does not fit"),
        ("not " * 400 + "is_paid", "no condition|too deeply|does not fit|characters"),
        ("price > 5" + " " * 3000, "3009 characters"),
    ],
)
def test_a_condition_that_is_none_says_why(condition, why):
    with pytest.raises(ToolError, match=why):
        selected(FRAME, condition)


@pytest.mark.parametrize(
    "condition",
    [
        "__import__('os').system('true')",
        "city.str.len() > 3",
        "price.__class__ == 1",
        "().__class__.__bases__[0].__subclasses__()",
        "@price > 1",
        "open('/etc/hostname')",
        "eval('1')",
        "contains(city, pat='x')",
        "contains(city, 'R', case=True)",
        "contains(*city)",
        "lower.__globals__",
        "FUNCTIONS['abs'](price) > 1",
        "(lambda: price)() > 1",
        "[x for x in price] == 1",
        "price if is_paid else count",
        "(y := price) > 1",
        "f'{price}' == 'a'",
        "price ** 2 > 4",
        "2 ** 99999 > 1",
        "'a' * 999999999 == city",
        "city * 999999999 == 'a'",
        "'%999999999d' % 1 == city",
        "city % 1 == 'a'",
        "price @ price",
        "price << 99",
        "b'x' == city",
        "... == city",
        "price[0] > 1",
        "yield price",
        "price > 1; count",
    ],
)
def test_nothing_else_can_be_said(condition):
    with pytest.raises(ToolError):
        selected(FRAME, condition)


@given(
    st.lists(
        st.sampled_from(
            "price count city `unit price` 1 'a' > < == and or not in ( ) [ ] , + * %"
            " - & | ~ missing lower is_paid ` ' _column_0_".split(" ")
        ),
        max_size=9,
    ).map(" ".join)
)
def test_any_words_select_rows_or_are_refused(condition):
    try:
        found = selected(FRAME, condition)
    except ToolError:
        return
    assert set(found.index) <= set(FRAME.index)
