"""What was said, each message once: chains of messages by the hash of all before them.

Law: nothing enters that was not scrubbed. A conversation of two hundred turns is two
hundred pairs of tips and one row for each message; a fork shares all before it. Images
are a hash, a type and a size, unless their bytes are asked for.
"""

from __future__ import annotations

import json
import threading
import weakref
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any, Literal

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import DocumentPart, ImagePart, Part
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.tracer.plain import plain, whole
from mojentic_nb.tracer.rows import BlobRow, MessageRow
from mojentic_nb.tracer.scrubbing import Scrubber

__all__ = ["Capture", "Content"]

Capture = Literal["full", "text", "none"]

# Bytes of a row beside its words, roughly.
ROW_BYTES = 250
# Messages whose hash is remembered, so that a growing conversation costs only its new ones.
MOST_REMEMBERED = 20_000


class Content:
    """Keeps what was said, and gives it out to be stored.

    Args:
        scrubber: Takes secrets out, before anything is kept.
        capture: `full`; `text` for words alone, without thoughts, arguments of tools and
            images; `none` for nothing.
        most_bytes: Bound on what is kept in memory; the oldest goes first.
        keep_media: Keep the bytes of images and documents, too.

    Raises:
        BadArgument: `capture` is none of these.
    """

    def __init__(
        self,
        scrubber: Scrubber,
        capture: Capture = "full",
        most_bytes: int = 64_000_000,
        *,
        keep_media: bool = False,
    ) -> None:
        if capture not in ("full", "text", "none"):
            raise BadArgument(
                f"capture={capture!r} is not known.", hint="Write 'full', 'text' or 'none'."
            )

        self.capture = capture
        self.n_bytes = 0
        self._scrubber = scrubber
        self._most_bytes = most_bytes
        self._keep_media = keep_media
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._rows: OrderedDict[bytes, MessageRow] = OrderedDict()
        self._new_rows: list[MessageRow] = []
        self._new_blobs: dict[bytes, BlobRow] = {}
        self._remembered: dict[int, _Remembered] = {}
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def chain(self, messages: Sequence[LLMMessage], after: bytes | None = None) -> bytes | None:
        """Keep a conversation.

        Args:
            messages: Oldest first.
            after: Tip of what was said before; None for a conversation's beginning.

        Returns:
            Its tip; `after` where there are no messages, None where nothing is captured.
        """
        if self.capture == "none":
            return None

        with self._lock:
            rows, tip = self._rows, after
            for message in messages:
                known = self._remembered.get(id(message))
                # The very message, with the words it had, after the very same one: `is`
                # suffices, since what stands here is what this loop gave last time.
                if (
                    known is not None
                    and known.parent is tip
                    and known.message() is message
                    and known.content is message.content
                    and known.tool_calls is message.tool_calls
                    and known.hash in rows
                ):
                    tip = known.hash
                else:
                    tip = self._added(message, tip)

            return tip

    def _added(self, message: LLMMessage, parent: bytes | None) -> bytes:
        row = self._row(message, parent)
        kept = self._rows.get(row.hash)
        if kept is None:
            self._rows[row.hash] = kept = row
            self._new_rows.append(row)
            self.n_bytes += _size(row)
            self._make_room()

        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[id(message)] = _Remembered(message, parent, kept.hash)
        return kept.hash

    def _make_room(self) -> None:
        while self.n_bytes > self._most_bytes and self._rows:
            _, oldest = self._rows.popitem(last=False)
            self.n_bytes -= _size(oldest)

    def _row(self, message: LLMMessage, parent: bytes | None) -> MessageRow:
        text = whole(self._scrubber.text(message.content or "", "message"))
        parts = self._parts(message) if self.capture == "full" else {}
        told = whole(_json(parts)) if parts else None
        said = _json([message.role.value, text, told]).encode()
        row_hash = blake2b((parent or b"") + said, digest_size=16).digest()
        return MessageRow(row_hash, parent, message.role.value, text, told, len(text))

    def _parts(self, message: LLMMessage) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        if message.thinking:
            parts["thinking"] = self._scrubber.text(message.thinking, "thinking")
        if message.tool_calls:
            self._add_calls(parts, message, message.tool_calls)
        if message.is_error:
            parts["is_error"] = True
        if message.parts or message.image_paths:
            media = [self._medium(part) for part in message.parts]
            paths = [self._at(path) for path in message.image_paths or ()]
            parts["media"] = media + paths

        return parts

    def _add_calls(
        self, parts: dict[str, Any], message: LLMMessage, calls: Iterable[LLMToolCall]
    ) -> None:
        if message.role is MessageRole.Tool:
            # The call it answers stands in the message before it.
            call = next(iter(calls))
            parts["tool_call_id"], parts["name"] = call.id, call.name
            return

        parts["tool_calls"] = [self._call(call) for call in calls]

    def _call(self, call: LLMToolCall) -> dict[str, Any]:
        arguments = self._scrubber.value(plain(call.arguments), "tool_args")
        told = {"id": call.id, "name": call.name, "arguments": arguments}
        if call.malformed is not None:
            told["malformed"] = self._scrubber.text(call.malformed, "tool_args")

        return told

    def _medium(self, part: Part) -> dict[str, Any]:
        told = {"type": part.type, "mime": part.media_type, "name": part.name}
        if isinstance(part, ImagePart) and part.url:
            told["url"] = self._scrubber.text(part.url, "url")

        data = b""
        if part.data:
            data = _bytes_of(part.data)
        elif isinstance(part, DocumentPart):
            data = self._scrubber.text(part.text, "document").encode("utf-8", "backslashreplace")

        return {**told, **self._blob(data, part.media_type)} if data else told

    def _at(self, path: str) -> dict[str, Any]:
        """An image that was never read: its path, or the bytes of its data URI."""
        if not path.startswith("data:"):
            return {"type": "image", "path": self._scrubber.text(path, "url")}

        head, _, data = path.partition(",")
        mime = head.removeprefix("data:").partition(";")[0]
        return {"type": "image", "mime": mime, **self._blob(_bytes_of(data), mime)}

    def _blob(self, data: bytes, mime: str) -> dict[str, Any]:
        name = blake2b(data, digest_size=16).digest()
        kept = data if self._keep_media else None
        self._new_blobs[name] = BlobRow(name, mime, len(data), kept)
        return {"hash": name.hex(), "n_bytes": len(data)}

    def take_new(self) -> tuple[list[MessageRow], list[BlobRow]]:
        """What came since this was last asked, in the order it came."""
        with self._lock:
            rows, self._new_rows = self._new_rows, []
            blobs, self._new_blobs = list(self._new_blobs.values()), {}
            return rows, blobs

    def again(self, hashes: Iterable[bytes]) -> list[MessageRow]:
        """These messages and all before them, as far as they are still kept here.

        For a store that misses them: somebody pruned it, or its file was taken away.
        """
        with self._lock:
            found: dict[bytes, MessageRow] = {}
            for tip in hashes:
                at: bytes | None = tip
                while at is not None and at not in found and (row := self._rows.get(at)):
                    found[at], at = row, row.parent

            return list(found.values())

    def message(self, row_hash: bytes) -> MessageRow | None:
        """One message, while it is kept in memory."""
        return self._rows.get(row_hash)

    def messages(
        self, tip: bytes | None, find: Callable[[bytes], MessageRow | None] | None = None
    ) -> list[MessageRow]:
        """A conversation, oldest first.

        Args:
            tip: Of its chain; None gives nothing.
            find: Where to look for what is no longer in memory.

        Returns:
            As much of it as there is: its end, where the beginning is no longer kept.
        """
        found: list[MessageRow] = []
        seen: set[bytes] = set()
        while tip is not None and tip not in seen:
            seen.add(tip)
            row = self._rows.get(tip)
            if row is None and find is not None:
                row = find(tip)
            if row is None:
                break
            found.append(row)
            tip = row.parent

        found.reverse()
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._forget()


class _Remembered:
    """The hash of a message that was seen after this parent; it keeps no message alive."""

    __slots__ = ("content", "hash", "message", "parent", "tool_calls")

    def __init__(self, message: LLMMessage, parent: bytes | None, row_hash: bytes) -> None:
        self.message = weakref.ref(message)
        self.content = message.content
        self.tool_calls = message.tool_calls
        self.parent = parent
        self.hash = row_hash


def _size(row: MessageRow) -> int:
    return ROW_BYTES + len(row.text) + len(row.parts or "")


# Made once: `json.dumps` makes one for each call.
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _bytes_of(packed: str) -> bytes:
    try:
        return b64decode(packed)
    except ValueError:  # no base64 after all; it is told by what it is
        return packed.encode("utf-8", "backslashreplace")
