"""What of a request counts, what may be kept, and what a miss says."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.cassette_file import Recording
from mojentic_nb.gateways.cassette_match import nearest
from mojentic_nb.gateways.cassette_request import Request, answer_without_keys, kept_headers
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.gateways.wire import Headers, WireRequest
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import Protocol, Shape, every_protocol, every_shape

KEY = "zx9-PRIVATE-key!"


def asked(body: bytes = b"{}", **changes: object) -> Request:
    known = {"gateway": "openai", "method": "POST", "url": "http://one:1/v1/x", "body": body}
    return Request.of(WireRequest(**{**known, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://another.example:8443/v1/x"},
        {"headers": Headers({"authorization": f"Bearer {KEY}"})},
        {"body": b'{ "b": [1, {"d": 2, "c": 0.5}], "a": "x" }'},
        {"stream": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_does_not_count(changes: dict[str, object]) -> None:
    assert (
        asked(b'{"a":"x","b":[1,{"c":0.5,"d":2}]}').key
        == asked(**{"body": b'{"a":"x","b":[1,{"c":0.5,"d":2}]}', **changes}).key
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"gateway": "ollama"},
        {"method": "PUT"},
        {"url": "http://one:1/v1/y"},
        {"url": "http://one:1/v1/x?page=2"},
        {"body": b'{"a":"y"}'},
        {"body": b'{"a":"x","b":null}'},
        {"body": b""},
    ],
    ids=str,
)
def test_what_counts(changes: dict[str, object]) -> None:
    assert asked(b'{"a":"x"}').key != asked(**{"body": b'{"a":"x"}', **changes}).key


def test_a_picture_is_kept_as_a_digest() -> None:
    pictures = [base64.b64encode(os.urandom(3000)).decode() for _ in range(2)]
    bodies = [f'{{"url": "data:image/png;base64,{one}", "images": ["{one}"]}}' for one in pictures]
    first, second = (asked(body.encode()) for body in bodies)

    assert first.key != second.key
    assert first.key == asked(bodies[0].encode()).key
    assert first.body["url"].startswith("data:image/png;base64,[4000 letters of base64, sha256 ")
    assert len(first.key) < 400


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "answer",
    [
        Answer.error(401, "Wrong key:", echo_key=True),
        Answer(f"Your key is {KEY} indeed"),
        Answer(f"Your key is {KEY} indeed", fault=Fault.ERROR_FRAME, error_text=f"Not {KEY}"),
    ],
    ids=["refusal", "answer", "frame"],
)
def test_no_key_is_ever_in_the_file(
    loopback: Loopback, tmp_path: Path, shape: Shape, protocol: Protocol, answer: Answer
) -> None:
    loopback.script(answer)
    headers = {"x-api-token": "a-token-of-mine", "x-trace": "seen"}
    with Cassette(tmp_path / "x.jsonl"):
        broker = protocol.broker(loopback.url, api_key=KEY, headers=headers)
        shape.run(broker, f"Is {KEY} or sk-anothers-key-123456 mine?")

    kept = (tmp_path / "x.jsonl").read_text()
    assert '"ask"' in kept
    for secret in (KEY, KEY[:12], "a-token-of-mine", "sk-anothers"):
        assert secret not in kept
    with Cassette(tmp_path / "x.jsonl", mode="replay"):
        again = shape.run(broker, f"Is {KEY} or sk-anothers-key-123456 mine?")
    assert not isinstance(again.error, errors.CassetteMiss)


def test_a_key_cut_in_two_is_found() -> None:
    """Pieces are joined before: a key may come in two of them."""
    assert b"PRIVATE" not in answer_without_keys(f"so {KEY}.".encode(), [KEY])


@pytest.mark.parametrize("where", ["url", "body"])
@pytest.mark.parametrize(
    "signed",
    [
        "?sv=2026&sig=SECRET%2Bx%3D",
        "?X-Amz-Credential=SECRET&X-Amz-Signature=SECRET#top",
        "?access_token=SECRET&page=2",
        "?a=1&amp;token=SECRET",
        "?apikey=x&key=SECRET.SECRET",
    ],
)
def test_a_signature_in_an_address_is_not_kept(where: str, signed: str) -> None:
    urls = [f"https://files.example/a.png{signed.replace('SECRET', it)}" for it in ("1hq", "0zz")]
    if where == "url":
        kept = [asked(url=url, method="GET", is_of_the_web=True) for url in urls]
    else:
        kept = [asked(json.dumps({"image_url": {"url": url}}).encode()) for url in urls]

    assert "1hq" not in kept[0].key
    assert "a.png?" in kept[0].key
    assert kept[0] == kept[1], "a fresh signature asks for the same"


def test_a_file_on_the_web_is_another_one_on_another_host() -> None:
    urls = ["https://a.example/plot.png", "https://b.example/plot.png"]
    one, other = (asked(b"", url=url, method="GET", is_of_the_web=True) for url in urls)
    assert str(one) == "GET https://a.example/plot.png"
    assert one.key != other.key


@pytest.mark.parametrize(
    "text",
    ["from x import hf_hub_download", "the risk-adjusted pk_of_table_name", "key=value", "\udcff"],
)
def test_an_answer_about_code_replays_as_it_came(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    assert answer_without_keys(data, ["something-else"]) == data


def test_an_answer_that_shows_somebodys_key_does_not() -> None:
    data = b"use sk-proj-abcdefghijklmnop1234567890"
    assert answer_without_keys(data, []) == b"use [key removed]"


def test_a_placeholder_for_a_key_is_no_secret(loopback: Loopback, tmp_path: Path) -> None:
    loopback.script(Answer("Use ollama, or none."))
    gateway = OpenAIGateway(api_key="ollama", base_url=loopback.url + "/v1")
    with Cassette(tmp_path / "x.jsonl"):
        first = LLMBroker("m", gateway).generate("What of ollama?")
    with Cassette(tmp_path / "x.jsonl", mode="replay"):
        assert LLMBroker("m", gateway).generate("What of ollama?") == first


def test_few_headers_are_kept() -> None:
    given = {
        "Content-Type": "text/event-stream",
        "X-RateLimit-Remaining-Requests": "59",
        "anthropic-ratelimit-tokens-limit": "8000",
        "request-id": "req_1",
        "Retry-After": "3",
        "set-cookie": "who=ada",
        "server": "x",
        "openai-organization": "ada",
    }
    assert list(kept_headers(given, [])) == [
        "content-type",
        "x-ratelimit-remaining-requests",
        "anthropic-ratelimit-tokens-limit",
        "request-id",
        "retry-after",
    ]


@pytest.mark.parametrize("how", ["open", "aopen"])
def test_kept_headers_are_replayed(loopback: Loopback, tmp_path: Path, how: str) -> None:
    import asyncio

    gateway = OllamaGateway(host=loopback.url)
    wire = gateway.wire("/api/tags")
    loopback.script_path("/api/tags", Answer(body=b"{}", headers={"x-ratelimit-limit": "5"}))

    def limit() -> str:
        if how == "open":
            with gateway.transport.open(wire) as reading:
                assert list(reading.chunks)
                return reading.headers["x-ratelimit-limit"]

        async def asked() -> str:
            async with gateway.transport.aopen(wire) as reading:
                while await reading.read():
                    pass
                return reading.headers["x-ratelimit-limit"]

        return asyncio.run(asked())

    with Cassette(tmp_path / "x.jsonl"):
        assert limit() == "5"
    with Cassette(tmp_path / "x.jsonl", mode="replay"):
        assert limit() == "5"


# what a miss says -----------------------------------------------------------


def recording(body: object, *, line: int, gateway: str = "openai") -> Recording:
    request = Request(gateway=gateway, method="POST", path="/v1/x", body=body)
    return Recording(request=request, run="r", number=line, asked_s=0.0, line=line)


@pytest.mark.parametrize(
    "body, told",
    [
        ({"model": "m", "messages": [{"content": "Hello"}]},
         "messages.0.content: 'Hello' was recorded as 'Hi'"),
        ({"model": "m", "messages": [{"content": "Hi"}], "seed": 7},
         "seed: 7 was not in what is recorded"),
        ({"model": "m", "messages": []}, "messages: [] was not in what is recorded, and 1 more"),
        ({"messages": [{"content": "Hi"}]}, "model: recorded as 'm', and now not there"),
        ({"model": "m", "messages": [{"content": 1}]},
         "messages.0.content: 1 was recorded as 'Hi'"),
        ({"model": "m", "messages": [{"content": "Hi"}, {"content": "x"}]},
         "messages.1.content: 'x' was not in what is recorded"),
    ],
)  # fmt: skip
def test_a_miss_names_the_field(body: object, told: str) -> None:
    only = recording({"model": "m", "messages": [{"content": "Hi"}]}, line=2)
    request = Request(gateway="openai", method="POST", path="/v1/x", body=body)
    assert nearest(request, [only]) == (only, told)


def test_the_nearest_is_the_one_that_differs_least() -> None:
    request = Request(
        gateway="openai", method="POST", path="/v1/x", body={"a": "Hello you", "b": 1}
    )
    others = [
        recording({"a": "Hello you", "b": 1}, line=2, gateway="ollama"),
        recording({"a": "Something else", "b": 1}, line=20),
        recording({"a": "Hello your", "b": 1}, line=30),
        recording({"a": "Hello you!", "b": 2}, line=40),
    ]
    found = nearest(request, others)
    assert found is not None
    assert found[0].line == 30


def test_long_values_are_shown_where_they_part() -> None:
    long = "word " * 300
    request = Request(gateway="openai", method="POST", path="/v1/x", body={"a": long + "north"})
    found = nearest(request, [recording({"a": long + "south"}, line=2)])
    assert found is not None
    assert len(found[1]) < 120
    assert "north" in found[1]
    assert "south" in found[1]


def test_an_empty_cassette_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("")
    with (
        Cassette(tmp_path / "x.jsonl", mode="replay"),
        pytest.raises(errors.CassetteMiss, match="nothing is recorded"),
    ):
        LLMBroker("demo").generate("hi")
