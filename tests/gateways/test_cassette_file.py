"""The file: bytes come back as they were, damage is told with its line, nobody's half is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.cassette_disk import _locked, append
from mojentic_nb.gateways.cassette_file import FIRST_LINE, Recording, written
from mojentic_nb.gateways.cassette_reading import read
from mojentic_nb.gateways.cassette_request import Request
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.gateways.transport import AsyncReading, Reading
from mojentic_nb.gateways.wire import WireRequest
from tests.loopback import Answer, Loopback

WIRE = {"gateway": "openai", "method": "POST", "url": "http://127.0.0.1:9/v1/x", "body": b'{"a":1}'}

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


class Scripted:
    """A transport that says these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    @contextmanager
    def open(self, wire: WireRequest) -> Iterator[Reading]:
        yield Reading(iter(self._pieces))

    def aopen(self, wire: WireRequest) -> AsyncReading:
        raise NotImplementedError


def heard(cassette: Cassette, pieces: list[bytes]) -> list[bytes]:
    with cassette.over(Scripted(pieces)).open(WireRequest(**WIRE)) as reading:
        return list(reading.chunks)


@given(
    pieces=st.lists(
        st.binary(min_size=1) | st.sampled_from([b"\n", b"\r\n", "ü".encode(), b"data: {}"])
    )
)
def test_any_bytes_cut_anywhere_come_back_the_same(tmp_path_factory, pieces):
    file = tmp_path_factory.mktemp("bytes") / "x.jsonl"
    with Cassette(file) as cassette:
        assert heard(cassette, pieces) == pieces
    with Cassette(file, mode="replay") as cassette:
        assert heard(cassette, []) == pieces


@given(body=st.dictionaries(TEXT, JSON, max_size=4) | JSON)
def test_any_body_comes_back_the_same(body):
    asked = Request(gateway="g", method="POST", path="/x", body=body)
    lines = FIRST_LINE + written(Recording(request=asked, run="r", number=1, asked_s=0.0))
    (found,) = read(lines, "x")
    assert found.request.key == asked.key


def test_it_reads_as_a_diff(tmp_path: Path, loopback: Loopback) -> None:
    """A line is one thing; how bytes were cut and timed stands apart from what they say."""
    file = tmp_path / "x.jsonl"
    loopback.script(Answer("Grüezi\u2028you"))
    with Cassette(file):
        broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
        "".join(broker.generate_stream("hi", temperature=0.5))

    lines = file.read_text(encoding="utf-8").split("\n")
    assert lines[-1] == ""
    kinds = [next(iter(json.loads(line))) for line in lines[:-1]]
    assert kinds[:8] == ["cassette", "ask", *["field"] * 5, "answer"]
    assert '{"field": "temperature", "value": 0.5}' in lines
    assert '{"field": "messages", "item": {"role": "user", "content": "hi"}}' in lines
    assert kinds[8:] == [*["frame"] * (len(kinds) - 10), "pieces", "end"]
    assert "Grüezi\\u2028" in "".join(lines)
    assert "at_s" not in "".join(line for line in lines if line.startswith('{"frame"'))
    assert str(loopback.url.rpartition(":")[2]) not in lines[1]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    file = tmp_path / "x.jsonl"
    with Cassette(file):
        for prompt in ("hi", "ho"):
            LLMBroker("demo").generate(prompt)
    return file


def spoil_json(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [*lines[:5], lines[5][:-4], *lines[6:]], 6


def spoil_half(lines: list[bytes]) -> tuple[list[bytes], int]:
    return lines[:-2], 10


def spoil_middle(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [*lines[:8], *lines[9:]], 9


def spoil_size(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [
        line.replace(b"Paris", b"Rome").replace(b'"frame": "{', b'"frame": "') for line in lines
    ], 9


def spoil_word(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [*lines[:3], b'{"colour": "blue"}', *lines[3:]], 4


def spoil_utf8(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [*lines[:3], b'{"field": "\xff", "value": 1}', *lines[3:]], 4


def spoil_form(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [b'{"cassette": 99}', *lines[1:]], 1


def spoil_all(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [b"# Shopping", b"", b"* milk"], 1


def spoil_time(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [line.replace(b'"at_s": ', b'"at_s": -') for line in lines], 2


def spoil_name(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [*lines[:3], b'{"field": 7, "value": 1}', *lines[3:]], 4


def spoil_number(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [line.replace(b'"number": 1,', b'"number": 1e999,') for line in lines], 2


def spoil_huge(lines: list[bytes]) -> tuple[list[bytes], int]:
    return [line.replace(b'"at_s": 0.', b'"at_s": 1' + b"0" * 400) for line in lines], 2


@pytest.mark.parametrize("mode", ["auto", "record", "replay"])
@pytest.mark.parametrize(
    "spoil",
    [spoil_json, spoil_half, spoil_middle, spoil_size, spoil_word, spoil_utf8, spoil_form,
     spoil_all, spoil_time, spoil_name, spoil_number, spoil_huge],
)  # fmt: skip
def test_damage_is_told_with_its_line_and_left_alone(recorded: Path, spoil, mode: str) -> None:
    lines, line = spoil(recorded.read_bytes().split(b"\n")[:-1])
    recorded.write_bytes(before := b"\n".join(lines) + b"\n")
    with pytest.raises(errors.CassetteError) as caught, Cassette(recorded, mode=mode):
        raise AssertionError("nothing may be asked now")

    assert (caught.value.line, caught.value.path) == (line, str(recorded))
    assert f"line {line}" in caught.value.message or spoil is spoil_form
    assert recorded.read_bytes() == before
    assert sorted(one.name for one in recorded.parent.iterdir()) == ["x.jsonl"]


def test_blank_lines_and_a_lost_last_line_end_do_not_matter(recorded: Path) -> None:
    recorded.write_bytes(recorded.read_bytes().replace(b'{"ask"', b'\r\n\n{"ask"').rstrip(b"\n"))
    with Cassette(recorded) as cassette:
        LLMBroker("demo").generate("ha")
    with Cassette(recorded, mode="replay") as cassette:
        for prompt in ("hi", "ho", "ha"):
            LLMBroker("demo").generate(prompt)

    assert cassette.replayed == 3


@pytest.mark.parametrize("mode", ["auto", "record", "replay"])
@pytest.mark.parametrize("where", ["", ".", "no/such/folder/x.jsonl", "plain.txt/x.jsonl", "a\0b"])
def test_an_impossible_path_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, mode: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.txt").write_text("")
    with pytest.raises(errors.BadArgument), Cassette(where, mode=mode):
        raise AssertionError("nothing may be asked now")
    with pytest.raises(errors.BadArgument):
        Cassette.of(where).on(LLMBroker("demo").gateway)


def test_a_cassette_that_is_not_there_cannot_be_replayed(tmp_path: Path) -> None:
    with (
        pytest.raises(errors.BadArgument, match="no cassette at"),
        Cassette(tmp_path / "x.jsonl", mode="replay"),
    ):
        raise AssertionError("nothing may be asked now")


@pytest.mark.parametrize("value", [3, b"x", object(), ""])
def test_only_a_path_is_a_path(value) -> None:
    with pytest.raises(errors.BadArgument):
        Cassette.of(value)


def test_recording_anew_replaces_the_file_at_the_end(recorded: Path) -> None:
    before = recorded.read_bytes()
    with Cassette(recorded, mode="record"):
        LLMBroker("demo").generate("only this")
        assert recorded.read_bytes() == before
    with Cassette(recorded, mode="replay") as cassette:
        assert cassette.size == 1
        LLMBroker("demo").generate("only this")

    assert sorted(one.name for one in recorded.parent.iterdir()) == ["x.jsonl"]


def test_recording_anew_that_fails_leaves_both(recorded: Path) -> None:
    before = recorded.read_bytes()
    with pytest.raises(KeyboardInterrupt), Cassette(recorded, mode="record"):
        LLMBroker("demo").generate("only this")
        raise KeyboardInterrupt

    assert recorded.read_bytes() == before
    assert len(read((recorded.parent / "x.jsonl.aborted").read_bytes(), "x")) == 1


def test_a_job_that_outlives_its_block_is_recorded_still(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.script(Answer("one two three", pace=0.05), Answer("four"))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    with Cassette(tmp_path / "x.jsonl", mode="record"):
        job = broker.submit("hi")
        loopback.wait_for(1)
    assert job.result(10) == "one two three"
    assert len(read((tmp_path / "x.jsonl").read_bytes(), "x")) == 1


RECORDS = """
import sys
from mojentic_nb import Cassette, LLMBroker
with Cassette(sys.argv[1]):
    for n in range(25):
        LLMBroker("demo").generate(f"{sys.argv[2]} {n}")
"""


def test_nobody_adds_while_another_does(recorded: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with _locked(recorded), recorded.open("ab") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_full_disk_leaves_the_file_as_it_was(recorded: Path) -> None:
    resource = pytest.importorskip("resource")
    size = recorded.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, hard))
        with pytest.raises(errors.CassetteError, match="could not be written"):
            append(recorded, b"x" * 4000 + b"\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    assert recorded.stat().st_size == size


def test_two_processes_record_into_one_file(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", RECORDS, str(file), name], env={"PYTEST_CURRENT_TEST": "x"}
        )
        for name in ("ada", "bob")
    ]
    assert [one.wait(30) for one in running] == [0, 0]
    with Cassette(file, mode="replay") as cassette:
        assert cassette.size == 50
        for n in range(25):
            for name in ("bob", "ada"):
                LLMBroker("demo").generate(f"{name} {n}")
    assert file.read_bytes().count(FIRST_LINE) == 1


NEVER_CLOSED = """
import sys
from mojentic_nb import Cassette, LLMBroker
Cassette(sys.argv[1], mode="record").__enter__()
LLMBroker("demo").generate("hi")
"""


def test_a_recording_nobody_closes_is_finished_at_the_end_of_the_process(recorded: Path) -> None:
    subprocess.run([sys.executable, "-c", NEVER_CLOSED, str(recorded)], check=True)
    with Cassette(recorded, mode="replay") as cassette:
        assert cassette.size == 1
