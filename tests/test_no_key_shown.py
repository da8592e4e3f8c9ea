"""A key never shows: not in an error, its chain, its traceback's locals, nor in any repr.

Law: the key is of no known shape, so that only its exact removal can help, and lives in
the module: locals of the frames that a traceback shows are all the library's.
"""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import GatewayDenied, GatewayError, MojenticError, scrub
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import (
    PROTOCOLS,
    Protocol,
    Shape,
    every_protocol,
    every_shape,
    every_shape_and_object,
)

KEY = "zx9-PRIVATE\\'key\"!"
USER, PASSWORD = "ada-the-user", "pass-PRIVATE-word"
SECRETS = (KEY, "PRIVATE", USER, "YWRhLXRoZS11c2Vy")  # the last: USER in base64


def shown(error: BaseException) -> Iterator[str]:
    """Everything an error can put on a screen, verbose tracebacks and its chain included."""
    yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
    yield "".join(traceback.format_exception(error))
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield "".join(told.format())
    for linked in (error.__cause__, error.__context__):
        if linked is not None:
            yield from shown(linked)


def assert_hidden(texts: Iterator[str] | list[str]) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in text, text


ECHOES = {
    "refused": Answer.error(401, "Incorrect key", echo_key=True),
    "refused at length": Answer.error(400, "x" * 385, echo_key=True),
    "page": Answer(status=502, body=f"<p>{'y' * 110}{KEY}</p>".encode(), content_type="text/html"),
    "page as success": Answer(body=f"<p>{KEY}</p>".encode(), content_type="text/html"),
    "garbage": Answer(body=f'data: {{"{KEY}\n\n'.encode(), content_type="text/event-stream"),
    "error frame": Answer("one two three", fault=Fault.ERROR_FRAME, error_text=f"Bad {KEY}."),
    "error object": Answer(body=b'{"error": "Bad zx9-PRIVATE\\\\\'key\\"!"}'),
    "redirect": Answer(status=302, body=b"", headers={"location": f"http://{PASSWORD}@box/{KEY}"}),
    "torn": Answer("one two three", fault=Fault.TORN),
    "silent": Answer("one two three", fault=Fault.SILENT),
    "reset": Answer("", fault=Fault.REFUSED_RESET),
}


@every_protocol
@every_shape_and_object
@pytest.mark.parametrize("answer", ECHOES.values(), ids=list(ECHOES))
def test_no_error_shows_the_key(
    loopback: Loopback, shape: Shape, protocol: Protocol, answer: Answer
) -> None:
    loopback.script(answer, answer)
    told: list[Any] = []
    again = Retry(attempts=2, base_s=0, jitter_s=0)
    broker = protocol.broker(loopback.url, api_key=KEY, timeout=0.15, retry=again)
    broker.subscribe(told.append)
    outcome = shape.run(broker, "hi")

    assert loopback.requests[0].key == KEY
    assert isinstance(outcome.error, GatewayError)
    assert_hidden(list(shown(outcome.error)))
    assert_hidden([repr(told), repr(outcome.events), repr(broker), repr(vars(broker))])
    assert_hidden([repr(broker.gateway), repr(vars(broker.gateway)), str(broker.gateway)])


@every_protocol
@every_shape
def test_a_user_in_the_address_is_sent_and_not_shown(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    echo = f"Basic YWRhLXRoZS11c2VyOnBhc3MtUFJJVkFURS13b3Jk of {USER} and {PASSWORD}"
    loopback.script(Answer.error(401, echo))
    url = loopback.url.replace("://", f"://{USER}:{PASSWORD}@")
    broker = protocol.broker(url)
    outcome = shape.run(broker, "hi")

    sent = loopback.requests[0].headers["authorization"]
    assert sent == "Basic YWRhLXRoZS11c2VyOnBhc3MtUFJJVkFURS13b3Jk"
    assert isinstance(outcome.error, GatewayDenied)
    assert_hidden(list(shown(outcome.error)))
    assert_hidden([repr(broker), repr(broker.gateway)])


@every_protocol
@every_shape
def test_a_header_of_ones_own_wins_and_is_not_shown(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer.error(403, "No", echo_key=True))
    own = {"Authorization": f"Bearer {KEY}", "X-Api-Key": KEY}
    broker = protocol.broker(loopback.url, api_key="another-key", headers=own)
    outcome = shape.run(broker, "hi")

    assert loopback.requests[0].key == KEY
    assert "another-key" not in str(loopback.requests[0].headers)
    assert_hidden(list(shown(outcome.error)))
    assert_hidden([repr(vars(broker.gateway))])


@every_protocol
def test_a_listing_shows_no_key(loopback: Loopback, protocol: Protocol) -> None:
    listing = {"ollama": "/api/tags"}.get(protocol.name, "/v1/models")
    page = Answer(body=f"<p>{KEY}</p>".encode())
    other = Answer(body=json.dumps({"models": [KEY], "data": [KEY, 5]}).encode())
    loopback.script_path(listing, Answer.error(500, "Hm", echo_key=True), page, other)
    gateway = protocol.gateway(loopback.url, api_key=KEY)
    for _ in range(3):
        assert_hidden(list(shown(failed_listing(gateway))))


def failed_listing(gateway: LLMGateway) -> GatewayError:
    try:
        gateway.get_available_models()
    except GatewayError as error:
        return error

    raise AssertionError("it was listed")


BAD_KEYS = [f"{KEY}\n2", f"ü{KEY}", f"{KEY} {KEY}"]


@every_protocol
@every_shape
@pytest.mark.parametrize("number", range(3))
def test_a_key_that_cannot_be_sent_is_not_shown_either(
    monkeypatch: pytest.MonkeyPatch, shape: Shape, protocol: Protocol, number: int
) -> None:
    if protocol.name == "ollama":
        monkeypatch.setenv("OLLAMA_API_KEY", BAD_KEYS[number])
    monkeypatch.setenv(protocol.kind.key_variable, BAD_KEYS[number])
    outcome = shape.run(protocol.broker("http://127.0.0.1:9"), "hi")

    assert "Copy it again" in str(outcome.error)
    assert_hidden(list(shown(outcome.error)))
    assert all(key not in text for key in BAD_KEYS for text in shown(outcome.error))


@pytest.mark.parametrize("kind", [OpenAIGateway, AnthropicGateway])
@pytest.mark.parametrize("wrong", [{"timeout": -1}, {"base": "x"}, {"timeout": "soon"}])
def test_a_gateway_that_cannot_be_made_shows_no_key(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises((MojenticError, TypeError)) as caught:
        kind(api_key=KEY, **wrong)

    assert_hidden(list(shown(caught.value)))


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
def test_a_job_shows_no_key(loopback: Loopback, protocol: Protocol) -> None:
    loopback.script(Answer.error(401, "Incorrect key", echo_key=True))
    job = protocol.broker(loopback.url, api_key=KEY).submit("hi")
    with pytest.raises(GatewayDenied) as caught:
        job.result(timeout=5)

    assert_hidden([repr(job), repr(vars(job)), *shown(caught.value)])


def test_an_error_travels_between_processes(loopback: Loopback) -> None:
    loopback.script(Answer.error(429, "Slowly", headers={"retry-after": "7"}))
    with pytest.raises(GatewayError) as caught:
        LLMBroker("ollama:m", PROTOCOLS[0].gateway(loopback.url), retry=Retry(attempts=1)).generate(
            "hi"
        )

    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is type(caught.value)
    assert vars(copy) == vars(caught.value)
    assert str(copy) == str(caught.value)
    assert copy.args == caught.value.args


@pytest.mark.parametrize(
    "text, secret, left",
    [
        ("key abcdefgh!", "abcdefgh", "key [key removed]!"),
        ('said "ab\\"cd" twice', 'ab"cd', 'said "[key removed]" twice'),
        ("at http://box/?k=a%2Fb%2Bc", "a/b+c", "at http://box/?k=[key removed]"),
        ("long text abcde…", "abcdefgh", "long text [key removed]…"),
        ("an x is no key", "x", "an x is no key"),
        ("https://tok3n@host/x", "", "https://[key removed]@host/x"),
        ("Bearer abcdefghi", "", "Bearer [key removed]"),
        ("sk-proj-abcdefghi and task-force", "", "[key removed] and task-force"),
    ],
)
def test_scrub_removes_keys_in_every_spelling(text: str, secret: str, left: str) -> None:
    assert scrub(text, secret) == left
