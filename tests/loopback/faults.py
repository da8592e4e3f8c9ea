"""How a fault spoils an answer.

Law: pure. A fault decides which bytes are sent and how sending ends; it
never touches a socket. `delivery.py` carries the outcome out.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.loopback.answer import Answer, Fault
from tests.loopback.speech import Frame, Speech, compact

HTML_PAGE = b"<!doctype html><html><body><h1>Sign in to the network</h1></body></html>\n"
MALFORMED_JSON = b'{"this is": not JSON}'


class Ending(enum.Enum):
    """What happens after the last byte that is meant to be sent."""

    PROPER = "HTTP ends as it should, the connection lives on"
    TORN = "the last bytes are halved and the connection closes"
    SILENT = "nothing, until the client goes"


class Stream(NamedTuple):
    """Frames to send, and what comes after them."""

    frames: Sequence[Frame]
    ending: Ending = Ending.PROPER


class Whole(NamedTuple):
    """One body to send, and what comes after it."""

    body: bytes
    ending: Ending = Ending.PROPER


def disguise(answer: Answer) -> Answer:
    """Answers that are not the provider's at all become raw bodies."""
    if answer.fault is Fault.EMPTY:
        return replace(answer, body=b"", fault=None)

    if answer.fault is Fault.HTML:
        return replace(answer, body=HTML_PAGE, content_type="text/html", fault=None)

    return answer


def spoil_stream(frames: Sequence[Frame], answer: Answer, speech: Speech) -> Stream:
    """Cut a stream where the answer's fault strikes."""
    if answer.fault is None:
        return Stream(frames)

    at = strike_index(frames, answer.fault_after)
    sent, left = frames[:at], frames[at:]
    match answer.fault:
        case Fault.TORN:
            return Stream([*sent, left[0]], Ending.TORN)
        case Fault.SILENT:
            return Stream(sent, Ending.SILENT)
        case Fault.TRUNCATED:
            return Stream(sent)
        case Fault.MALFORMED:
            return Stream([*sent, speech.malformed_frame(), *left])
        case Fault.ERROR_FRAME:
            return Stream([*sent, speech.error_frame(answer.error_text)])
        case Fault.NO_DONE if speech.name == "openai":
            return Stream(frames[:-1])
        case _:
            return Stream(frames)


def spoil_whole(body: bytes, answer: Answer, speech: Speech) -> Whole:
    """The same faults on an answer that is one JSON object."""
    match answer.fault:
        case Fault.TORN:
            return Whole(body, Ending.TORN)
        case Fault.SILENT:
            return Whole(body, Ending.SILENT)
        case Fault.TRUNCATED:
            return Whole(body[: len(body) // 2])
        case Fault.MALFORMED:
            return Whole(MALFORMED_JSON)
        case Fault.ERROR_FRAME:
            return Whole(compact(speech.error(500, answer.error_text)))
        case _:
            return Whole(body)


def strike_index(frames: Sequence[Frame], chunks: int) -> int:
    """Where the fault strikes: after that many chunks, and before any end."""
    for index, frame in enumerate(frames):
        if frame.part == "end" or (frame.part == "chunk" and chunks <= 0):
            return index

        chunks -= frame.part == "chunk"

    return len(frames)
