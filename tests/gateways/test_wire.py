"""Addresses, headers and previews: values, checked without a socket."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import BadArgument, GatewayGarbled
from mojentic_nb.gateways.wire import (
    Headers,
    WireRequest,
    address,
    body_of,
    is_callable_at,
    preview,
    record,
    said,
    split_user,
)


@pytest.mark.parametrize(
    "url, shown",
    [
        ("http://box:80/v1", "box:80"),
        ("https://box/v1?key=abc#x", "box"),
        ("http://ada:pw@box:1/", "box:1"),
        ("http://[::1]:11434", "[::1]:11434"),
        ("http://[::1", "http://[::1"),
        ("http://ada:pw@box:port", "box:port"),
        ("ada:pw@box", "box"),
    ],
)
def test_an_address_is_shown_without_its_user(url: str, shown: str) -> None:
    assert address(url) == shown


@pytest.mark.parametrize(
    "url, left, user",
    [
        ("http://box/v1", "http://box/v1", ""),
        ("http://ada:p%40w@box:1/v1", "http://box:1/v1", "ada:p%40w"),
        ("https://token@box", "https://box", "token"),
        ("http://box/a@b", "http://box/a@b", ""),
    ],
)
def test_the_user_is_taken_out(url: str, left: str, user: str) -> None:
    assert split_user(url) == (left, user)


@pytest.mark.parametrize("url", ["http://box", "https://[::1]:1/x", "http://bücher.de", "http://x"])
def test_what_can_be_called(url: str) -> None:
    assert is_callable_at(url)


@pytest.mark.parametrize(
    "url",
    ["box", "ftp://box", "http://", "http://:1", "http://b:0", "http://b:99999", "http://b b"],
)
def test_what_cannot_be_called(url: str) -> None:
    assert not is_callable_at(url)


def test_headers_do_not_show_keys() -> None:
    headers = Headers.of({"Authorization": "Bearer abc", "X-Api-Key": "def", "Accept": "x/y"})

    shown = repr(WireRequest(gateway="g", method="GET", url="http://box", headers=headers))
    assert "abc" not in shown
    assert "def" not in shown
    assert "x/y" in shown
    assert headers.secrets == ["abc", "def"]


@pytest.mark.parametrize(
    "given", [{"a b": "x"}, {"": "x"}, {"a": "x\ny"}, {"a": "ü"}, {"a": 1}, {"ü": "x"}]
)
def test_headers_that_cannot_be_sent_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadArgument, match="cannot be sent"):
        Headers.of(given).check()


@pytest.mark.parametrize("value", [{"a": object()}, {"a": "\ud800"}])
def test_what_is_no_json_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(BadArgument, match="cannot be sent as JSON"):
        body_of(value)


@pytest.mark.parametrize(
    "data, shown",
    [
        (b"", "nothing at all"),
        (b" \r\n", "nothing at all"),
        (b"<title>\n 502 Bad\n Gateway</title>", "a web page titled '502 Bad Gateway'"),
        (b"a\n  b\x07c", "'a b c'"),
        (b"\xff\xfe", "'��'"),
        (b"x" * 200, "'" + "x" * 120 + "…'"),
    ],
)
def test_a_preview_is_one_readable_line(data: bytes, shown: str) -> None:
    assert preview(data) == shown


@pytest.mark.parametrize("data", [b"", b"[]", b"5", b"{", b"<p>", b"\xff"])
def test_a_record_is_an_object(data: bytes) -> None:
    with pytest.raises(GatewayGarbled, match="no record"):
        record(data, "ollama")


@pytest.mark.parametrize(
    "problem, told",
    [
        ("plain", "plain"),
        ({"error": "in a word"}, "in a word"),
        ({"error": {"message": "said", "type": "t"}}, "said"),
        ({"error": {"type": "t"}}, "t"),
        ({"detail": "FastAPI's"}, "FastAPI's"),
        ({"object": "error", "message": "vLLM's"}, "vLLM's"),
        ({"error": {"message": {"message": "nested"}}}, "nested"),
        ({"unknown": 1}, "{'unknown': 1}"),
        (None, "None"),
    ],
)
def test_what_an_error_object_says(problem: object, told: str) -> None:
    assert said(problem) == told
