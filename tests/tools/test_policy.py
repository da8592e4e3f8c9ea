"""What tools may do: nothing that is not named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb import errors
from mojentic_nb.tools.facts import EFFECTS, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Limits, Policy


class Peek(KitTool):
    tool_name = "peek"
    facts = Facts(category="file", effects=frozenset({"reads", "network"}))

    def run(self, at: str) -> str:
        """Peek."""
        return at


def test_nothing_is_allowed_by_default() -> None:
    for effect in EFFECTS:
        with pytest.raises(errors.ToolDenied):
            Policy().check([effect], whose="it")
    assert Policy().roots == Policy().domains == Policy().env == ()


def test_a_tool_is_refused_where_one_effect_is_missing() -> None:
    told = Peek(Policy(effects=frozenset({"reads"}))).call_tool(at="x")
    assert told["isError"]
    assert "peek may not be used: it uses the network" in told["content"][0]["text"]
    allowed = Peek(Policy(effects=frozenset({"reads", "network"})))
    assert allowed.call_tool(at="x") == {"content": [{"type": "text", "text": "x"}]}


def test_two_together_allow_what_both_allow(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    one = Policy(
        roots=(tmp_path,),
        domains=("*.example.org", "other.net"),
        env=("LAB_*",),
        effects=frozenset({"reads", "writes"}),
        limits=Limits(seconds=5),
    )
    two = Policy(
        roots=(inner, tmp_path.parent / "elsewhere"),
        domains=("api.example.org", "example.org"),
        env=("LAB_NAME", "HOME"),
        effects=frozenset({"reads", "network"}),
        limits=Limits(seconds=9, read_bytes=10),
    )
    both = one & two
    assert both == two & one
    assert both.roots == (inner,)
    assert both.domains == ("api.example.org",)
    assert both.env == ("LAB_NAME",)
    assert both.effects == {"reads"}
    assert (both.limits.seconds, both.limits.read_bytes) == (5, 10)


def test_everything_is_everything_but_files() -> None:
    policy = Policy.everything()
    policy.check(EFFECTS, whose="it")
    assert policy.roots == ()


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"read_bytes": -1}])
def test_a_limit_is_above_0(wrong: dict[str, float]) -> None:
    with pytest.raises(errors.BadArgument):
        Limits(**wrong)


def test_an_unknown_effect_is_named() -> None:
    with pytest.raises(errors.BadArgument, match="'flies' is no effect"):
        Policy(effects=frozenset({"flies"}))
