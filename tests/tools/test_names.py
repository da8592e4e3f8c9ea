"""A name that another system reads otherwise is no name."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import ToolDenied
from mojentic_nb.tools.names import checked_parts


@pytest.mark.parametrize(
    "path, parts",
    [
        ("a/b.txt", ["a", "b.txt"]),
        ("./a//b/", ["a", "b"]),
        ("/a/../b", ["a", "..", "b"]),
        (".", []),
        ("aux/x.txt", ["aux", "x.txt"]),
        ("½ é 10:30", ["½ é 10:30"]),
    ],
)
def test_parts(path, parts):
    assert checked_parts(path, windows=False) == parts


@pytest.mark.parametrize("path", ["aux.txt", "a/con.", "10:30", "name ", "dir./x", "COM1.log"])
def test_what_windows_reads_otherwise_is_refused_there(path):
    checked_parts(path, windows=False)
    with pytest.raises(ToolDenied):
        checked_parts(path, windows=True)
