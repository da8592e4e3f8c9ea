"""The front desk: what may be asked, in which shapes, and what comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mojentic_nb import (
    CompletionConfig,
    DemoGateway,
    FrozenClock,
    LLMBroker,
    LLMMessage,
    OllamaGateway,
    OpenAIGateway,
    Reply,
    Usage,
    ask,
    errors,
)
from mojentic_nb.events import Envelope, ModelAsked, TurnFinished
from tests.loopback import Answer, Loopback, ToolUse


def broker(server: Loopback, **settings: Any) -> LLMBroker:
    return LLMBroker("m", OllamaGateway(server.url), clock=FrozenClock(), **settings)


def sent(server: Loopback) -> dict[str, Any]:
    body = server.requests[-1].body
    assert isinstance(body, dict)
    return body


def test_both_spellings_of_mojentics_papers_print_the_text(loopback: Loopback) -> None:
    reply = broker(loopback).generate([LLMMessage(content="hi")])
    assert f"{reply}" == f"{reply.content}" == "Hello from loopback."
    assert type(reply.content) is str


def test_a_reply_knows_how_it_came_about(loopback: Loopback) -> None:
    loopback.script(Answer("Hi", usage=(11, 7)))
    reply = broker(loopback).generate("hi", correlation_id="c-1")
    assert reply.usage == Usage(input_tokens=11, output_tokens=7)
    assert reply.usage.total_tokens == 18
    assert (reply.finish_reason, reply.model, reply.correlation_id) == ("stop", "m", "c-1")
    assert not reply.is_partial
    assert reply.tool_calls == ()
    assert reply.duration_s >= 0
    assert reply.ttft_s is not None


def test_a_reply_cut_at_its_bound_says_it_is_partial(loopback: Loopback) -> None:
    loopback.script(Answer("Hi", finish="length"))
    assert broker(loopback).generate("hi").is_partial


def test_a_reply_shows_itself_as_markdown(loopback: Loopback) -> None:
    loopback.script(Answer("It costs $5 and `x"))
    reply = broker(loopback).generate("hi")
    shown = reply._repr_mimebundle_()
    assert shown["text/plain"] == "It costs $5 and `x"
    assert shown["text/markdown"] == "It costs <span>&#36;</span>5 and `x`"


@pytest.mark.parametrize("prompt", ["hi", LLMMessage(content="hi"), [LLMMessage(content="hi")]])
def test_messages_may_be_text(loopback: Loopback, prompt: Any) -> None:
    broker(loopback).generate(prompt)
    assert sent(loopback)["messages"] == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize("prompt", [[], None, 3, ["hi"], [LLMMessage(), "hi"], {"role": "user"}])
def test_what_is_no_message_sends_nothing(loopback: Loopback, prompt: Any) -> None:
    with pytest.raises(errors.BadArgument):
        broker(loopback).generate(prompt)
    assert not loopback.requests


def test_the_callers_list_is_never_changed(loopback: Loopback) -> None:
    def look() -> str:
        """Look."""
        return "seen"

    loopback.script(Answer(tools=[ToolUse("look", {})]), Answer("done"))
    said = [LLMMessage(content="hi")]
    assert broker(loopback).generate(said, tools=[look]) == "done"
    assert said == [LLMMessage(content="hi")]


@pytest.mark.parametrize(
    "given, options",
    [
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"num_ctx": 4096}, {"num_ctx": 4096}),
        ({"max_tokens": 9}, {"num_predict": 9}),
        ({"num_predict": 9}, {"num_predict": 9}),
        ({"num_predict": -1}, None),
        ({"top_p": 0.9, "top_k": 40}, {"top_p": 0.9, "top_k": 40}),
        ({"config": CompletionConfig(temperature=0.1, top_k=3)}, {"temperature": 0.1, "top_k": 3}),
        (
            {"config": CompletionConfig(temperature=0.1, top_k=3), "temperature": 0.7},
            {"temperature": 0.7, "top_k": 3},
        ),
    ],
)
def test_settings_reach_the_wire(loopback: Loopback, given: Any, options: Any) -> None:
    broker(loopback).generate("hi", **given)
    assert sent(loopback).get("options") == options


@pytest.mark.parametrize(
    "given, named",
    [
        ({"temprature": 1}, "temprature"),
        ({"temperature": -5}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.5}, "top_p"),
        ({"num_ctx": "many"}, "num_ctx"),
        ({"max_tokens": 3, "num_predict": 4}, "num_predict"),
        ({"timeout": -1}, "timeout"),
        ({"max_tool_iterations": -1}, "max_tool_iterations"),
    ],
)
def test_a_bad_setting_is_named_and_sends_nothing(
    loopback: Loopback, given: Any, named: str
) -> None:
    for call in (broker(loopback).generate, broker(loopback).submit):
        with pytest.raises(errors.BadArgument, match=named):
            call("hi", **given)
    assert not loopback.requests


@pytest.mark.parametrize("given", [{"temprature": 1}, {"temperature": 9}, {"top_p": -1}])
def test_a_config_refuses_what_it_does_not_know(given: Any) -> None:
    with pytest.raises(ValueError):
        CompletionConfig(**given)


def test_every_listener_gets_every_event_in_order(loopback: Loopback) -> None:
    heard: list[Envelope] = []
    talker = broker(loopback, tracer=heard.append)
    quiet = talker.subscribe(lambda envelope: pytest.fail("it was taken away"))
    quiet()
    reply = talker.generate("hi")
    assert [envelope.sequence for envelope in heard] == list(range(len(heard)))
    assert {envelope.correlation_id for envelope in heard} == {reply.correlation_id}
    assert isinstance(heard[0].event, ModelAsked)
    assert isinstance(heard[-1].event, TurnFinished)


def test_a_failing_listener_never_breaks_the_call(loopback: Loopback) -> None:
    def fails(envelope: Envelope) -> None:
        raise RuntimeError("broken listener")

    with pytest.warns(RuntimeWarning, match="broken listener") as warned:
        assert broker(loopback, tracer=fails).generate("hi") == "Hello from loopback."
    assert len(warned) == 1


def test_generate_response_names_tools_and_runs_none(loopback: Loopback) -> None:
    def explode() -> None:
        """Explode."""
        pytest.fail("it ran")

    loopback.script(Answer(tools=[ToolUse("explode", {})]))
    reply = broker(loopback).generate_response("hi", tools=[explode])
    assert [call.name for call in reply.tool_calls] == ["explode"]
    assert reply.finish_reason == "tool_calls"
    assert len(loopback.requests) == 1


def test_the_awaiting_shapes_work_inside_a_running_loop(loopback: Loopback) -> None:
    talker = broker(loopback)

    async def all_of_them() -> tuple[str, str, Any]:
        text = await talker.agenerate("hi")
        streamed = "".join([piece async for piece in talker.agenerate_stream("hi")])
        events = [event async for event in talker.agenerate_events("hi")]
        return text, streamed, events[-1]

    text, streamed, last = asyncio.run(all_of_them())
    assert text == streamed == "Hello from loopback."
    assert isinstance(last, TurnFinished)


def test_a_sync_call_works_inside_a_running_loop(loopback: Loopback) -> None:
    async def cell() -> str:
        return broker(loopback).generate("hi")

    assert asyncio.run(cell()) == "Hello from loopback."


@pytest.mark.parametrize(
    "model, gateway, name",
    [
        ("demo", "demo", "demo"),
        ("ollama:llama3.2", "ollama", "llama3.2"),
        ("ollama:qwen3:32b", "ollama", "qwen3:32b"),
        ("qwen3:32b", "ollama", "qwen3:32b"),
        ("openai:gpt-x", "openai", "gpt-x"),
        ("openai", "openai", "gpt-5.4-mini"),
        ("anthropic:claude-x", "anthropic", "claude-x"),
    ],
)
def test_a_models_name_chooses_its_gateway(model: str, gateway: str, name: str) -> None:
    talker = LLMBroker(model)
    assert (talker.gateway.name, talker.model) == (gateway, name)


def test_a_given_gateway_keeps_a_bare_name_and_drops_its_own_prefix() -> None:
    given = OpenAIGateway(api_key="k")
    assert LLMBroker("gpt-x", given).model == "gpt-x"
    assert LLMBroker("openai:gpt-x", given).model == "gpt-x"
    assert LLMBroker("meta/llama:free", given).model == "meta/llama:free"


def test_no_model_means_what_is_there(loopback: Loopback, monkeypatch: Any) -> None:
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    loopback.models = ["nomic-embed-text:latest", "zebra:1b", "alpha:7b"]
    talker = LLMBroker()
    assert (talker.gateway.name, talker.model) == ("ollama", "zebra:1b")


def test_with_nothing_there_it_is_the_demo_model() -> None:
    assert LLMBroker().gateway.name == "demo"


def test_ask_is_one_question(monkeypatch: Any) -> None:
    reply = ask("What is 17*23?", model="demo")
    assert "391" in reply
    assert isinstance(reply, Reply)


def test_construction_needs_no_network_and_no_key() -> None:
    for model in ("demo", "ollama:x", "openai:x", "anthropic:x"):
        LLMBroker(model)
    with pytest.raises(errors.GatewayDenied, match="OPENAI_API_KEY"):
        LLMBroker("openai:x").generate("hi")


def test_the_demo_model_keeps_its_pace_on_the_clock_it_is_given() -> None:
    clock = FrozenClock()
    text = LLMBroker("demo", DemoGateway(pace_s=0.5, clock=clock)).generate("hello")
    assert set(clock.waits) == {0.5}
    assert text
