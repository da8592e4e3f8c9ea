"""How an answer's bytes travel: pace, pieces, coalescing and endings.

Law: everything sent passes here and nothing is worded here. The end of HTTP
goes out in the same write as the last byte of the body, because the official
clients close as soon as they have read the protocol's own end; a terminator
sent later would look like a hang-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.loopback.answer import Answer
from tests.loopback.faults import Ending, Stream, Whole
from tests.loopback.line import LAST_CHUNK, Line, write_chunk, write_head
from tests.loopback.speech import Frame

# What one write to the socket may hold when nothing asks for separate ones.
COALESCED_BYTES = 16 * 1024


class Write(NamedTuple):
    """Bytes for one write to the socket, and the seconds to rest before it."""

    data: bytes
    rest: float = 0.0


async def send_stream(
    line: Line, stream: Stream, answer: Answer, media_type: str, *, coalesce: bool = True
) -> bool:
    """Send a chunked body.

    Returns:
        Whether the connection may carry another request.

    Raises:
        HungUp: The client went before the end.
    """
    headers = {"content-type": media_type, "transfer-encoding": "chunked"}
    head = Write(write_head(answer.status, headers | lowered(answer.headers)))
    planned = [head, *planned_writes(stream, answer)]
    for write in planned if answer.piece or not coalesce else joined(planned):
        await line.rest(write.rest)
        await line.write(write.data)

    return await end(line, stream.ending)


async def end(line: Line, ending: Ending) -> bool:
    """What comes after the last byte; returns and raises as `send_stream`."""
    if ending is Ending.SILENT:
        await line.outwait()

    if ending is Ending.TORN:
        line.close()

    return ending is Ending.PROPER


def planned_writes(stream: Stream, answer: Answer) -> list[Write]:
    """The body as HTTP chunks, the last one as the ending wants it."""
    parts = bodies(stream.frames, answer)
    writes = [Write(write_chunk(part.data), part.rest) for part in parts]
    data, rest = writes.pop() if writes else Write(b"")
    if stream.ending is Ending.TORN:
        data = data[: len(data) // 2]
    elif stream.ending is Ending.PROPER:
        data += LAST_CHUNK

    return [*writes, Write(data, rest)]


def bodies(frames: Sequence[Frame], answer: Answer) -> list[Write]:
    """What each HTTP chunk carries: one frame, or one piece of many."""
    if not answer.piece:
        rests = rests_before(frames, answer.pace)
        return [
            Write(line_ends(frame.data, answer), rest)
            for frame, rest in zip(frames, rests, strict=True)
        ]

    pieces: list[Write] = []
    for run in joined(bodies(frames, replace(answer, piece=0)), limit=None):
        first, *others = cut_bytes(run.data, answer.piece)
        pieces += [Write(first, run.rest), *map(Write, others)]

    return pieces


def rests_before(frames: Sequence[Frame], pace: float) -> Iterator[float]:
    """The pace before every chunk but the first; nothing before other frames."""
    started = False
    for frame in frames:
        yield pace if started and frame.part == "chunk" else 0.0
        started = started or frame.part == "chunk"


def joined(writes: Iterable[Write], limit: int | None = COALESCED_BYTES) -> Iterator[Write]:
    """The same bytes in fewer writes, none of them across a rest."""
    data, rest = bytearray(), 0.0
    for write in writes:
        if data and (write.rest or (limit and len(data) >= limit)):
            yield Write(bytes(data), rest)
            data.clear()

        if not data:
            rest = write.rest

        data += write.data

    if data:
        yield Write(bytes(data), rest)


async def send_whole(line: Line, whole: Whole, answer: Answer, media_type: str) -> bool:
    """Send a body of known length; returns and raises as `send_stream`."""
    headers = {"content-type": media_type, "content-length": str(len(whole.body))}
    head = write_head(answer.status, headers | lowered(answer.headers))
    proper = whole.ending is Ending.PROPER
    sent = whole.body if proper else whole.body[: len(whole.body) // 2]
    for data in [head, *cut_bytes(sent, answer.piece)] if answer.piece else [head + sent]:
        await line.write(data)

    return await end(line, whole.ending)


def encode_blocks(frames: Sequence[Frame]) -> tuple[bytes, ...]:
    """A whole chunked body for `send_blocks`, in as few writes as allowed."""
    stream = Stream(frames)
    return tuple(write.data for write in joined(planned_writes(stream, Answer())))


async def send_blocks(line: Line, blocks: Iterable[bytes], media_type: str) -> bool:
    """Send a stream that was encoded beforehand."""
    headers = {"content-type": media_type, "transfer-encoding": "chunked"}
    await line.write(write_head(200, headers))
    for block in blocks:
        await line.write(block)

    return True


def cut_bytes(data: bytes, size: int) -> list[bytes]:
    """Pieces of at most `size` bytes."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def line_ends(data: bytes, answer: Answer) -> bytes:
    """The answer's own line ends; JSON never holds a bare newline."""
    return data if answer.newline == "\n" else data.replace(b"\n", b"\r\n")


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names in lower case, so that a script's own replace ours."""
    return {name.lower(): value for name, value in headers.items()}
