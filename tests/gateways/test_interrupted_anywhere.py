"""The stop button may hit between any two lines: no connection stays open behind it.

Law: the lines of the sending code are found by running it, and interrupted one by one, as
Python's own signal handler would; the server's word counts.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from types import FrameType
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways import OllamaGateway
from tests.loopback import Answer, Fault, Loopback

SENDING = ("httpx2", "httpcore2", "transport_here.py", "transport.py")

Place = tuple[str, int]


class Lines:
    """Notes the lines of the sending code that run, and interrupts at one."""

    def __init__(self, stop_at: Place | None) -> None:
        self.stop_at = stop_at
        self.seen: dict[Place, None] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not any(part in file for part in SENDING):
            return None

        if event == "line":
            place = file, frame.f_lineno
            self.seen[place] = None
            if place == self.stop_at:
                sys.settrace(None)
                raise KeyboardInterrupt

        return self


@contextmanager
def interrupted_at(place: Place | None) -> Iterator[Lines]:
    lines = Lines(place)
    was = sys.gettrace()
    sys.settrace(lines)
    try:
        yield lines
    finally:
        sys.settrace(was)


# A socket that nobody has heard of yet is closed by the collector, with this warning.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("is_kept", [False, True], ids=["new", "kept"])
def test_no_line_of_sending_leaves_the_server_waiting(loopback: Loopback, is_kept: bool) -> None:
    gateway = OllamaGateway(loopback.url)
    broker = LLMBroker("m", gateway=gateway)

    def prepared() -> None:
        loopback.script(Answer("one two three four", fault=Fault.SILENT))
        if is_kept:
            gateway.get_available_models()

    def places() -> list[Place]:
        prepared()
        with closing(broker.generate_stream("hi")) as pieces, interrupted_at(None) as lines:
            assert next(pieces)
            return list(lines.seen)

    places()  # the first call imports, too
    for place in places():
        prepared()
        # Closed when nothing interrupts any more: a line may be passed only then, where the
        # bytes come in other pieces than before, and the collector can raise nothing.
        with (
            closing(broker.generate_stream("hi")) as pieces,
            suppress(KeyboardInterrupt),
            interrupted_at(place),
        ):
            next(pieces)

    gc.collect()
    asked = [seen for seen in loopback.requests if seen.path == "/api/chat"]
    assert len(asked) > 50
    assert [n for n, seen in enumerate(asked) if not seen.hung_up.wait(1)] == []
