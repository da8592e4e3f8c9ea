"""Images by address, for a gateway that takes only bytes: played by hand, then over the wire."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mojentic_nb.effects import Ask, Call, Effect, Fetch
from mojentic_nb.errors import (
    BadArgument,
    GatewayBusy,
    GatewayDenied,
    GatewayError,
    GatewayFault,
    GatewayGarbled,
    GatewayStatus,
    GatewayTimeout,
    GatewayTorn,
    GatewayUnreachable,
    ModelNotFound,
)
from mojentic_nb.events import Answer
from mojentic_nb.hooks.inlining import Inline, has_addresses
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.media import DocumentPart, ImagePart, document_of, image_of
from mojentic_nb.messages import LLMMessage
from mojentic_nb.request import ChatRequest
from mojentic_nb.turn import model_call
from tests import loopback as provider
from tests.pictures import PDF, picture
from tests.shapes import PROTOCOLS, both_drivers, every_shape

ONLY_BYTES = SimpleNamespace(takes_image_urls=False)
FETCHES = SimpleNamespace(takes_image_urls=True)
A, B = "https://a.example/a.png?key=abcdefgh", "https://b.example/b.jpg"
BYTES = {A: picture(), B: picture("JPEG")}

OLLAMA = PROTOCOLS[0]


def call(*messages: LLMMessage, gateway: Any = ONLY_BYTES) -> Call:
    return Call(request=ChatRequest(model="m", messages=messages), gateway=gateway)


def play(
    policy: Inline, made: Call, fetch: Callable[[str], bytes | Exception] = BYTES.__getitem__
) -> tuple[list[str], ChatRequest]:
    """Run one call of the model: what was fetched, and what was asked in the end."""
    fetched: list[str] = []
    asked: list[ChatRequest] = []
    running = policy.around_model(made, model_call)
    effect: Effect = next(running)
    while True:
        try:
            effect = perform(running, effect, fetched, asked, fetch)
        except StopIteration:
            return fetched, asked[0]


def perform(running: Any, effect: Effect, fetched: Any, asked: Any, fetch: Any) -> Effect:
    if isinstance(effect, Fetch):
        fetched.append(effect.url)
        data = fetch(effect.url)
        return running.throw(data) if isinstance(data, Exception) else running.send(data)
    if isinstance(effect, Ask):
        asked.append(effect.request)
        return running.send(Answer(text="seen"))

    return running.send(None)


# By hand.


def test_addresses_become_bytes_in_their_places():
    document = document_of(PDF)
    message = LLMMessage.user("hi", images=[A, picture("GIF"), B], documents=document)
    fetched, asked = play(Inline(), call(LLMMessage.system("s"), message))
    assert fetched == [A, B]
    assert asked.messages[0] == LLMMessage.system("s")
    assert asked.messages[1].content == "hi"
    assert asked.messages[1].parts == (
        image_of(picture()).model_copy(update={"name": "a.png"}),
        image_of(picture("GIF")),
        image_of(picture("JPEG")).model_copy(update={"name": "b.jpg"}),
        document,
    )


def test_the_callers_message_keeps_its_address():
    message = LLMMessage.user("hi", images=A)
    made = call(message)
    play(Inline(), made)
    assert message == LLMMessage.user("hi", images=A)
    assert made.request.messages == (message,)


def test_an_address_is_fetched_once_however_often_it_stands_there():
    one, other = LLMMessage.user("1", images=[A, A]), LLMMessage.user("2", images=[B, A])
    policy = Inline()
    assert play(policy, call(one, other))[0] == [A, B]
    fetched, asked = play(policy, call(one, other, LLMMessage.assistant("next round")))
    assert fetched == []
    assert not has_addresses(asked.messages)


@pytest.mark.parametrize("gateway", [FETCHES, None, SimpleNamespace()])
def test_a_gateway_that_fetches_gets_the_address(gateway):
    message = LLMMessage.user("hi", images=A)
    fetched, asked = play(Inline(), call(message, gateway=gateway))
    assert fetched == []
    assert asked.messages[0] is message


def test_a_call_without_addresses_is_passed_on():
    message = LLMMessage.user("hi", images=picture(), documents=PDF)
    fetched, asked = play(Inline(), call(message))
    assert fetched == []
    assert asked.messages[0] is message


@pytest.mark.parametrize(
    "part, told",
    [
        (ImagePart(url=A), True),
        (ImagePart(url=A, data="aGk=", media_type="image/png"), False),
        (image_of(picture()), False),
        (DocumentPart(media_type="text/plain", text="hi"), False),
    ],
)
def test_only_an_image_without_its_bytes_is_an_address(part, told):
    assert has_addresses([LLMMessage(), LLMMessage(parts=(part,))]) is told


@pytest.mark.parametrize(
    "data, told",
    [
        (b"<!doctype html><p>Log in", "is a web page, not an image"),
        (b"", "is empty"),
        (b"%PDF-1.4", "is a PDF"),
        (picture() + bytes(20_000_000), "over 20 MB"),
    ],
)
def test_what_is_no_image_is_refused(data, told):
    with pytest.raises(BadArgument, match=told) as caught:
        play(Inline(), call(LLMMessage.user("hi", images=A)), lambda url: data)
    assert "https://a.example/a.png?…" in caught.value.message
    assert "abcdefgh" not in str(caught.value)


@pytest.mark.parametrize(
    "problem, kind, told",
    [
        (GatewayStatus("x", status=302), BadArgument, "moved.*redirects are not followed"),
        (ModelNotFound("x", status=404), BadArgument, "no image at .*404"),
        (GatewayDenied("x", status=403), BadArgument, "no image at .*403"),
        (GatewayBusy("x", status=429, retry_after_s=3), GatewayBusy, "answered 429"),
        (GatewayFault("x", status=503), GatewayFault, "answered 503"),
        (GatewayUnreachable("x"), GatewayUnreachable, "nothing answers"),
        (GatewayTimeout("x"), GatewayTimeout, "silent"),
        (GatewayTorn("x"), GatewayTorn, "broke"),
        (GatewayGarbled("x"), GatewayGarbled, "compressed"),
        (GatewayError("x"), GatewayError, "could not be fetched"),
    ],
)
def test_what_went_wrong_is_said_of_the_image(problem, kind, told):
    with pytest.raises(kind, match=told) as caught:
        play(Inline(), call(LLMMessage.user("hi", images=A)), lambda url: problem)
    assert caught.value.__context__ is None
    assert "https://a.example/a.png?…" in caught.value.message
    assert caught.value.hint
    assert (
        getattr(caught.value, "retry_after_s", None) == problem.retry_after_s or kind is BadArgument
    )


# Over the wire.


def image_answer(kind: str = "PNG") -> provider.Answer:
    return provider.Answer(body=picture(kind), content_type="application/octet-stream")


def gets(server: provider.Loopback) -> list[str]:
    return [seen.path for seen in server.requests if seen.method == "GET"]


@every_shape
def test_an_image_by_address_reaches_a_model_that_takes_only_bytes(loopback, shape):
    loopback.script_path("/plot.png", image_answer())
    loopback.script(provider.Answer("a plot"))
    url = f"{loopback.url}/plot.png?sig=abcdefgh"
    told = shape.run(OLLAMA.broker(loopback.url), LLMMessage.user("What?", images=[url, url]))
    assert told.error is None
    assert told.text == "a plot"
    assert [seen.path for seen in loopback.requests] == ["/plot.png", OLLAMA.path]
    packed = image_of(picture()).data
    assert loopback.requests[1].body["messages"][0]["images"] == [packed, packed]


@both_drivers
def test_mojentics_image_paths_may_be_addresses(loopback, shape):
    loopback.script_path("/plot.png", image_answer())
    message = LLMMessage(content="What?", image_paths=[f"{loopback.url}/plot.png"])
    assert shape.run(OLLAMA.broker(loopback.url), message).error is None
    assert gets(loopback) == ["/plot.png"]


@both_drivers
def test_no_key_goes_to_the_images_server(loopback, shape):
    loopback.script_path("/plot.png", image_answer())
    broker = OLLAMA.broker(loopback.url, api_key="sk-secretsecret", headers={"x-key": "other"})
    shape.run(broker, LLMMessage.user("What?", images=f"{loopback.url}/plot.png"))
    assert "secretsecret" not in str(loopback.requests[0].headers)
    assert "x-key" not in loopback.requests[0].headers


@both_drivers
def test_a_later_round_does_not_fetch_again(loopback, shape):
    def look() -> str:
        """Look closer."""
        return "closer"

    loopback.script_path("/plot.png", image_answer())
    loopback.script(provider.Answer(tools=[provider.ToolUse("look")]), provider.Answer("done"))
    message = LLMMessage.user("What?", images=f"{loopback.url}/plot.png")
    assert shape.run(OLLAMA.broker(loopback.url), message, tools=[look]).text == "done"
    assert [seen.path for seen in loopback.requests] == ["/plot.png", OLLAMA.path, OLLAMA.path]


@both_drivers
def test_a_busy_images_server_is_asked_again(loopback, shape):
    busy = provider.Answer(status=503, body=b"later", content_type="text/plain")
    loopback.script_path("/plot.png", busy, image_answer())
    broker = OLLAMA.broker(loopback.url, retry=Retry(attempts=2, base_s=0, jitter_s=0))
    message = LLMMessage.user("What?", images=f"{loopback.url}/plot.png")
    assert shape.run(broker, message).error is None
    assert gets(loopback) == ["/plot.png", "/plot.png"]


@both_drivers
@pytest.mark.parametrize(
    "answer, told",
    [
        (provider.Answer(status=302, body=b"", headers={"location": "/other.png"}), "redirects"),
        (provider.Answer(status=404, body=b"no"), "There is no image"),
        (provider.Answer(body=b"words", content_type="image/png"), "no png"),
    ],
)
def test_an_image_that_cannot_be_had_is_an_error_and_the_model_is_not_asked(
    loopback, shape, answer, told
):
    loopback.script_path("/plot.png", answer)
    message = LLMMessage.user("What?", images=f"{loopback.url}/plot.png")
    error = shape.run(OLLAMA.broker(loopback.url), message).error
    assert type(error) is BadArgument
    assert told in error.message
    assert [seen.path for seen in loopback.requests] == ["/plot.png"]


@both_drivers
def test_an_images_server_that_is_not_there_is_weather(loopback, shape):
    message = LLMMessage.user("What?", images="http://127.0.0.1:9/plot.png")
    error = shape.run(OLLAMA.broker(loopback.url), message).error
    assert type(error) is GatewayUnreachable
    assert "The image at http://127.0.0.1:9/plot.png" in error.message
    assert loopback.requests == []


@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=repr)
def test_providers_that_fetch_are_given_the_address(loopback, protocol):
    url = f"{loopback.url}/plot.png"
    protocol.broker(loopback.url, api_key="k").generate(LLMMessage.user("What?", images=url))
    assert gets(loopback) == []
    assert url in str(loopback.requests[0].body)
