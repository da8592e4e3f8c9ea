"""What is a tool, and what is refused as none."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from types import SimpleNamespace
from typing import Any

import pytest

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.definition import LLMTool, run_with, tool
from mojentic_nb.tools.gathering import as_tools

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
INNER = {"name": "look", "description": "Look.", "parameters": PARAMETERS}
NESTED = {"type": "function", "function": INNER}


class ByProperty(LLMTool):
    def __init__(self) -> None:
        """Without super().__init__(), as most of Mojentic's tools."""

    @property
    def descriptor(self):
        return NESTED

    def run(self, **arguments: Any) -> Any:
        return arguments


class ByMethod(LLMTool):
    def descriptor(self):
        return INNER

    def run(self, args: dict[str, Any]) -> Any:
        return args


class ByValue(LLMTool):
    descriptor = NESTED

    def __init__(self, tracer: Any = None) -> None:
        super().__init__(tracer=tracer)

    async def run(self, city: str, **others: Any) -> Any:
        return {"city": city, **others}


class Foreign:
    """A tool of somebody else's, that knows nothing of us."""

    descriptor = NESTED

    def run(self, city: str, days: int = 1) -> Any:
        return {"city": city}


class ForeignAsync(Foreign):
    async def run(self, city: str) -> Any:
        return {"city": city}


def look(city: str) -> dict[str, str]:
    """Look."""
    return {"city": city}


async def alook(city: str) -> dict[str, str]:
    return look(city)


KINDS = [
    ByProperty,
    ByProperty(),
    ByMethod(),
    ByValue(),
    Foreign,
    Foreign(),
    ForeignAsync(),
    look,
    tool(look),
    tool(alook, name="look"),
    functools.partial(look),
    SimpleNamespace(descriptor=INNER, run=look),
]
every_kind = pytest.mark.parametrize("given", KINDS)


@every_kind
def test_every_kind_of_tool_is_called_by_hand_alike(given):
    (one,) = as_tools([given]).values()
    assert one.name == "look"
    assert one.matches("look")
    assert one.spec.parameters["required"] == ["city"]
    assert one.call_tool(city="Oslo") == {"content": [{"type": "text", "text": '{"city":"Oslo"}'}]}


@every_kind
def test_whether_a_tool_is_async_is_known(given):
    (one,) = as_tools([given]).values()
    does_wait = inspect.isawaitable(result := one.invoke({"city": "Oslo"}))
    if does_wait:
        result.close()
    assert one.is_async is does_wait


def test_a_tool_called_by_hand_in_a_running_loop_waits_apart():
    async def cell():
        return ByValue().call_tool("some-id", city="Oslo")

    assert asyncio.run(cell())["content"][0]["text"] == '{"city":"Oslo"}'


@pytest.mark.parametrize("arguments", [{}, {"city": 1, "hue": 2}])
def test_a_failed_call_by_hand_says_so(arguments):
    told = ByProperty().call_tool("some-id", **arguments)
    assert told["isError"] is True
    assert json.loads(told["content"][0]["text"])["error"].startswith("Wrong arguments: ")


def test_a_tracer_is_taken_as_mojentics_tools_give_it():
    assert ByValue(tracer="mine").tracer == "mine"
    assert ByProperty().tracer is None


# @tool ------------------------------------------------------------------------


def test_a_function_stays_a_function():
    one = tool(look)
    assert (one("Oslo"), one.run(city="Oslo")) == ({"city": "Oslo"}, {"city": "Oslo"})
    assert inspect.signature(one) == inspect.signature(look)
    assert (repr(one), inspect.getdoc(one)) == ("tool(look)", "Look.")
    assert one.descriptor == {
        "type": "function",
        "function": {
            "name": "look",
            "description": "Look.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }


def test_name_and_description_may_be_given():
    @tool(name="peek", description="Peek.")
    def look(city: str) -> str:
        """Look."""
        return city

    assert (look.name, look.description) == ("peek", "Peek.")


class Station:
    def __init__(self, country: str) -> None:
        self.country = country

    @tool
    def look(self, city: str) -> str:
        """Look from the station."""
        return f"{city}, {self.country}"

    @staticmethod
    @tool
    def plain(city: str) -> str:
        return city


def test_a_method_is_a_tool_of_its_object():
    norway, france = Station("Norway"), Station("France")
    assert list(norway.look.spec.parameters["properties"]) == ["city"]
    assert norway.look("Oslo") == "Oslo, Norway"
    assert [
        one.call_tool(city="X")["content"][0]["text"] for one in (norway.look, france.look)
    ] == [
        "X, Norway",
        "X, France",
    ]
    assert list(as_tools([norway.look, norway.plain])) == ["look", "plain"]


@pytest.mark.parametrize("given", [Station.look, Station.look.__wrapped__])
def test_a_method_without_its_object_is_refused(given):
    with pytest.raises(ToolError, match="'look' is a method without its object"):
        as_tools([given])


@pytest.mark.parametrize("name", ["", "two words", "näh", "x" * 65])
def test_a_name_no_provider_takes_is_refused(name):
    with pytest.raises(ToolError, match="cannot be a tool's name"):
        tool(name=name)(look)


# several ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, names",
    [
        (None, []),
        ([], []),
        (look, ["look"]),
        (ByProperty, ["look"]),
        (ByProperty(), ["look"]),
        ((look, alook), ["look", "alook"]),
        ((one for one in (look, alook)), ["look", "alook"]),
        ({"a": look, "b": alook}.values(), ["look", "alook"]),
    ],
)
def test_one_or_several_tools_in_order(given, names):
    assert list(as_tools(given)) == names


class Needy(ByProperty):
    def __init__(self, key: str) -> None: ...


class Nameless(LLMTool):
    descriptor = {"function": {"description": "?"}}


class Bare(LLMTool):
    pass


@pytest.mark.parametrize(
    "given, why",
    [
        ([look, ByProperty()], "Two tools are called 'look'"),
        ([look, look], "Two tools are called 'look'"),
        ("dates", "'dates' is not a tool"),
        (["dates"], "'dates' is not a tool"),
        ({"look": look}, "is not a tool"),
        (5, "5 is not a tool"),
        ([None], "None is not a tool"),
        (Needy, "Needy is a class, and making one failed"),
        (Nameless(), "Nameless's descriptor has no name"),
        (SimpleNamespace(descriptor={"name": ""}, run=look), "descriptor has no name"),
        (Bare(), "Bare has no descriptor"),
    ],
)
def test_what_is_no_tool_is_refused(given, why):
    with pytest.raises(ToolError, match=why):
        as_tools(given)


def test_a_tool_without_run_fails_when_it_runs():
    class Still(LLMTool):
        descriptor = INNER

    assert "Still has no run method" in Still().call_tool(city="x")["content"][0]["text"]


# how run wants its arguments --------------------------------------------------


class Takes:
    def whole(self, args):
        return ["whole", args]

    def whole_and_more(self, args, tracer=None):
        return ["whole", args]

    def field(self, city):
        return ["city", city]

    def fields(self, city, days=1):
        return ["city", city, days]

    def keywords(self, **given):
        return ["keywords", given]

    def by_place(self, city, /):
        return ["place", city]

    def nothing(self):
        return ["nothing"]


@pytest.mark.parametrize(
    "manner, arguments, received",
    [
        ("whole", {"city": "x"}, ["whole", {"city": "x"}]),
        ("whole", {}, ["whole", {}]),
        ("whole", {"args": 1}, ["whole", 1]),
        ("whole_and_more", {"city": "x"}, ["whole", {"city": "x"}]),
        ("field", {"city": "x"}, ["city", "x"]),
        ("fields", {"city": "x", "days": 2}, ["city", "x", 2]),
        ("keywords", {"city": "x"}, ["keywords", {"city": "x"}]),
        ("by_place", {"city": "x"}, ["place", "x"]),
        ("nothing", {}, ["nothing"]),
    ],
)
def test_run_gets_its_arguments_as_it_wants_them(manner, arguments, received):
    spec = ByProperty().spec
    assert run_with(getattr(Takes(), manner), spec, arguments) == received


def test_a_field_left_out_is_missed_and_not_taken_for_the_whole():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'city'"):
        run_with(Takes().field, ByProperty().spec, {})


def test_what_is_known_of_run_never_goes_stale():
    one, spec = Takes(), ByProperty().spec
    assert run_with(one.field, spec, {"city": "x"}) == ["city", "x"]
    Takes.field = lambda self, args: ["new", args]
    assert run_with(one.field, spec, {"city": "x"}) == ["new", {"city": "x"}]
    one.field = lambda **given: ["its own", given]
    assert run_with(one.field, spec, {"city": "x"}) == ["its own", {"city": "x"}]
