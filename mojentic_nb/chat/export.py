"""A conversation for other people and other programs: as a file, or as its text.

Law: pure but for `exported`, which writes a file whole or not at all. What is meant for
readers is bounded and in order (`pieces.py`); JSON lines hold everything and read back equal,
but for keys, which leave in none of the forms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from mojentic_nb.chat.body import read, written
from mojentic_nb.chat.exchange import Exchange
from mojentic_nb.chat.export_html import as_html
from mojentic_nb.chat.export_markdown import as_markdown
from mojentic_nb.chat.export_notebook import as_notebook
from mojentic_nb.chat.history import History
from mojentic_nb.chat.pieces import keys_of
from mojentic_nb.chat.transcript import transcript
from mojentic_nb.errors import BadArgument, StateError, scrub
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.tracer.plain import plain
from mojentic_nb.whole_file import drafted

__all__ = [
    "as_html",
    "as_jsonl",
    "as_markdown",
    "as_notebook",
    "exported",
    "from_jsonl",
    "transcript",
]

# JSON leaves these as they are, and some readers of lines take them for a line's end.
_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}


def exported(history: History, form: str, path: str | PathLike[str] | None = None) -> str | Path:
    """Write a conversation down.

    Args:
        history: The conversation.
        form: `md`, `html`, `ipynb` or `jsonl`.
        path: The file; it is there whole or not at all, and one that was there is replaced.

    Returns:
        The text, or the file's path where one was given.

    Raises:
        BadArgument: There is no such form, or no such path can be.
        StateError: The file cannot be written.
    """
    if form not in _FORMS:
        raise BadArgument(
            f"A conversation cannot be exported as {form!r}.", hint="Take md, html, ipynb or jsonl."
        )

    text = _FORMS[form](history)
    return text if path is None else _kept(text, path)


def _kept(text: str, path: str | PathLike[str]) -> Path:
    whole = text.encode()
    try:
        place = Path(path).expanduser()
        with drafted(place) as draft:
            draft.write_bytes(whole)
    except (RuntimeError, TypeError, ValueError) as problem:
        raise BadArgument(f"{path!r} names no file: {problem}.") from None
    except OSError as problem:
        raise StateError(
            f"{str(place)!r} cannot be written: {problem.strerror or problem}.",
            hint="Name a file in a folder that is there and may be written to.",
        ) from problem

    return place


def as_jsonl(history: History) -> str:
    """A conversation as JSON lines, one exchange a line; `from_jsonl` reads them."""
    keys = keys_of(history)
    lines = [written(_scrubbed(one, keys)).translate(_ENDS) for one in history.exchanges]
    return "".join(f"{line}\n" for line in lines)


def from_jsonl(text: str) -> list[Exchange]:
    """The exchanges that `as_jsonl` wrote.

    Raises:
        StateError: A line is damaged.
    """
    lines = enumerate(text.split("\n"), start=1)
    return [read(line, line=number) for number, line in lines if line.strip()]


# keys -----------------------------------------------------------------------


def _scrubbed(exchange: Exchange, keys: tuple[str, ...]) -> Exchange:
    return replace(
        exchange,
        messages=tuple(_without_keys(one, keys) for one in exchange.messages),
        model=scrub(exchange.model, *keys),
        cell=scrub(exchange.cell, *keys),
    )


def _without_keys(message: LLMMessage, keys: tuple[str, ...]) -> LLMMessage:
    state = message.provider_state
    # It is signed, and of no use with a word changed.
    kept = state if state is None or _clean(state, keys) == state else None
    clean = {
        "content": _clean(message.content, keys),
        "thinking": _clean(message.thinking, keys),
        "object": _clean(plain(message.object), keys),
        "image_paths": _clean(message.image_paths, keys),
        "parts": tuple(_clean_part(part, keys) for part in message.parts),
        "tool_calls": message.tool_calls
        and [_clean_call(call, keys) for call in message.tool_calls],
        "provider_state": kept,
    }
    return message.model_copy(update=clean)


def _clean_call(call: LLMToolCall, keys: tuple[str, ...]) -> LLMToolCall:
    return call.model_copy(update={name: _clean(value, keys) for name, value in call})


def _clean_part(part: Any, keys: tuple[str, ...]) -> Any:
    # Not what is base64: a picture of ten million letters holds any shape by chance.
    texts = {name: getattr(part, name, None) for name in ("name", "text", "url")}
    clean = {name: scrub(text, *keys) for name, text in texts.items() if text}
    return part.model_copy(update=clean)


def _clean(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return scrub(value, *keys)
    if isinstance(value, Mapping):
        return {_clean(name, keys): _clean(one, keys) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one, keys) for one in value]

    return value


def _notebook_text(history: History) -> str:
    return json.dumps(as_notebook(history), ensure_ascii=False, indent=1) + "\n"


_FORMS: dict[str, Callable[[History], str]] = {
    "md": as_markdown,
    "html": as_html,
    "ipynb": _notebook_text,
    "jsonl": as_jsonl,
}
