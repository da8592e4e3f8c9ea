"""The whole tool loop: three protocols over a real socket, in every shape of a call.

Law: what the model was told is read from the requests that arrived, never from our own
objects; the loopback server does not know mojentic_nb.
"""

from __future__ import annotations

import json

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.events import ToolCallDelta, ToolCalled, ToolReturned, TurnFinished
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.tools import tool
from tests.loopback import Answer, Loopback, ToolUse
from tests.weather import (
    GATEWAYS,
    OSLO,
    PARIS,
    Weather,
    awaiting,
    away,
    bodies,
    every_protocol,
    every_shape,
    here,
    offers_tools,
    results_in,
    streaming,
)


@pytest.fixture
def broker(loopback: Loopback, protocol: str) -> LLMBroker:
    return LLMBroker("some-model", GATEWAYS[protocol](loopback.url))


@pytest.fixture
def sky() -> Weather:
    return Weather()


# what is sent -----------------------------------------------------------------

SPEC = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@every_protocol
@every_shape
def test_tools_are_offered_in_the_protocols_own_words(broker, loopback, protocol, shape, sky):
    loopback.script(Answer("fine"))
    assert shape(broker, "How is it?", sky.tools[1:2]) == "fine"
    named = {"name": "measure", "description": "Measure, which takes waiting."}
    offered = {
        "anthropic": [{**named, "input_schema": SPEC}],
        "openai": [{"type": "function", "function": {**named, "parameters": SPEC}}],
        "ollama": [{"type": "function", "function": {**named, "parameters": SPEC}}],
    }
    assert bodies(loopback)[0]["tools"] == offered[protocol]


TOLD_PARIS, TOLD_OSLO = "In Paris: “sunny”", '{"city":"Oslo","degrees":21.5}'
SAID = {
    "ollama": [
        {"role": "user", "content": "How is it?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {"id": "toolu_p", "function": {"name": "weather", "arguments": {"city": "Paris"}}},
                {"id": "toolu_o", "function": {"name": "measure", "arguments": {"city": "Oslo"}}},
            ],
        },
        {
            "role": "tool",
            "content": TOLD_PARIS,
            "tool_name": "weather",
            "tool_call_id": "toolu_p",
        },
        {"role": "tool", "content": TOLD_OSLO, "tool_name": "measure", "tool_call_id": "toolu_o"},
    ],
    "openai": [
        {"role": "user", "content": "How is it?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {
                    "id": "toolu_p",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                },
                {
                    "id": "toolu_o",
                    "type": "function",
                    "function": {"name": "measure", "arguments": '{"city":"Oslo"}'},
                },
            ],
        },
        {"role": "tool", "content": TOLD_PARIS, "tool_call_id": "toolu_p"},
        {"role": "tool", "content": TOLD_OSLO, "tool_call_id": "toolu_o"},
    ],
    "anthropic": [
        {"role": "user", "content": [{"type": "text", "text": "How is it?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {
                    "type": "tool_use",
                    "id": "toolu_p",
                    "name": "weather",
                    "input": {"city": "Paris"},
                },
                {"type": "tool_use", "id": "toolu_o", "name": "measure", "input": {"city": "Oslo"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_p", "content": TOLD_PARIS},
                {"type": "tool_result", "tool_use_id": "toolu_o", "content": TOLD_OSLO},
            ],
        },
    ],
}


@every_protocol
@every_shape
def test_parallel_calls_are_answered_in_the_protocols_own_words(
    broker, loopback, protocol, shape, sky
):
    loopback.script(Answer("Let me see.", tools=[PARIS, OSLO]), Answer(" Sunny."))
    prompt = [LLMMessage.user("How is it?")]
    answer = shape(broker, prompt, sky.tools)
    assert answer == ("Let me see. Sunny." if shape is streaming else " Sunny.")
    assert sky.asked == [("Paris", 1), ("Oslo", "measured")]
    assert bodies(loopback)[1]["messages"] == SAID[protocol]
    assert prompt == [LLMMessage.user("How is it?")]


@every_protocol
@every_shape
def test_a_call_without_words_sends_none_back(broker, loopback, protocol, shape, sky):
    loopback.script(Answer(tools=[PARIS]), Answer("Sunny."))
    shape(broker, "How is it?", sky.tools)
    (said,) = [m for m in bodies(loopback)[1]["messages"] if m["role"] == "assistant"]
    blocks = {"ollama": "", "openai": None, "anthropic": ["tool_use"]}
    content = said["content"]
    shown = [block["type"] for block in content] if isinstance(content, list) else content
    assert shown == blocks[protocol]


# ids --------------------------------------------------------------------------


@every_protocol
@every_shape
def test_ids_are_the_servers_or_made_up_and_the_same_each_time(
    broker, loopback, protocol, shape, sky
):
    twice = [ToolUse("weather", {"city": "A"}), ToolUse("weather", {"city": "B"})]
    script = [Answer(tools=twice), Answer(tools=twice[:1]), Answer("done")]
    runs = []
    for _ in range(2):
        loopback.clear()
        loopback.script(*script)
        shape(broker, "?", sky.tools)
        runs.append([name for name, _ in results_in(protocol, bodies(loopback)[-1])])

    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3
    if protocol == "ollama":
        assert runs[0] == ["call_1", "call_2", "call_3"]


@pytest.mark.parametrize("protocol", ["ollama"])
@every_shape
def test_made_up_ids_count_on_from_the_conversations(broker, loopback, protocol, shape, sky):
    before = LLMToolCall(id="call_1", name="weather", arguments={"city": "Rome"})
    history = [
        LLMMessage.user("Rome?"),
        LLMMessage(role=MessageRole.Assistant, tool_calls=[before]),
        LLMMessage.tool("rain", call=before),
        LLMMessage.assistant("Rain."),
        LLMMessage.user("Paris?"),
    ]
    copies = [message.model_copy(deep=True) for message in history]
    loopback.script(Answer(tools=[ToolUse("weather", {"city": "Paris"})]), Answer("Sun."))
    shape(broker, history, sky.tools)
    found = results_in(protocol, bodies(loopback)[-1])
    assert [name for name, _ in found] == ["call_1", "call_2"]
    assert history == copies


# what goes well and what goes wrong -------------------------------------------


@every_protocol
@every_shape
@pytest.mark.parametrize("pieces", [1, 7, 100])
def test_arguments_may_come_in_any_number_of_pieces(broker, loopback, protocol, shape, sky, pieces):
    use = ToolUse("weather", {"city": 'Ålesund "{}" \\ 東京', "days": "3"})
    loopback.script(Answer(tools=[use, use], argument_pieces=pieces), Answer("done"))
    shape(broker, "?", sky.tools)
    assert sky.asked == [('Ålesund "{}" \\ 東京', 3)] * 2


@every_protocol
@every_shape
def test_a_second_round_sees_the_first(broker, loopback, protocol, shape, sky):
    loopback.script(Answer(tools=[PARIS]), Answer(tools=[OSLO]), Answer("done"))
    assert shape(broker, "?", sky.tools) == "done"
    first, second, third = bodies(loopback)
    assert results_in(protocol, first) == []
    assert results_in(protocol, second) == [("toolu_p", TOLD_PARIS)]
    assert results_in(protocol, third) == [("toolu_p", TOLD_PARIS), ("toolu_o", TOLD_OSLO)]
    assert third["messages"][: len(second["messages"])] == second["messages"]
    assert [offers_tools(protocol, body) for body in bodies(loopback)] == [True] * 3


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "use, error",
    [
        (ToolUse("fail", {"city": "Rome"}), "ConnectionError: no station in Rome"),
        (ToolUse("fly", {}), "There is no tool 'fly'. Tools: weather, measure, fail."),
        (ToolUse("weather", {"days": 2}), "Wrong arguments: city: Field required"),
        (ToolUse("weather", {"town": "Rome"}), "Wrong arguments: city: Field required; town: "),
        (ToolUse("weather", '{"city": "Ro'), "The arguments are not a JSON object: "),
        (ToolUse("weather", '["Rome"]'), "The arguments are not a JSON object: "),
    ],
)
def test_what_fails_is_told_to_the_model_and_the_turn_goes_on(
    broker, loopback, protocol, shape, sky, use, error
):
    loopback.script(Answer(tools=[use, PARIS]), Answer("so be it"))
    assert shape(broker, "?", sky.tools) == "so be it"
    (_, failed), (_, fine) = results_in(protocol, bodies(loopback)[1])
    assert json.loads(failed)["error"].startswith(error)
    assert (fine, sky.asked) == (TOLD_PARIS, [("Paris", 1)])


@pytest.mark.parametrize("protocol", ["anthropic"])
@every_shape
def test_anthropic_is_told_which_results_are_errors(broker, loopback, protocol, shape, sky):
    loopback.script(Answer(tools=[ToolUse("fail", {"city": "Rome"}), PARIS]), Answer("ok"))
    shape(broker, "?", sky.tools)
    results = bodies(loopback)[1]["messages"][-1]["content"]
    assert [block.get("is_error") for block in results] == [True, None]


@every_protocol
@every_shape
def test_malformed_arguments_go_back_as_an_object(broker, loopback, protocol, shape, sky):
    loopback.script(Answer(tools=[ToolUse("weather", '{"city": "Ro')]), Answer("ok"))
    shape(broker, "?", sky.tools)
    (said,) = [m for m in bodies(loopback)[1]["messages"] if m["role"] == "assistant"]
    if protocol == "anthropic":
        assert said["content"][0]["input"] == {}
    else:
        empty = {"ollama": {}, "openai": "{}"}[protocol]
        assert said["tool_calls"][0]["function"]["arguments"] == empty


@every_protocol
@every_shape
def test_a_call_without_arguments_is_a_call(broker, loopback, protocol, shape):
    loopback.script(Answer(tools=[ToolUse("now", "")]), Answer("ok"))
    shape(broker, "?", tool(lambda: "noon", name="now"))
    assert [text for _, text in results_in(protocol, bodies(loopback)[1])] == ["noon"]


# the bound --------------------------------------------------------------------


@every_protocol
@every_shape
@pytest.mark.parametrize("bound", [0, 1, 2])
def test_at_the_bound_the_model_answers_without_tools(
    broker, loopback, protocol, shape, sky, bound
):
    loopback.script(*[Answer(tools=[PARIS])] * bound, Answer("all I know"))
    assert shape(broker, "?", sky.tools, max_tool_iterations=bound) == "all I know"
    sent = bodies(loopback)
    assert [offers_tools(protocol, body) for body in sent] == [True] * bound + [False]
    assert len(results_in(protocol, sent[-1])) == len(sky.asked) == bound


@every_protocol
@every_shape
def test_a_model_that_calls_on_at_the_bound_is_not_obeyed(broker, loopback, protocol, shape, sky):
    loopback.script(*[Answer("Once more.", tools=[PARIS])] * 5)
    answer = shape(broker, "?", sky.tools, max_tool_iterations=1)
    assert answer.endswith("Once more.")
    assert (len(sky.asked), loopback.unused) == (1, 3)


@every_protocol
@every_shape
@pytest.mark.parametrize("bound, rounds", [({}, 10), ({"max_tool_iterations": None}, 10)])
def test_the_bound_is_ten_rounds_by_default_and_a_loose_none_changes_nothing(
    broker, loopback, protocol, shape, sky, bound, rounds
):
    loopback.script(*[Answer(tools=[PARIS])] * rounds, Answer("done"))
    assert shape(broker, "?", sky.tools, **bound) == "done"
    offered = [offers_tools(protocol, body) for body in bodies(loopback)]
    assert offered == [True] * rounds + [False]


@every_protocol
@every_shape
def test_a_config_without_bound_goes_on_as_long_as_the_model(
    broker, loopback, protocol, shape, sky
):
    loopback.script(*[Answer(tools=[PARIS])] * 12, Answer("done"))
    assert shape(broker, "?", sky.tools, CompletionConfig(max_tool_iterations=None)) == "done"
    assert [offers_tools(protocol, body) for body in bodies(loopback)] == [True] * 13


# what the caller learns -------------------------------------------------------


@every_protocol
@pytest.mark.parametrize("shape", [here, awaiting, away])
def test_the_reply_knows_every_call_and_all_tokens(broker, loopback, protocol, shape, sky):
    fails = ToolUse("fail", {"city": "Rome"}, id="toolu_f")
    loopback.script(
        Answer(tools=[PARIS, fails], usage=(10, 1)),
        Answer(tools=[OSLO], usage=(20, 2)),
        Answer("done", usage=(40, 4)),
    )
    reply = shape(broker, "?", sky.tools)
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [
        ("toolu_p", "weather", {"city": "Paris"}),
        ("toolu_f", "fail", {"city": "Rome"}),
        ("toolu_o", "measure", {"city": "Oslo"}),
    ]
    assert [(one.ok, one.text) for one in reply.tool_results] == [
        (True, TOLD_PARIS),
        (False, '{"error":"ConnectionError: no station in Rome"}'),
        (True, TOLD_OSLO),
    ]
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (70, 7)
    assert reply.finish_reason == "stop"


@every_protocol
def test_the_events_of_a_call_come_in_order(broker, loopback, protocol, sky):
    loopback.script(Answer(tools=[PARIS]), Answer("done"))
    events = list(broker.generate_events("?", sky.tools))
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    assert json.loads("".join(piece.arguments for piece in pieces)) == {"city": "Paris"}
    kinds = [type(event) for event in events]
    assert kinds.index(ToolCallDelta) < kinds.index(ToolCalled) < kinds.index(ToolReturned)
    assert kinds[-1] is TurnFinished


@every_protocol
def test_one_response_names_the_tools_and_runs_none(broker, loopback, protocol, sky):
    loopback.script(Answer(tools=[PARIS]))
    reply = broker.generate_response("?", sky.tools)
    assert [call.name for call in reply.tool_calls] == ["weather"]
    assert (reply.finish_reason, sky.asked) == ("tool_calls", [])
    assert (reply.usage.total_tokens, len(loopback.requests)) == (18, 1)
