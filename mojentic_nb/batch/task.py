"""One question among many, what came of it, and what both are known by.

Law: values. A task is complete before anything is asked; a result says how it went and
never raises. The key covers all that makes an answer, and nothing that does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import to_json

from mojentic_nb.config import CompletionConfig, Sampling, merged
from mojentic_nb.messages import LLMMessage
from mojentic_nb.quick import quick
from mojentic_nb.schema import Shape
from mojentic_nb.structured import REPAIRS
from mojentic_nb.tools.gathering import as_tools

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["KEY_BYTES", "Keys", "Result", "Status", "Task"]

# Raised when what a key covers changes its form: older results are then not found.
DIGEST = 1
KEY_BYTES = 16

Status = Literal["ok", "error", "skipped"]

# Settings that bear on the turn or the server, and not on the answer.
_APART = {"keep_alive", "cache_prompt"}


@quick
class Task:
    """One question.

    Attributes:
        key: What a kept result is known by; see `Keys`.
        broker: Whom to ask.
        messages: What.
        config: Settings of the call; the broker's by default.
        tools: What the model may call.
        shape: What the answer has to look like; `None` for text.
        options: What else `LLMBroker.generate` takes.
        repairs: How often an answer that does not fit its shape goes back to the model.
        stream: Ask for the answer piece by piece, so that its first piece can be timed.
        label: The caller's own; comes back with the task.
    """

    key: bytes
    broker: LLMBroker
    messages: tuple[LLMMessage, ...]
    config: CompletionConfig | None = None
    tools: Any = None
    shape: Shape | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    repairs: int = REPAIRS
    stream: bool = False
    label: Any = None

    @property
    def max_tokens(self) -> int | None:
        """What its answer may have by its own settings; None where they do not say."""
        config = self.config or self.broker.config
        said = self.options.get("max_tokens") or self.options.get("num_predict")
        return said or (config.max_tokens if config else None)


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a question.

    Attributes:
        key: The task's.
        status: `ok`, `error`, or `skipped` where it was never asked.
        output: The answer's text; of a failed one, what had come of it.
        value: The object, where a shape was asked for.
        error_type: Class of the error; empty where there was none.
        error_message: In words.
        provider: Such as `openai`.
        model: As it was asked for.
        finish_reason: `stop`, `length`, `tool_calls`, `content_filter`.
        duration_s: Seconds from asking to the end, waits and attempts included.
        ttft_s: Seconds to the first piece, where the answer came in pieces.
        wait_s: Seconds of `duration_s` in back-off and in the line of a limit.
        input_tokens: As the provider counted.
        output_tokens: Likewise.
        cost: US dollars; None where the price is not known, 0.0 for local models.
        retries: Attempts that failed before.
        cached: A response cache had it.
        stored: An earlier run had it, and nothing was asked.
        cold: The first call of its model in this run.
        span_id: Of its turn in the trace; empty where nothing was traced.
        asked_ns: When, in nanoseconds of the Unix epoch.
    """

    key: bytes
    status: Status
    output: str = ""
    value: Any = None
    error_type: str = ""
    error_message: str = ""
    provider: str = ""
    model: str = ""
    finish_reason: str = ""
    duration_s: float | None = None
    ttft_s: float | None = None
    wait_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    retries: int = 0
    cached: bool = False
    stored: bool = False
    cold: bool = False
    span_id: str = ""
    asked_ns: int = 0

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.status == "ok"


class Keys:
    """Makes the keys of questions that differ in their messages alone.

    Args:
        broker: Whom they ask.
        config: Settings of the calls; the broker's by default.
        tools: What the model may call.
        shape: What the answers have to look like.
        options: What else the calls are given; their sampling settings count.

    Raises:
        BadArgument: A setting makes no sense.
    """

    def __init__(
        self,
        broker: LLMBroker,
        *,
        config: CompletionConfig | None = None,
        tools: Any = None,
        shape: Shape | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        loose = {
            name: value
            for name, value in (options or {}).items()
            if name in Sampling.__annotations__
        }
        settings = merged(config or broker.config, loose)
        gateway = broker.gateway
        whole = {
            "digest": DIGEST,
            "at": [gateway.name, gateway.url.rpartition("@")[2], broker.model],
            "config": sorted(settings.model_dump(exclude_defaults=True, exclude=_APART).items()),
            "tools": [
                [one.spec.name, one.spec.description, one.spec.parameters]
                for one in as_tools(tools).values()
            ],
            "schema": shape and [shape.name, shape.schema],
        }
        self._begun = blake2b(to_json(whole, fallback=repr), digest_size=KEY_BYTES)

    def key(self, messages: Sequence[LLMMessage], occurrence: int = 0) -> bytes:
        """The key of one question.

        Args:
            messages: What is asked.
            occurrence: Which of several equal ones; each is a call of its own.
        """
        digest = self._begun.copy()
        for message in messages:
            digest.update(_encoded(_said(message)))
        digest.update(occurrence.to_bytes(8, "big"))
        return digest.digest()


def _encoded(said: list[Any]) -> bytes:
    try:
        return to_json(said, fallback=repr)
    except ValueError:
        # Half a surrogate pair: that question fails when it is asked, and no other.
        return repr(said).encode()


def _said(message: LLMMessage) -> list[Any]:
    if message.tool_calls or message.parts or message.image_paths or message.provider_state:
        further = message.model_dump(exclude={"role", "content", "object"}, exclude_none=True)
        return [message.role, message.content, further, _pictures(message.image_paths or ())]

    return [message.role, message.content]


def _pictures(paths: Iterable[Any]) -> list[str]:
    """What the pictures are now, not what their files are called."""
    found = []
    for path in paths:
        try:
            with open(path, "rb") as file:
                found.append(blake2b(file.read(), digest_size=KEY_BYTES).hexdigest())
        except OSError:
            found.append("")

    return found
