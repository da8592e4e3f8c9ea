"""What happens during a turn, in one vocabulary.

Law: display, tracer, widgets and hooks all read these, and only these. Events
are plain values: no behaviour, no I/O, nothing that cannot be compared. A turn
ends in exactly one `TurnFinished` or `TurnFailed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mojentic_nb.errors import GatewayError, MojenticError
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.place import Place
from mojentic_nb.quick import quick
from mojentic_nb.usage import Usage

__all__ = [
    "Answer",
    "BudgetSpent",
    "CacheHit",
    "Envelope",
    "Event",
    "FellBack",
    "Limited",
    "ModelAnswered",
    "ModelAsked",
    "Redacted",
    "Repairing",
    "Retrying",
    "Summarised",
    "TextDelta",
    "ThinkingDelta",
    "ToolCallDelta",
    "ToolCalled",
    "ToolReturned",
    "Trimmed",
    "TurnFailed",
    "TurnFinished",
    "TurnStopped",
    "Usage",
    "UsageDoubted",
]


@quick(kw_only=True)
class Answer:
    """What one call of a model came to.

    Attributes:
        finish_reason: `stop`, `length`, `tool_calls` or `content_filter`, or the
            provider's own word where it is none of these.
        model: The model as the provider names it.
        logprobs: For each token of the answer its text, log-probability and likeliest
            others, as the provider gave them; empty where not asked for.
        alternatives: Texts of the further answers, where several were asked for.
        provider_state: What the provider wants back with this answer in the next call.
        headers: The few response headers that policies read, such as rate limits.
        is_cached: A response cache had it; nothing was sent, and `usage` is 0.
        response_id: What the provider calls it; empty where it does not say.
        chunks: Pieces of text and thinking that came.
        durations: How long parts of it took at the server, in milliseconds (Ollama's
            `load_ms`, `prompt_eval_ms`, `eval_ms`).
        recorded: Where a cassette replayed it: which run, and its second in that run.
        asked_at: When the call began; monotonic seconds, as the two below.
        first_at: When the first piece of the answer came; `None` for none.
        answered_at: When the answer was complete.
    """

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[LLMToolCall, ...] = ()
    finish_reason: str = "stop"
    model: str = ""
    usage: Usage = Usage()
    logprobs: tuple[Any, ...] = ()
    alternatives: tuple[str, ...] = ()
    provider_state: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    is_cached: bool = False
    response_id: str = field(default="", compare=False)
    chunks: int = field(default=0, compare=False)
    durations: tuple[tuple[str, float], ...] = field(default=(), repr=False, compare=False)
    recorded: tuple[str, float] | None = field(default=None, repr=False, compare=False)
    asked_at: float = 0.0
    first_at: float | None = None
    answered_at: float = 0.0


@quick
class ModelAsked:
    """A model is about to be called.

    Attributes:
        model: As it was asked for.
        round: Which call of the turn this is, from 1; the same where it is tried again.
        request: What is sent: a `ChatRequest`, or an `EmbeddingRequest`.
        gateway: The road it takes; has a `name` and an `url`.
    """

    model: str
    round: int
    request: Any = field(default=None, repr=False, compare=False)
    gateway: Any = field(default=None, repr=False, compare=False)


@quick
class TextDelta:
    """A piece of the answer's text; never empty."""

    text: str


@quick
class ThinkingDelta:
    """A piece of the model's reasoning, apart from its answer."""

    text: str


@quick
class ToolCallDelta:
    """A piece of a tool call that is still being written; `index` tells which."""

    index: int
    name: str
    arguments: str


@quick
class ModelAnswered:
    """One call of a model is complete."""

    answer: Answer


@quick
class ToolCalled:
    """A tool is about to run."""

    call: LLMToolCall


@quick
class ToolReturned:
    """A tool has run, or may not; `text` is what the model is told of it.

    Attributes:
        ok: It returned, and did not raise.
        duration_s: How long it took, without the time a person took to consent.
        is_refused: A policy or a person said no, and nothing was done.
        decided_by: Who said yes or no: a `rule` of the consent, a `person`, `nobody` where
            a person was to be asked and none was there; a `policy` before the tool ran, or
            its `sandbox` while it did. Empty where nobody had to.
        began_at: When it began to run, in monotonic seconds; 0 where it never did.
        error_type: Class of the error it raised; empty where it raised none.
        attempts: How often it was tried.
    """

    call: LLMToolCall
    text: str
    ok: bool
    duration_s: float
    is_refused: bool = False
    decided_by: str = ""
    began_at: float = field(default=0.0, repr=False, compare=False)
    error_type: str = field(default="", repr=False, compare=False)
    attempts: int = field(default=1, repr=False, compare=False)


@quick
class Retrying:
    """A call failed and will be made again after `wait_s` seconds."""

    error: GatewayError
    attempt: int
    wait_s: float


@quick
class Repairing:
    """An answer did not fit its schema and goes back to the model."""

    problem: str
    attempt: int


@quick
class Limited:
    """A call waits for its place; `wait_s` is `None` where it stands in line for it."""

    provider: str
    wait_s: float | None


@quick
class FellBack:
    """A model could not answer, and another one is asked; both with their gateway's name."""

    failed: str
    chosen: str
    error: GatewayError


@quick
class CacheHit:
    """The answer was there already; `saved` is what it had cost, `age_s` how old it is."""

    model: str
    saved: Usage
    age_s: float


@quick
class BudgetSpent:
    """A call was paid from a budget; what is left is `None` where there is no such bound.

    Attributes:
        usd: What the call cost; `None` where the budget has no bound in dollars.
        tokens: Tokens of the call, in and out.
        usd_left: Dollars left, those held for other calls under way not among them.
        tokens_left: Tokens left, likewise.
        is_estimate: The provider did not say, or is not believed.
    """

    usd: float | None
    tokens: int
    usd_left: float | None
    tokens_left: int | None
    is_estimate: bool


@quick
class UsageDoubted:
    """What a provider said of its tokens cannot be; the budget counts `taken` in its place."""

    told: Usage
    taken: Usage


@quick
class Redacted:
    """Places of what is sent were replaced; `counts` says how many, by kind."""

    counts: Mapping[str, int]


@quick
class Trimmed:
    """The beginning of a conversation is not sent, for want of room.

    Attributes:
        messages: How many do not go along, from the first after the system's; those that a
            summary stands for are among them.
        tokens: What those are that no summary stands for.
        left_tokens: What is sent: messages, tools and schema.
        reason: Why no summary stands for them, where one was to.
        before: How many more, in front of these, earlier turns left out already.
        summed: How many of all these, from the first, a summary that is sent stands for.
    """

    messages: int
    tokens: int
    left_tokens: int
    reason: str = ""
    before: int = 0
    summed: int = 0


@quick
class Summarised:
    """The beginning of a conversation is sent as a summary of it, for want of room.

    Attributes:
        messages: How many it stands for, from the first after the system's.
        tokens: What these are.
        text: The summary.
        before: How many more it stands for, in front of these, since earlier turns.
    """

    messages: int
    tokens: int
    text: str
    before: int = 0


@quick
class TurnFinished:
    """The turn is over, and this is what it came to.

    `answer` is the last call's, with the usage of all calls added up and the times
    of the whole turn; `calls` holds every tool that ran, in order; `value` the object,
    where one was asked for.
    """

    answer: Answer
    calls: tuple[ToolReturned, ...] = ()
    value: Any = None


@quick
class TurnStopped:
    """The turn was left before its end; told to listeners alone, since the reader is gone.

    Attributes:
        reason: `abandoned` by a reader who left, `cancelled`, `interrupted`, or the class of
            an error that is not ours.
        partial: The text received of the answer that was being written.
        whom: As of `TurnFailed`.
    """

    reason: str
    partial: str = ""
    whom: ModelAsked | None = field(default=None, repr=False, compare=False)


@quick
class TurnFailed:
    """The turn ended in an error, which is raised right after this event.

    Attributes:
        partial: The text received of the answer that was being written.
        whom: Who was to be asked, without what: it may be refused before that is fit to show.
    """

    error: MojenticError
    partial: str = ""
    whom: ModelAsked | None = field(default=None, repr=False, compare=False)


Event = (
    ModelAsked
    | TextDelta
    | ThinkingDelta
    | ToolCallDelta
    | ModelAnswered
    | ToolCalled
    | ToolReturned
    | Retrying
    | Repairing
    | Limited
    | FellBack
    | CacheHit
    | BudgetSpent
    | UsageDoubted
    | Redacted
    | Trimmed
    | Summarised
    | TurnFinished
    | TurnFailed
    | TurnStopped
)


@quick
class Envelope:
    """An event on its way to subscribers.

    Attributes:
        correlation_id: The turn it belongs to.
        sequence: Its place in that turn, from 0.
        at: When it was delivered, in monotonic seconds.
        place: Where the turn stands in its trace; for a tool's events, where the tool does.
    """

    event: Event
    correlation_id: str
    sequence: int
    at: float
    place: Place | None = field(default=None, repr=False, compare=False)
