"""`--dry-run`: what would be sent, word for word, and nothing sent.

Law: no broker is made and no server asked, not even for its models. The text is whole:
a preview that shortens would hide what a reader wants to check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mojentic_nb.magics.asking import Call
from mojentic_nb.magics.publishing import publish
from mojentic_nb.schema import Shape
from mojentic_nb.tools.definition import as_tools
from mojentic_nb.views.markdown import fenced, inline

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["show"]

Section = tuple[str, str]


def show(call: Call, *, model: str, shape: Shape | None = None) -> None:
    """Display what a call would send.

    Args:
        call: The call, checked.
        model: Its model; empty when that is only found when something is sent.
        shape: The schema an answer would have to fit.
    """
    title = f"Not sent. To {model or 'the model that is found then'}:"
    sections = list(_sections(call, shape))
    publish({"text/markdown": _markdown(title, sections), "text/plain": _plain(title, sections)})


def _sections(call: Call, shape: Shape | None) -> Iterator[Section]:
    for message in call.messages:
        yield str(message.role), message.content or ""

    settings = call.config.model_dump(exclude_none=True, exclude_defaults=True)
    if settings:
        yield "settings", ", ".join(f"{name}={value}" for name, value in settings.items())
    for name, tool in as_tools(call.tools).items():
        yield f"tool {name}", tool.description
    if shape is not None:
        yield "schema", json.dumps(shape.schema, indent=2, ensure_ascii=False)
    if call.used:
        yield "put in", "\n".join(f"{{{name}}}: {what}" for name, what in call.used.items())


def _markdown(title: str, sections: Sequence[Section]) -> str:
    parts = [f"**{inline(name)}**\n\n{fenced(text)}" for name, text in sections]
    return "\n\n".join([inline(title), *parts])


def _plain(title: str, sections: Sequence[Section]) -> str:
    parts = [f"{name}\n{_indented(text)}" for name, text in sections]
    return "\n\n".join([title, *parts])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines()) or "  (nothing)"
