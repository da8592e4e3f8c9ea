"""What is said, by whom: the messages of a conversation.

Law: values only. A message is never changed once made; whoever needs another
one copies it. Names are Mojentic's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from os import PathLike, fspath
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import Part, document_of, image_of

__all__ = ["LLMMessage", "LLMToolCall", "MessageRole", "as_messages", "with_images"]


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
        object: The validated object an assistant's text stands for; read back from JSON,
            it is plain data.
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

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What it says, in short: what is not there is not told, and no base64 is shown."""
        for name, value in super().__repr_args__():
            if name == "role":
                yield name, str(value)
            elif name == "image_paths" and value:
                yield name, [_in_short(path) for path in value]
            elif value is not None and value is not False and not (name == "parts" and not value):
                yield name, value

    @field_validator("image_paths", mode="before")
    @classmethod
    def _as_text(cls, paths: Any) -> Any:
        if not isinstance(paths, list | tuple):
            return paths

        return [fspath(path) if isinstance(path, PathLike) else path for path in paths]

    @classmethod
    def system(cls, content: str) -> Self:
        """Make a system message."""
        return cls(role=MessageRole.System, content=content)

    @classmethod
    def user(cls, content: str | None = None, *, images: Any = (), documents: Any = ()) -> Self:
        """Make a user's message.

        Args:
            content: The text; it may be left out where images or documents speak.
            images: One or several: paths, web addresses, data URIs, bytes, matplotlib
                figures, PIL images, or whatever IPython shows as PNG or JPEG.
            documents: One or several: paths or bytes of PDF and text files.

        Raises:
            BadArgument: One of them cannot be read or is of no use to a model, or there is
                nothing to say at all.
        """
        parts: tuple[Part, ...] = (
            *(image_of(image) for image in _each(images)),
            *(document_of(document) for document in _each(documents)),
        )
        if content is None and not parts:
            raise BadArgument("A user's message needs text, images or documents.")

        return cls(role=MessageRole.User, content=content, parts=parts)

    @classmethod
    def assistant(cls, content: str) -> Self:
        """Make an assistant's message."""
        return cls(role=MessageRole.Assistant, content=content)

    @classmethod
    def tool(cls, content: str, *, call: LLMToolCall, is_error: bool = False) -> Self:
        """Make the message that answers one tool call."""
        return cls(role=MessageRole.Tool, content=content, tool_calls=[call], is_error=is_error)


def _in_short(path: str) -> str:
    return path if not path.startswith("data:") else f"{path[:30]}…"


def _each(given: Any) -> Sequence[Any]:
    """What was given, one by one; a single thing may stand alone."""
    if isinstance(given, list | tuple):
        return given
    if isinstance(given, Iterator):
        return list(given)

    return () if given is None else [given]


def as_messages(prompt: str | LLMMessage | Sequence[LLMMessage]) -> tuple[LLMMessage, ...]:
    """Read whatever was given as messages, and the files of `image_paths` with them.

    The caller's list and messages are only read.

    Raises:
        BadArgument: There is nothing to say, something is no message, or an image cannot
            be read.
    """
    if isinstance(prompt, LLMMessage):
        return (with_images(prompt),)

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
        messages.append(with_images(message))

    if not messages:
        raise BadArgument("messages is empty: there is nothing to send.")

    return tuple(messages)


def with_images(message: LLMMessage) -> LLMMessage:
    """The message with its `image_paths` read as parts; itself where it has none.

    Raises:
        BadArgument: An image cannot be read.
    """
    if not message.image_paths:
        return message

    images = tuple(map(image_of, message.image_paths))
    return message.model_copy(update={"image_paths": None, "parts": (*message.parts, *images)})
