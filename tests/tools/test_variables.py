"""Variables of the environment, where the policy names them."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import ToolDenied
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.variables import is_named, variable


@pytest.mark.parametrize("patterns, name, named", [
    ((), "HOME", False), (("HOME",), "HOME", True), (("HOME",), "HOME2", False),
    (("SMTP_*",), "SMTP_HOST", True), (("SMTP_*",), "XSMTP_HOST", False), (("*",), "HOME", True),
    (("home",), "HOME", False),
])  # fmt: skip
def test_a_variable_is_named_or_not(patterns, name, named):
    assert is_named(name, Policy(env=patterns)) == named


def test_only_a_named_variable_is_read(monkeypatch):
    monkeypatch.setenv("ROOM_URL", "hunter2")
    assert variable("ROOM_URL", policy=Policy(env=("ROOM_*",))) == "hunter2"
    assert variable("ROOM_NONE", policy=Policy(env=("ROOM_*",))) == ""
    with pytest.raises(ToolDenied, match="'ROOM_URL' may not be read") as refused:
        variable("ROOM_URL", policy=Policy())
    assert "hunter2" not in str(refused.value)
