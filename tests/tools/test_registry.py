"""Every tool by its name, before it is made."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from mojentic_nb import errors, tool, tools
from mojentic_nb.tools.listing import kinds, written
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.registry import Registry, ToolCard


def test_the_listing_is_what_the_tools_say():
    from importlib.resources import files

    kept = files("mojentic_nb.tools.kit").joinpath("listing.json").read_text("utf-8")
    assert kept == written(), "run: python -m mojentic_nb.tools.listing"


@pytest.mark.parametrize("card", tools.catalogue(), ids=lambda card: card.name)
def test_a_card_leads_to_its_tool(card):
    made = tools.get(card.name)
    assert made.name == card.name
    assert made.facts.category == card.category
    assert card.summary
    assert all([card.name, card.category, isinstance(card.effects, tuple)])


def test_looking_around_imports_no_tool():
    code = (
        "import sys; from mojentic_nb import tools; tools.search('csv'); tools.catalogue()\n"
        "print([one for one in sys.modules if one.startswith('mojentic_nb.tools.kit.')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_nearest_come_first_and_nothing_fitting_is_an_empty_list():
    assert tools.search("csv")[0].name.startswith("csv")
    assert {"csv_read", "csv_write"} <= {one.name for one in tools.search("csv")}
    assert tools.search("file read")[0].name == "file_read"
    assert tools.search("xyzzy") == []
    assert tools.search("") == []
    assert [one.category for one in tools.catalogue("math")] == ["math"] * 4


def test_a_policy_reaches_the_tool(tmp_path):
    policy = Policy(roots=(tmp_path,), effects=frozenset({"reads"}))
    assert tools.get("file_read", policy=policy).policy == policy
    assert tools.get("file_read").policy == Policy()


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(errors.ToolError, match="Did you mean calculator"):
        tools.get("calculater")


@tool(effects={"network"}, category="web")
def look(at: str) -> str:
    """Look at something. Then tell of it."""
    return at


def test_ones_own_are_found_like_ours():
    registry = Registry()
    card = registry.register(look)
    assert card == ToolCard(
        name="look", category="web", effects=("network",), summary="Look at something."
    )
    assert registry.search("something") == [card]
    assert registry.get("look") is look
    registry.unregister("look")
    assert len(registry) == 0


def test_a_name_is_taken_once_whoever_comes_at_once():
    registry, start, taken = Registry(), threading.Barrier(50, timeout=60), []

    def register():
        start.wait()
        try:
            registry.register(look)
        except errors.AlreadyRegistered:
            taken.append(1)

    threads = [threading.Thread(target=register) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(taken) == 49
    assert registry.get("look") is look


def test_what_is_registered_can_be_taken_out_again():
    registry = Registry([ToolCard(name="one", category="own")])
    registry.register(look)
    assert (len(registry), "look" in registry) == (2, True)
    registry.unregister("look")
    assert ([card.name for card in registry], "look" in registry) == (["one"], False)
    with pytest.raises(errors.ToolError, match="There is no tool 'look'"):
        registry.unregister("look")


def test_clearing_takes_out_what_was_registered_and_no_more():
    shelf = tools.catalogue("math")
    registry, ours = Registry(shelf), tool(lambda: 1, name="calculator")
    for one in (look, ours):
        registry.register(one, replace=True)
    registry.unregister("statistics")
    assert registry.get("calculator") is ours
    registry.clear()
    assert list(registry) == shelf
    assert registry.get("calculator").run("2 * 3") == 6
    assert registry.search("look something") == []


def test_the_house_gives_back_what_it_was_given():
    tools.register(look)
    try:
        with pytest.raises(errors.AlreadyRegistered, match="'look' is registered already"):
            tools.register(look)
        assert tools.get("look") is look
    finally:
        tools.unregister("look")
    assert tools.search("look something") == []


def test_a_tool_may_be_replaced():
    registry = Registry()
    registry.register(look)
    other = tool(name="look")(lambda at: at)
    registry.register(other, replace=True)
    assert registry.get("look") is other


def test_every_tool_has_its_own_class_and_name():
    assert len({kind.__name__ for kind in kinds()}) == len(kinds()) == len(tools.catalogue())
