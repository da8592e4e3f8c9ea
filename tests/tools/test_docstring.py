"""Three styles of docstring, and none."""

from __future__ import annotations

import pytest

from mojentic_nb.tools.docstring import parameters_in, summary_in

GOOGLE = """Look at the weather.

Goes on here.

Args:
    city (str, optional): Where
        to look: outside.

    days (Callable[[int], str]): How long.
    **others: The rest.
    plain:
        On its own line.

Returns:
    text: The weather.
"""
NUMPY = """Look at the weather.

Goes on here.

Parameters
----------
city : str, optional
    Where
    to look: outside.
days : {1, 2}
    How long.
**others
    The rest.
plain
    On its own line.

Returns
-------
text : str
    The weather.
"""
SPHINX = """Look at the weather.

Goes on here.

:param str city: Where
    to look: outside.
:type city: str
:param days: How long.
:keyword others: The rest.
:param plain:
    On its own line.

:returns: The weather.
:raises ValueError: Never.
"""


@pytest.mark.parametrize("doc", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_three_styles_of_docstring_are_read_alike(doc):
    assert summary_in(doc) == "Look at the weather. Goes on here."
    assert parameters_in(doc) == {
        "city": "Where to look: outside.",
        "days": "How long.",
        "others": "The rest.",
        "plain": "On its own line.",
    }


@pytest.mark.parametrize(
    "doc, summary, told",
    [
        ("", "", {}),
        ("Gives\nReturns of a stock.", "Gives Returns of a stock.", {}),
        ("Two\n\nParameters are wanted.", "Two Parameters are wanted.", {}),
        ("Args:\n    x: The x.", "", {"x": "The x."}),
        (":param x: The x.\n\nMore.", "", {"x": "The x."}),
        ("Look.\n\nArgs:\n", "Look.", {}),
        (
            "Look.\n\nParameters\n----------\nx, y : float\n    Both.",
            "Look.",
            {"x": "Both.", "y": "Both."},
        ),
        (
            "Look.\n\nArgs:\n    x: The x.\n\nBack at the margin: not a parameter.",
            "Look.",
            {"x": "The x."},
        ),
        (
            "Look.\n\nArgs:\n    x: Like this:\n        y: nested.",
            "Look.",
            {"x": "Like this: y: nested."},
        ),
        ("Look.\n\nArgs:\n    no entry here", "Look.", {}),
        ("Look.\n\nArgs:\n    x (tuple (of two)): The x.", "Look.", {"x": "The x."}),
        ("See http://a.b for more.", "See http://a.b for more.", {}),
    ],
)
def test_odd_docstrings(doc, summary, told):
    assert (summary_in(doc), parameters_in(doc)) == (summary, told)
