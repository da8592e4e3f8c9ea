"""Pictures of frames, put into the notebook."""

from __future__ import annotations

import sys
from base64 import b64decode
from typing import get_args

import pandas as pd
import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.media import image_of
from mojentic_nb.tools.kit.ai_image_size import image_size
from mojentic_nb.tools.kit.notebook_plot import FramePlotTool, Kind
from mojentic_nb.tools.policy import Policy
from tests.tools.kit.a_notebook import PlainNotebook
from tests.tools.kit.an_example import ran


@pytest.fixture
def notebook() -> PlainNotebook:
    orders = pd.DataFrame(
        {
            "city": ["Rome", "Oslo", "Bonn"],
            "price": [10.0, 25.5, 12.0],
            "amount": [1, 2, 3],
            "day": pd.to_datetime(["2026-01-31", "2026-02-28", "2026-07-01"]),
        }
    )
    return PlainNotebook(orders=orders, many=pd.DataFrame({"n": range(300)}))


@pytest.mark.parametrize("example", FramePlotTool.facts.examples)
def test_every_example_runs(example, notebook):
    tool = FramePlotTool(Policy.everything(), notebook=notebook)
    assert ran(tool, example)["name"] == "figure_1"


def test_it_needs_the_right(notebook):
    with pytest.raises(ToolDenied):
        FramePlotTool(notebook=notebook).invoke({"name": "orders", "y": ["price"]})


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("x", ["", "amount"])
def test_every_kind_is_drawn(notebook, kind, x):
    told = FramePlotTool(notebook=notebook).run("orders", y=["price"], kind=kind, x=x, title="All")
    figure = notebook.namespace["figure_1"]
    assert (told["name"], told["width"], told["height"]) == ("figure_1", 800, 500)
    assert figure.axes[0].get_title() == "All"
    assert image_size(b64decode(image_of(figure).data)) == (800, 500)


@pytest.mark.parametrize(
    "kind, x", [("line", "day"), ("bar", "city"), ("barh", "day"), ("area", "")]
)
def test_names_and_dates_stand_along_an_axis(notebook, kind, x):
    told = FramePlotTool(notebook=notebook).run("orders", y=["price", "amount"], kind=kind, x=x)
    assert told["says"] == f"{kind} of price, amount over {x or 'the index'}, 3 rows"
    axes = notebook.namespace["figure_1"].axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["price", "amount"]


def test_figures_are_numbered_and_never_put_over_a_name(notebook):
    tool = FramePlotTool(notebook=notebook)
    names = [tool.run("orders", y=["price"])["name"] for _ in range(2)]
    names.append(tool.run("orders", y=["price"], keep_as="mine")["name"])
    assert names == ["figure_1", "figure_2", "mine"]
    with pytest.raises(ToolError, match="has a 'orders' already"):
        tool.run("orders", y=["price"], keep_as="orders")


def test_a_plot_of_chosen_rows(notebook):
    told = FramePlotTool(notebook=notebook).run("orders", y=["price"], where="amount > 1")
    assert told["says"].endswith("2 rows")


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"name": "orders", "y": []}, "no column to draw"),
        ({"name": "orders", "y": ["cost"]}, "no column 'cost'"),
        ({"name": "orders", "y": ["price"], "x": "when"}, "no column 'when'"),
        ({"name": "orders", "y": ["city"]}, "holds no numbers"),
        ({"name": "orders", "y": ["price"], "where": "amount > 9"}, "no row to draw"),
        ({"name": "orders", "y": ["price", "amount"], "kind": "pie"}, "one column"),
        ({"name": "many", "y": ["n"], "kind": "bar"}, "300 rows, and a bar plot shows 200"),
    ],
)
def test_what_cannot_be_drawn_is_told(notebook, arguments, why):
    with pytest.raises(ToolError, match=why):
        FramePlotTool(notebook=notebook).run(**arguments)
    assert "figure_1" not in notebook.namespace


def test_no_figure_of_anybody_else_is_touched(notebook):
    FramePlotTool(notebook=notebook).run("orders", y=["price"])
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []
