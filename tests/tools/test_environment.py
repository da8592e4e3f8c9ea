"""Which variables others may see."""

from __future__ import annotations

import pytest

from mojentic_nb.tools.environment import allowed_environment, is_allowed
from mojentic_nb.tools.policy import Policy


@pytest.mark.parametrize(
    "pattern, name, allowed",
    [
        ("CITY", "CITY", True),
        ("CITY", "CITY_2", False),
        ("APP_*", "APP_A", True),
        ("APP_*", "XAPP_A", False),
        ("*", "ANY", True),
        ("A*B", "AxB", False),
        ("app_a", "APP_A", False),
    ],
)
def test_a_pattern_holds_a_name(pattern, name, allowed):
    assert is_allowed(name, Policy(env=(pattern,))) is allowed


def test_nothing_is_seen_but_what_programs_need(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "hidden-value")
    monkeypatch.setenv("CITY", "Berlin")
    assert set(allowed_environment(Policy())) == {"LANG", "PATH"}
    assert allowed_environment(Policy(env=("CITY",)))["CITY"] == "Berlin"


def test_there_is_always_a_language(monkeypatch):
    monkeypatch.delenv("LANG", raising=False)
    assert allowed_environment(Policy())["LANG"] == "C.UTF-8"
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert allowed_environment(Policy())["LANG"] == "de_DE.UTF-8"
