"""A call that fails unforeseen is made again; a long result is cut where it says so."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb import errors, tool
from mojentic_nb.tools.toolbox import Toolbox


def failing(times: int, problem: Exception, *, is_async: bool, **settings: Any) -> tuple[Any, list]:
    tries: list[int] = []

    def once() -> str:
        tries.append(1)
        if len(tries) <= times:
            raise problem
        return "done"

    async def later() -> str:
        return once()

    return tool(name="look", **settings)(later if is_async else once), tries


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    "times, problem, tried, ok",
    [
        (0, OSError("x"), 1, True),
        (2, OSError("x"), 3, True),
        (3, OSError("x"), 3, False),
        (1, errors.ToolDenied("no"), 1, False),
        (1, errors.ToolError("no"), 1, False),
    ],
)
def test_it_is_made_again(
    times: int, problem: Exception, tried: int, ok: bool, is_async: bool
) -> None:
    look, tries = failing(times, problem, is_async=is_async, retries=2)
    returned = Toolbox([look]).call("look")
    assert (len(tries), returned.ok) == (tried, ok)


def test_nothing_is_made_again_unasked() -> None:
    look, tries = failing(1, OSError("x"), is_async=False)
    assert not Toolbox([look]).call("look").ok
    assert len(tries) == 1


@pytest.mark.parametrize("wrong", [-1, 1.5, "2"])
def test_a_number_of_retries_is_whole(wrong: Any) -> None:
    with pytest.raises(errors.ToolError, match="retries"):
        failing(1, OSError("x"), is_async=False, retries=wrong)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_long_result_is_cut_in_its_middle_and_says_so(is_async: bool) -> None:
    def much() -> str:
        return "a" * 300_000 + "end"

    async def later() -> str:
        return much()

    text = Toolbox([tool(name="look")(later if is_async else much)]).call("look").text
    assert len(text) <= 200_000
    assert "300,003 characters in all" in text
    assert text.endswith("end")
