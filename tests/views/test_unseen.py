"""What a terminal would obey can be seen."""

from __future__ import annotations

import pytest

from mojentic_nb.views.unseen import made_visible

MARK = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "text, seen",
    [
        ("plain", "plain"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\x1b[31m", f"{MARK}[31m"),
        ("\x00\x07\x0b\x1f\x7f\x9b", MARK * 6),
        ("é \N{GRINNING FACE}", "é \N{GRINNING FACE}"),
        ("", ""),
    ],
)
def test_each_has_a_mark_in_its_place(text: str, seen: str) -> None:
    assert made_visible(text) == seen
