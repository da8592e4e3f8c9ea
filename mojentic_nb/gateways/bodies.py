"""What the bodies of requests have in common, whichever provider they go to.

Law: no protocol and no I/O. What a caller set and a provider or model has not is refused
by name: a setting that is silently dropped is found weeks later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mojentic_nb.composers import fenced
from mojentic_nb.errors import BadArgument
from mojentic_nb.media import DocumentPart
from mojentic_nb.request import ChatRequest

__all__ = ["chosen_tool", "inlined", "refuse_settings", "with_extra"]

# Values that every provider can do: they are what it does anyway.
USUAL: Mapping[str, tuple[Any, ...]] = {"tool_choice": ("auto", "none"), "n": (1,)}

# Written by the house alone: another value would go past what a caller sees of the request.
OURS = ("model", "messages", "input", "stream")


def with_extra(body: dict[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Lay `config.extra` over a body; objects are merged one level deep.

    Raises:
        BadArgument: It names the model, the messages or the stream.
    """
    if not extra:
        return body

    for name in OURS:
        if name in extra:
            raise BadArgument(
                f"extra cannot set {name!r}: the call itself does.",
                hint="Give the model to the broker, and the messages to the call.",
            )

    merged = dict(body)
    for name, value in extra.items():
        ours = merged.get(name)
        is_both = isinstance(ours, Mapping) and isinstance(value, Mapping)
        merged[name] = {**ours, **value} if is_both else value  # type: ignore[dict-item]

    return merged


def refuse_settings(request: ChatRequest, names: Collection[str], *, whose: str, hint: str) -> None:
    """Refuse settings that were given and are not to be had.

    Args:
        request: What is asked.
        names: Settings of `CompletionConfig`; `tool_choice` means a forced one,
            and `n` more than one.
        whose: Who has them not, such as `anthropic`.
        hint: What to do instead.

    Raises:
        BadArgument: One of them is set.
    """
    for name in sorted(names):
        value = getattr(request.config, name, None)
        if value is not None and value not in USUAL.get(name, ()):
            shown = value if isinstance(value, str | int | float | tuple) else type(value).__name__
            raise BadArgument(f"{name}={shown!r}: {whose} takes no {name}.", hint=hint)


def chosen_tool(request: ChatRequest) -> str | None:
    """Read `tool_choice`: "auto", "none", "required", a tool's name, or `None`.

    Raises:
        BadArgument: It forces a tool that is not on offer.
    """
    choice, names = request.config.tool_choice, [spec.name for spec in request.tools]
    if choice is None or choice in ("auto", "none") or choice in names:
        return choice
    if choice == "required" and names:
        return choice

    offered = ", ".join(names) or "none"
    raise BadArgument(
        f"tool_choice={choice!r}: the tools on offer are {offered}.",
        hint='Say "auto", "none", "required" or the name of one of the tools.',
    )


def inlined(document: DocumentPart, *, whose: str) -> str:
    """A text document as part of a message: its name, and its text in a fence.

    Raises:
        BadArgument: It is no text.
    """
    if document.data:
        name = f"The document {document.name!r}" if document.name else "A document"
        raise BadArgument(
            f"{name} is {document.media_type}: {whose} reads no such documents.",
            hint="Give its text, or pictures of its pages as images.",
        )

    title = " ".join(document.name.split())
    return f"{title or 'Document'}:\n{fenced(document.text)}"
