"""The public names: sorted, importable, documented, keyword-only after the first argument.

Why keyword-only: a second positional argument can never be renamed, reordered or given a
neighbour. The exceptions are Mojentic's own signatures, which existing code calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import mojentic_nb

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

MESSAGES = {"messages", "tools", "config"}
# Mojentic's papers and programs call these so; the names listed may stay positional.
KNOWN_SIGNATURES: dict[str, set[str]] = {
    "EventStore.get_events": {"start_time", "end_time", "filter_func"},
    "EventStore.get_last_n_events": {"event_type"},
    "FileTypeSensor.add_language": {"language"},
    "LLMBroker.__init__": {"model", "gateway", "tokenizer", "tracer"},
    "abatch": {"model"},
    "acompare": {"models"},
    "LLMBroker.generate": MESSAGES,
    "LLMBroker.generate_events": MESSAGES,
    "LLMBroker.generate_object": {"messages", "object_model", "config"},
    "LLMBroker.generate_object_stream": {"messages", "object_model", "config"},
    "LLMBroker.generate_response": MESSAGES,
    "LLMBroker.generate_stream": MESSAGES,
    "LLMBroker.agenerate": MESSAGES,
    "LLMBroker.agenerate_events": MESSAGES,
    "LLMBroker.agenerate_object": {"messages", "object_model", "config"},
    "LLMBroker.agenerate_object_stream": {"messages", "object_model", "config"},
    "LLMBroker.agenerate_response": MESSAGES,
    "LLMBroker.agenerate_stream": MESSAGES,
    "LLMBroker.submit": MESSAGES,
    "LLMMessage.__init__": {"role", "content", "object", "tool_calls", "image_paths"},
    "MessageBuilder.load_content": {"template_values"},
    "OllamaGateway.__init__": {"host", "headers", "timeout"},
    "OpenAIGateway.__init__": {"api_key", "base_url"},
    "AnthropicGateway.__init__": {"api_key", "base_url"},
    "ChatSession.__init__": {
        *("llm", "system_prompt", "tools", "max_context", "tokenizer_gateway", "config"),
        "temperature",
    },
    "ChatSession.asend_object": {"object_model"},
    "ChatSession.edit": {"query"},
    "ChatSession.export": {"path"},
    "ChatSession.resume": {"llm"},
    "ChatSession.send_object": {"object_model"},
    "EventStore.__init__": {"on_store_callback"},
    "NullTracer.get_last_n_tracer_events": {"event_type"},
    "NullTracer.span": {"kind"},
    "NullTracer.sql": {"parameters"},
    "TracerSystem.__init__": {"event_store", "enabled"},
    "TracerSystem.get_last_n_tracer_events": {"event_type"},
    "TracerSystem.span": {"kind"},
    "TracerSystem.sql": {"parameters"},
}
# The form of every policy, as in any middleware.
KNOWN_METHODS = {
    "around_model": {"proceed"},
    "calculate_embeddings": {"model"},
    "encode_embeddings": {"model"},
}


def public() -> list[str]:
    return [name for name in getattr(mojentic_nb, "__all__", ()) if not name.startswith("__")]


def is_ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).startswith("mojentic_nb")


def callables(name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions one public name offers, with their dotted names."""
    thing = getattr(mojentic_nb, name)
    if inspect.isfunction(thing):
        yield name, thing
    if not inspect.isclass(thing):
        return

    for member, raw in vars(thing).items():
        function = getattr(raw, "__func__", raw)
        open_to_all = member == "__init__" or not member.startswith("_")
        if open_to_all and inspect.isfunction(function) and is_ours(function):
            yield f"{thing.__name__}.{member}", function


def positional_beyond_the_first(function: Callable[..., Any], *, is_method: bool) -> list[str]:
    parameters = list(inspect.signature(function).parameters.values())
    takes_self = is_method and parameters and parameters[0].name in ("self", "cls")
    after_first = parameters[2 if takes_self else 1 :]
    return [parameter.name for parameter in after_first if parameter.kind in POSITIONAL]


def undocumented(name: str) -> list[str]:
    thing = getattr(mojentic_nb, name)
    own = [] if inspect.getdoc(thing) or not callable(thing) else [name]
    methods = [
        dotted
        for dotted, function in callables(name)
        if not dotted.endswith(".__init__") and not inspect.getdoc(function)
    ]
    return own + methods


def test_names_are_sorted():
    assert list(mojentic_nb.__all__) == sorted(mojentic_nb.__all__)


def test_dir_shows_every_name():
    assert set(mojentic_nb.__all__) <= set(dir(mojentic_nb))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = mojentic_nb.no_such_name


@pytest.mark.parametrize("name", public())
def test_a_public_name_is_there_and_documented(name):
    assert undocumented(name) == []


@pytest.mark.parametrize("name", public())
def test_arguments_after_the_first_are_keyword_only(name):
    offenders = {
        dotted: sorted(extra)
        for dotted, function in callables(name)
        if (
            extra := set(positional_beyond_the_first(function, is_method="." in dotted))
            - KNOWN_SIGNATURES.get(dotted, set())
            - KNOWN_METHODS.get(dotted.rpartition(".")[2], set())
        )
    }
    assert offenders == {}


@pytest.mark.parametrize("name", public())
def test_a_public_function_says_what_it_returns(name):
    silent = [
        dotted
        for dotted, function in callables(name)
        if inspect.signature(function).return_annotation is inspect.Signature.empty
    ]
    assert silent == []
