"""Several answers to one request: the first is the reply, the others stand beside it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument, BudgetExceeded
from mojentic_nb.events import TurnFinished
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.budget import Budget
from mojentic_nb.hooks.cache import ResponseCache
from mojentic_nb.hooks.redaction import Redaction
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.hooks.weight import tokens_of
from mojentic_nb.tools import tool
from tests.gateways.requests import ask, last_body
from tests.loopback import Answer, Loopback
from tests.real_server import LlamaServer
from tests.shapes import Shape, every_shape

THREE = Answer("Red is best.", others=["No, blue.", "Green, and only that of moss in May."])


def broker(url: str, **settings: Any) -> LLMBroker:
    settings.setdefault("retry", Retry(attempts=1))
    return LLMBroker("m", OpenAIGateway(base_url=url + "/v1"), **settings)


@every_shape
def test_the_first_is_the_answer_in_every_shape(loopback: Loopback, shape: Shape) -> None:
    loopback.script(THREE)
    outcome = shape.run(broker(loopback.url), "Which colour?", n=3)

    assert outcome.error is None
    assert outcome.text == "Red is best."
    assert last_body(loopback)["n"] == 3
    for event in outcome.events or ():
        if isinstance(event, TurnFinished):
            assert list(event.answer.alternatives) == list(THREE.others)


def test_a_reply_has_the_others(loopback: Loopback) -> None:
    loopback.script(THREE, Answer("One."))

    assert broker(loopback.url).generate("Which?", n=3).alternatives == tuple(THREE.others)
    assert broker(loopback.url).generate("Which?").alternatives == ()
    assert "n" not in last_body(loopback)


def test_extra_asks_for_several_too(loopback: Loopback) -> None:
    loopback.script(THREE)
    config = CompletionConfig(extra={"n": 2})
    whole = "".join(broker(loopback.url).generate_stream("Which?", config=config))

    assert whole == "Red is best."


@pytest.mark.parametrize(
    "wire, texts",
    [
        (b'{"index":1,"delta":{"refusal":"I won\'t."}}', ["I won't."]),
        (b'{"index":1,"delta":{"content":null}}', [""]),
        (b'{"index":2,"delta":{"content":"c"}},{"index":1,"delta":{"content":"b"}}', ["b", "c"]),
    ],
)
def test_pieces_of_the_others(wire: bytes, texts: list[str]) -> None:
    gateway = OpenAIGateway(base_url="http://box/v1")
    decoder = gateway.decoder(ask(config=CompletionConfig(n=3)))
    decoder.feed(b'data: {"choices":[' + wire + b']}\n\ndata: {"choices":[{"index":0,"delta":')
    decoder.feed(b'{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    list(decoder.finish())

    answer = decoder.answer(0, None, 1)
    assert (answer.text, list(answer.alternatives)) == ("a", texts)


def test_all_that_began_must_end() -> None:
    decoder = OpenAIGateway(base_url="http://box/v1").decoder(ask(config=CompletionConfig(n=2)))
    ended = b'data: {"choices":[{"index":%d,"delta":{},"finish_reason":"stop"}]}\n\n'
    decoder.feed(b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n' + ended % 0)
    assert not decoder.is_done
    decoder.feed(ended % 1)
    assert decoder.is_done


def test_who_has_not_several_says_so(loopback: Loopback) -> None:
    url = loopback.url
    for gateway, whose in [
        (OllamaGateway(url), "Ollama"),
        (AnthropicGateway(base_url=url), "Anthropic"),
        (OpenAIGateway(base_url=url + "/v1", api="responses"), "OpenAI's Responses API"),
    ]:
        with pytest.raises(BadArgument, match=f"n=2: {whose} takes no n"):
            LLMBroker("m", gateway).generate("hi", n=2)
        assert LLMBroker("m", gateway).generate("hi", n=1)
        assert "n" not in last_body(loopback)
    with pytest.raises(BadArgument, match="n=2: The demo model takes no n"):
        LLMBroker("demo").generate("hi", n=2)


def test_tools_can_follow_one_answer_only(loopback: Loopback) -> None:
    @tool
    def look(at: str) -> str:
        """Look somewhere."""
        return at

    with pytest.raises(BadArgument, match="n=2: a call with tools takes no n"):
        broker(loopback.url).generate("hi", n=2, tools=[look])
    assert not loopback.requests


# policies -----------------------------------------------------------------------------


def test_a_budget_holds_for_all_of_them(loopback: Loopback) -> None:
    budget = Budget(tokens=1000)
    loopback.script(THREE)
    broker(loopback.url, budget=budget).generate("Which?", n=3)

    bound = last_body(loopback)["max_tokens"]
    assert 3 * bound <= 1000
    assert bound > 250


def test_where_not_all_of_them_can_be_paid_none_is_asked_for(loopback: Loopback) -> None:
    for tokens in range(40):
        with suppress(BudgetExceeded):
            broker(loopback.url, budget=Budget(tokens=tokens)).generate("Which?", n=3)

    assert loopback.requests
    assert all(seen.body["max_tokens"] >= 1 for seen in loopback.requests)


def test_a_bound_is_each_answers(loopback: Loopback) -> None:
    loopback.script(THREE)
    broker(loopback.url, budget=Budget(tokens=1000)).generate("Which?", n=3, max_tokens=50)

    assert last_body(loopback)["max_tokens"] == 50


def test_a_cache_keeps_the_others(loopback: Loopback, tmp_path: Path) -> None:
    loopback.script(THREE)
    with_cache = broker(loopback.url, cache=ResponseCache(tmp_path / "c.sqlite"))
    first = with_cache.generate("Which?", n=3)
    again = with_cache.generate("Which?", n=3)

    assert again.is_cached
    assert again.alternatives == first.alternatives == tuple(THREE.others)


def test_tokens_of_all_of_them_are_believed(loopback: Loopback) -> None:
    words = "so many words " * 400
    budget = Budget(tokens=100_000)
    loopback.script(Answer("One.", others=[words, words], usage=(11, 2400)))
    broker(loopback.url, budget=budget).generate("Which?", n=3, max_tokens=4)

    assert budget.spent.tokens == 2411


def test_a_limit_counts_all_of_them() -> None:
    one, three = (tokens_of(ask(config=CompletionConfig(max_tokens=50, n=n))) for n in (1, 3))
    assert three - one == 100


def test_what_was_redacted_comes_back_in_the_others(loopback: Loopback) -> None:
    redact = Redaction(names=["Ada"], restore=True)
    loopback.script(Answer("Ask [name-1].", others=["Or do not ask [name-1]."]))
    reply = broker(loopback.url, redact=redact).generate("Who is Ada?", n=2)

    assert (str(reply), reply.alternatives) == ("Ask Ada.", ("Or do not ask Ada.",))


@pytest.mark.llama
@pytest.mark.parametrize("streams", [True, False])
def test_a_real_server(llama: LlamaServer, streams: bool) -> None:
    one = LLMBroker(llama.model, OpenAIGateway(base_url=llama.url + "/v1"))
    settings: Any = {"n": 2, "max_tokens": 4, "seed": 1}
    if streams:
        *_, last = one.generate_events("Hi", **settings)
        assert isinstance(last, TurnFinished)
        texts = [last.answer.text, *last.answer.alternatives]
    else:
        reply = one.generate("Hi", **settings)
        texts = [str(reply), *reply.alternatives]

    assert len(texts) == 2
    assert all(texts)
