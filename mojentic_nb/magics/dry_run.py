"""`--dry-run`: what would be sent, word for word, and nothing sent.

Law: no broker is made and no server asked, not even for its models. The text is whole:
a preview that shortens would hide what a reader wants to check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mojentic_nb.magics.asking import Call
from mojentic_nb.magics.costs import estimated
from mojentic_nb.magics.publishing import publish
from mojentic_nb.media import ImagePart, Part, without_query
from mojentic_nb.schema import Shape
from mojentic_nb.tools.gathering import as_tools
from mojentic_nb.views.markdown import fenced, inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mojentic_nb.messages import LLMMessage

__all__ = ["show"]

Section = tuple[str, str]


def show(
    call: Call,
    messages: Sequence[LLMMessage],
    *,
    model: str,
    shape: Shape | None = None,
    sized: bool = False,
) -> None:
    """Display what a call would send.

    Args:
        call: The call, checked.
        messages: All that is said.
        model: Its model; empty when that is only found when something is sent.
        shape: The schema an answer would have to fit.
        sized: Tell its tokens and price; counts differ with what is installed.
    """
    title = f"Not sent. To {model or 'the model that is found then'}:"
    sections = [*_said(messages), *_sections(call, shape)]
    if sized:
        sections.append(("size", _size(call, messages, model)))
    publish({"text/markdown": _markdown(title, sections), "text/plain": _plain(title, sections)})


def _size(call: Call, messages: Sequence[LLMMessage], model: str) -> str:
    tools = list(as_tools(call.tools).values())
    return estimated(list(messages), tools, model=model, max_tokens=call.config.max_tokens)


def _said(messages: Sequence[LLMMessage]) -> Iterator[Section]:
    for message in messages:
        yield str(message.role), message.content or ""
        for part in message.parts:
            yield part.type, _part_told(part)


def _sections(call: Call, shape: Shape | None) -> Iterator[Section]:
    settings = call.config.model_dump(exclude_none=True, exclude_defaults=True)
    if call.flags.timeout is not None:
        settings["timeout"] = call.flags.timeout
    if settings:
        yield "settings", ", ".join(f"{name}={value}" for name, value in settings.items())
    for name, tool in as_tools(call.tools).items():
        yield f"tool {name}", tool.description
    if shape is not None:
        yield "schema", json.dumps(shape.schema, indent=2, ensure_ascii=False)
    after = ", ".join(_afterwards(call))
    if after:
        yield "then", after
    if call.used:
        yield "put in", "\n".join(f"{{{name}}}: {what}" for name, what in call.used.items())


def _part_told(part: Part) -> str:
    if isinstance(part, ImagePart) and part.url:
        return without_query(part.url)

    size = len(part.data.rstrip("=")) * 3 // 4 or len(getattr(part, "text", ""))
    return f"{part.name or 'unnamed'}, {part.media_type}, {size:,} bytes"


def _afterwards(call: Call) -> Iterator[str]:
    """What would be done with the reply."""
    if call.flags.format != "md":
        yield f"shown as {call.flags.format}"
    if call.flags.code:
        yield "its code put into the next cell"
    if call.flags.out:
        yield f"kept in {call.flags.out}"


def _markdown(title: str, sections: Sequence[Section]) -> str:
    parts = [f"**{inline(name)}**\n\n{fenced(text)}" for name, text in sections]
    return "\n\n".join([inline(title), *parts])


def _plain(title: str, sections: Sequence[Section]) -> str:
    parts = [f"{name}\n{_indented(text)}" for name, text in sections]
    return "\n\n".join([title, *parts])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines()) or "  (nothing)"
