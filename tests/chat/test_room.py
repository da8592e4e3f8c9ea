"""How much room there is, asked of who knows; and counting that costs only what is new."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from mojentic_nb import LLMBroker, catalogue, errors, tool
from mojentic_nb.chat.room import USUAL_CONTEXT, Counter, _hasty, context_of, counter_of
from mojentic_nb.config import CompletionConfig, Timeouts
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.tokens import TokenizerGateway
from tests.loopback import Answer, Fault, Loopback
from tests.pictures import picture
from tests.real_server import LlamaServer


def ollama(loopback: Loopback, model: str = "m", **settings: Any) -> LLMBroker:
    return LLMBroker(model, OllamaGateway(host=loopback.url, **settings))


def shows(length: int, parameters: str = "") -> Answer:
    """What Ollama says of a model."""
    info = f'"model_info": {{"general.architecture": "x", "x.context_length": {length}}}'
    body = f'{{{info}, "parameters": "{parameters}"}}'
    return Answer(body=body.encode(), content_type="application/json")


def test_the_providers_word_comes_first(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(8192, "num_ctx 4096"))
    assert context_of(ollama(loopback)) == (4096, "ollama says so")


def test_what_an_ollama_is_not_told_is_kept_within_bounds(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(131_072), shows(2048), shows(131_072))
    assert context_of(ollama(loopback))[0] == USUAL_CONTEXT
    assert context_of(ollama(loopback))[0] == 2048
    asked = CompletionConfig(num_ctx=65_536)
    assert context_of(ollama(loopback), asked) == (65_536, "num_ctx")


def test_more_than_there_is_is_never_had(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(2048))
    assert context_of(ollama(loopback), CompletionConfig(num_ctx=4096))[0] == 2048


def test_a_server_is_asked_once(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(2048))
    broker = ollama(loopback)
    assert [context_of(broker)[0] for _ in "abc"] == [2048] * 3
    assert len(loopback.requests) == 1


def test_the_brokers_own_settings_hold(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(8192))
    broker = LLMBroker("m", OllamaGateway(host=loopback.url), config=CompletionConfig(num_ctx=1024))
    assert context_of(broker) == (1024, "num_ctx")


def test_a_real_server_says_what_it_serves(llama: LlamaServer) -> None:
    broker = LLMBroker("tiny", OpenAIGateway(base_url=f"{llama.url}/v1"))
    tokens, why = context_of(broker)
    assert 0 < tokens <= USUAL_CONTEXT
    assert why == "openai says so"


def test_the_catalogue_knows_the_providers_own_models() -> None:
    known = catalogue.card("openai", "gpt-5.4-mini").context_tokens
    assert context_of(LLMBroker("openai:gpt-5.4-mini")) == (known, "the catalogue")


def test_the_catalogue_is_asked_where_the_provider_says_nothing(loopback: Loopback) -> None:
    catalogue.register_model("ollama", "told-of-it", context_tokens=1234)
    loopback.script_path("/api/show", Answer(body=b"{}", content_type="application/json"))
    assert context_of(ollama(loopback, "told-of-it")) == (1234, "the catalogue")


def test_what_nobody_knows_is_mojentics_default(loopback: Loopback) -> None:
    assert context_of(LLMBroker("demo")) == (USUAL_CONTEXT, "Mojentic's default, as nobody says")
    loopback.script_path("/api/show", Answer(body=b"{}", content_type="application/json"))
    tokens, why = context_of(ollama(loopback))
    assert (tokens, why) == (USUAL_CONTEXT, "Mojentic's default, as nobody says")


def test_a_server_that_cannot_be_asked_stops_nobody_and_is_asked_again(
    loopback: Loopback,
) -> None:
    loopback.script_path("/api/show", Answer.error(500, "No"), Answer(body=b"<html>"))
    broker = ollama(loopback)
    for _ in range(2):
        tokens, why = context_of(broker)
        assert tokens == USUAL_CONTEXT
        assert why.startswith("Mojentic's default, as ollama cannot be asked: ")

    loopback.script_path("/api/show", shows(2048))
    assert context_of(broker)[0] == 2048
    assert context_of(LLMBroker("ollama:m"))[0] == USUAL_CONTEXT


def test_nobody_waits_for_it_longer_than_for_a_connection(loopback: Loopback) -> None:
    loopback.script_path("/api/show", Answer("x", fault=Fault.SILENT_BEFORE_HEADERS))
    broker = ollama(loopback, timeout=Timeouts(connect_s=0.2, silence_s=600))
    assert context_of(broker)[0] == USUAL_CONTEXT
    assert broker.gateway.timeouts.silence_s == 600


@pytest.mark.parametrize(
    ("patience", "connect_s", "seconds"),
    [
        (Timeouts(), 1.0, 2.5),
        (Timeouts(connect_s=600), 1.0, 300),
        (Timeouts.of(0.4, default=Timeouts()), 0.2, 0.2),
    ],
)
def test_it_is_given_half_the_time_of_a_connection_and_a_dead_one_a_second(
    patience: Timeouts, connect_s: float, seconds: float
) -> None:
    hasty = _hasty(OllamaGateway(host="http://127.0.0.1:9"), patience).timeouts
    assert hasty == Timeouts(connect_s=connect_s, silence_s=seconds, whole_s=seconds)


def test_a_missing_key_stops_nobody() -> None:
    assert context_of(LLMBroker("openai:nobody-knows"))[0] == USUAL_CONTEXT


# counting ---------------------------------------------------------------------


class Letters:
    """A tokenizer whose tokens are letters; it notes what it was given."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, text: str) -> list[int]:
        self.read.append(text)
        return [ord(letter) for letter in text]

    def decode(self, tokens: list[int]) -> str:
        return "".join(map(chr, tokens))


def counter() -> tuple[Counter, Letters]:
    letters = Letters()
    return counter_of(letters, LLMBroker("demo")), letters


def test_everything_that_is_sent_counts() -> None:
    count, _ = counter()
    call = LLMToolCall(id="1", name="look", arguments={"at": "Mars"})
    plain = count([LLMMessage.user("hello")])
    assert plain == 5 + 4
    assert count([LLMMessage.user("hello", images=[picture()])]) == plain + 1600
    assert count([LLMMessage.user("hello", documents=[b"a text"])]) >= plain + 6
    said = LLMMessage(role="assistant", tool_calls=[call])
    assert count([said]) == 4 + 6 + len("look") + len('{"at":"Mars"}')
    assert count([LLMMessage.tool("far", call=call)]) == 4 + 6 + 3


def test_tools_and_schema_are_the_overhead() -> None:
    count, _ = counter()

    @tool
    def look(at: str) -> str:
        """Look at something."""
        return at

    frame = count.overhead()
    assert count.overhead([look]) > frame + len("lookLook at something.")
    schema = {"type": "object"}
    assert count.overhead((), schema) == frame + len('{"type":"object"}')
    assert count.overhead([look], schema) == count.overhead([look]) + len('{"type":"object"}')
    messages = [LLMMessage.user("hello")]
    assert count(messages, tools=[look], schema=schema) == 9 + count.overhead([look], schema)
    assert count(messages, tools=()) == 9 + frame
    assert count(()) == 0


def test_the_sum_is_what_the_tokenizer_says_of_the_whole() -> None:
    tokenizer = TokenizerGateway("gpt-4o")
    count = counter_of(tokenizer, LLMBroker("demo"))
    messages = [LLMMessage.system("Be brief."), LLMMessage.user("Hello, " * 30)]
    assert count(messages, tools=()) == int(tokenizer.count_messages(messages))
    assert count.is_estimate


def test_a_message_is_read_once_however_often_it_is_counted() -> None:
    count, letters = counter()
    messages = [LLMMessage.user(f"message {number}") for number in range(100)]
    first = count(messages)
    read = len(letters.read)
    assert [count(messages), count(messages[:50]) + count(messages[50:])] == [first, first]
    assert len(letters.read) == read
    count([*messages, LLMMessage.user("one more")])
    assert len(letters.read) == read + 1


def test_the_overhead_of_the_same_tools_is_read_once() -> None:
    count, letters = counter()
    schema = {"type": "object"}
    count.overhead((), schema)
    read = len(letters.read)
    count.overhead((), dict(schema))
    assert len(letters.read) == read


def test_a_message_that_is_gone_is_not_mistaken_for_another() -> None:
    count, _ = counter()
    for length in range(200):
        message = LLMMessage.user("x" * (length + 1))
        assert count([message]) == length + 1 + 4
        del message
    gc.collect()
    assert len(count._known) == 0


def test_who_counts() -> None:
    own = TokenizerGateway("gpt-4o")
    broker = LLMBroker("demo", tokenizer=own)
    assert counter_of(None, broker).tokenizer is own
    other = TokenizerGateway("cl100k_base")
    assert counter_of(other, broker).tokenizer is other
    assert counter_of(None, LLMBroker("openai:gpt-4o")).tokenizer.model == "gpt-4o"
    with pytest.raises(errors.BadArgument, match="tokenizer_gateway=7"):
        counter_of(7, broker)
