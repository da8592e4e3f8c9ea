"""What is said, by whom: the messages of a conversation.

Law: values only. A message is never changed once made; whoever needs another
one copies it. Names are Mojentic's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import Part

__all__ = ["LLMMessage", "LLMToolCall", "MessageRole", "as_messages"]


class MessageRole(StrEnum):
    """Who speaks."""

    System = "system"
    User = "user"
    Assistant = "assistant"
    Tool = "tool"


class LLMToolCall(BaseModel):
    """A model's wish to have one tool run.

    Attributes:
        id: The provider's id, or one made up that is the same in every run.
        name: The tool's name as the model wrote it.
        arguments: Arguments by name.
        malformed: The model's text, when it was no JSON object; `arguments` is then
            empty and the tool is not run.
    """

    model_config = ConfigDict(frozen=True)

    id: str | None = None
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    malformed: str | None = None


class LLMMessage(BaseModel):
    """One message of a conversation.

    Attributes:
        content: The text; `None` where an assistant only called tools.
        thinking: Reasoning that came apart from the text.
        object: The validated object an assistant's text stands for.
        tool_calls: Calls an assistant made; on a tool's message, the one call
            it answers.
        image_paths: Paths of images that go with the text; they are read when sent.
        parts: Images and documents that go with the text, before it.
        provider_state: What a provider wants back word for word with this assistant's
            message, such as signed thoughts, by gateway name; opaque.
        is_error: On a tool's message, that the tool failed.
    """

    model_config = ConfigDict(extra="forbid")

    role: MessageRole = MessageRole.User
    content: str | None = None
    thinking: str | None = None
    object: Any = None
    tool_calls: list[LLMToolCall] | None = None
    image_paths: list[str] | None = None
    parts: tuple[Part, ...] = ()
    provider_state: dict[str, Any] | None = Field(default=None, repr=False)
    is_error: bool = False

    @classmethod
    def system(cls, content: str) -> Self:
        """Make a system message."""
        return cls(role=MessageRole.System, content=content)

    @classmethod
    def user(cls, content: str) -> Self:
        """Make a user's message."""
        return cls(role=MessageRole.User, content=content)

    @classmethod
    def assistant(cls, content: str) -> Self:
        """Make an assistant's message."""
        return cls(role=MessageRole.Assistant, content=content)

    @classmethod
    def tool(cls, content: str, *, call: LLMToolCall, is_error: bool = False) -> Self:
        """Make the message that answers one tool call."""
        return cls(role=MessageRole.Tool, content=content, tool_calls=[call], is_error=is_error)


def as_messages(prompt: str | LLMMessage | Sequence[LLMMessage]) -> tuple[LLMMessage, ...]:
    """Read whatever was given as messages; the caller's list is only read.

    Raises:
        BadArgument: There is nothing to say, or something is no message.
    """
    if isinstance(prompt, LLMMessage):
        return (prompt,)

    if isinstance(prompt, str):
        return (LLMMessage(content=str(prompt)),)

    if not isinstance(prompt, Sequence):
        raise BadArgument(f"messages must be text or LLMMessages, not {type(prompt).__name__}.")

    messages: list[LLMMessage] = []
    for position, message in enumerate(prompt):
        if not isinstance(message, LLMMessage):
            raise BadArgument(
                f"messages[{position}] is {type(message).__name__}, not an LLMMessage.",
                hint="Write LLMMessage(content=...) or pass plain text.",
            )
        messages.append(message)

    if not messages:
        raise BadArgument("messages is empty: there is nothing to send.")

    return tuple(messages)
