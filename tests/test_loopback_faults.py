"""What the official clients make of each fault, and the raw bytes behind them.

Law: as `test_loopback.py`, nothing here imports mojentic_nb. A client that
notices nothing is written down too: those are the faults ours must notice.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest

from tests.loopback import Answer, Fault, Loopback
from tests.loopback.clients import SPEAKERS, Clients


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


every_speaker = pytest.mark.parametrize("speaker", SPEAKERS)
SIX = "one two three four five six"

SILENCES = (Fault.SILENT, Fault.SILENT_BEFORE_HEADERS)


def patience(fault: Fault) -> float:
    """Seconds a client waits: short only where waiting is what is tested."""
    return 0.5 if fault in SILENCES else 10.0


CUT_OFF = (httpx.RemoteProtocolError, httpx2.RemoteProtocolError, openai.APIConnectionError)
TIMED_OUT = (httpx.ReadTimeout, httpx2.ReadTimeout, openai.APITimeoutError)
RESET = (httpx.ReadError, openai.APIConnectionError, anthropic.APIConnectionError)
TOLD = (ollama.ResponseError, openai.APIError, anthropic.APIStatusError)

# What the official clients make of a spoiled stream of six words. None: they notice nothing.
STREAM_FAULTS: list[tuple[Fault, str, tuple[type[Exception], ...] | None]] = [
    (Fault.TORN, "one two ", CUT_OFF),
    (Fault.TRUNCATED, "one two ", None),
    (Fault.EMPTY, "", None),
    (Fault.MALFORMED, "one two ", (json.JSONDecodeError,)),
    (Fault.SILENT, "one two ", TIMED_OUT),
    (Fault.SILENT_BEFORE_HEADERS, "", (*TIMED_OUT, anthropic.APITimeoutError)),
    (Fault.ERROR_FRAME, "one two ", TOLD),
    (Fault.NO_DONE, SIX, None),
    (Fault.REFUSED_RESET, "", RESET),
]


@every_speaker
@pytest.mark.parametrize(("fault", "text", "errors"), STREAM_FAULTS)
def test_a_fault_strikes_a_stream(
    server: Loopback,
    speaker: str,
    fault: Fault,
    text: str,
    errors: tuple[type[Exception], ...] | None,
) -> None:
    server.script(Answer(SIX, fault=fault))
    got: list[str] = []
    noticed = pytest.raises(errors) if errors else contextlib.nullcontext()
    with (
        contextlib.closing(Clients(server.url, timeout_seconds=patience(fault))) as clients,
        noticed,
    ):
        for word in clients.stream(speaker):
            got.append(word)  # noqa: PERF402 -- keeps what came before the error

    assert server.requests[0].finished.wait(5)
    assert server.requests[0].hung_up.is_set() == (fault in SILENCES)
    assert "".join(got) == text


NOT_JSON = (json.JSONDecodeError,)
WRONG_SHAPE = (ValueError, TypeError)
WHOLE_FAULTS: list[tuple[Fault, tuple[type[Exception], ...]]] = [
    (Fault.TORN, (*CUT_OFF, anthropic.APIConnectionError)),
    (Fault.TRUNCATED, NOT_JSON),
    (Fault.EMPTY, NOT_JSON),
    (Fault.MALFORMED, NOT_JSON),
    (Fault.HTML, (*NOT_JSON, AttributeError)),
    (Fault.SILENT, (*TIMED_OUT, anthropic.APITimeoutError)),
    (Fault.SILENT_BEFORE_HEADERS, (*TIMED_OUT, anthropic.APITimeoutError)),
    (Fault.ERROR_FRAME, WRONG_SHAPE),
    (Fault.REFUSED_RESET, RESET),
]


@every_speaker
@pytest.mark.parametrize(("fault", "errors"), WHOLE_FAULTS)
def test_a_fault_strikes_a_whole_answer(
    server: Loopback, speaker: str, fault: Fault, errors: tuple[type[Exception], ...]
) -> None:
    server.script(Answer(SIX, fault=fault))
    with contextlib.closing(Clients(server.url, timeout_seconds=patience(fault))) as clients:
        with pytest.raises(errors):
            clients.ask(speaker)

        assert server.requests[0].finished.wait(5)


@every_speaker
@pytest.mark.parametrize(("after", "words"), [(0, ""), (1, "one "), (99, SIX)])
def test_a_fault_strikes_when_told(server: Loopback, speaker: str, after: int, words: str) -> None:
    server.script(Answer(SIX, fault=Fault.TRUNCATED, fault_after=after))
    with contextlib.closing(Clients(server.url)) as clients:
        assert "".join(clients.stream(speaker)) == words


def raw_answer(server: Loopback, path: str = "/api/chat") -> bytes:
    """Every byte of one answer, to the end of the connection."""
    asked = b"POST %b HTTP/1.1\r\nconnection: close\r\ncontent-length: 11\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), 5) as line:
        line.sendall(asked % path.encode() + b'{"model":1}')
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_a_torn_stream_ends_in_mid_chunk(server: Loopback) -> None:
    server.script(Answer("one two", fault=Fault.TORN, fault_after=1))
    head, _, body = raw_answer(server).partition(b"\r\n\r\n")
    size, _, rest = body.partition(b"\r\n")
    torn_size, _, torn = rest[int(size, 16) + 2 :].partition(b"\r\n")

    assert b"transfer-encoding: chunked" in head
    assert 0 < len(torn) < int(torn_size, 16)


def test_a_truncated_stream_ends_properly(server: Loopback) -> None:
    server.script(Answer("one two", fault=Fault.TRUNCATED, fault_after=1))
    body = raw_answer(server)

    assert body.endswith(b"\r\n0\r\n\r\n")
    assert b'"done":true' not in body


def test_openai_may_forget_its_done(server: Loopback) -> None:
    server.script(Answer("Hi", fault=Fault.NO_DONE), Answer("Hi"))
    request = urllib.request.Request(
        f"{server.url}/v1/chat/completions", data=b'{"stream": true}', method="POST"
    )
    with urllib.request.urlopen(request) as forgot, urllib.request.urlopen(request) as usual:
        told, whole = forgot.read(), usual.read()

    assert b'"finish_reason":"stop"' in told
    assert b"[DONE]" not in told
    assert whole == told + b"data: [DONE]\n\n"


def test_raw_bytes_are_sent_as_they_are(server: Loopback) -> None:
    server.script(Answer(body=b"\xff\x00", content_type="x/y", status=203, headers={"A": "b"}))
    answer = raw_answer(server)

    assert answer.startswith(b"HTTP/1.1 203 ")
    assert b"content-type: x/y\r\n" in answer
    assert b"a: b\r\n" in answer
    assert answer.endswith(b"\r\n\r\n\xff\x00")


def test_frames_end_as_the_script_says(server: Loopback) -> None:
    server.script(Answer("Hi", newline="\r\n"))

    assert raw_answer(server).count(b"}\r\n\r\n") == 2


def test_stopping_drops_whoever_still_waits() -> None:
    with Loopback() as server:
        server.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
        line = socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), 5)
        line.sendall(b"POST /api/chat HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
        seen = server.wait_for(1)[0]

    with line:
        assert seen.finished.is_set()
        assert not seen.hung_up.is_set()
        assert line.recv(1) == b""

    server.stop()


def test_the_server_runs_in_a_process_of_its_own() -> None:
    """It serves until its stdin closes."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "tests.loopback", "--port", "0"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with contextlib.closing(Clients(url)) as clients:
            assert sum(1 for _ in clients.stream("ollama", "bench:10")) == 10

        process.stdin.close()
        assert process.wait(10) == 0
