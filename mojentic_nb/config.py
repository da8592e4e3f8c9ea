"""How one completion is to be made: values, ranges, and nothing else.

Law: a misspelt or impossible setting is refused here, before anything is sent.
`None` everywhere means "whatever the server does by itself".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypedDict

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from mojentic_nb.errors import BadArgument

__all__ = [
    "CompletionConfig",
    "ReasoningEffort",
    "ReasoningProfile",
    "ResponseFormat",
    "Sampling",
    "Timeouts",
    "config_given",
    "merged",
]


class ReasoningEffort(StrEnum):
    """How long a model may think before it answers."""

    Disabled = "disabled"
    Enabled = "enabled"
    Low = "low"
    Medium = "medium"
    High = "high"
    XHigh = "xhigh"


class ReasoningProfile(BaseModel):
    """What one family of reasoning models understands; checked before anything is sent.

    Attributes:
        name: Of the family, for messages.
        supported_efforts: Efforts it knows.
        supports_reasoning_history: Whether it wants its earlier thoughts back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    supported_efforts: tuple[ReasoningEffort, ...]
    supports_reasoning_history: bool

    @classmethod
    def qwen3_8(cls) -> Self:
        """Qwen 3.8: thinks or not, and reads its earlier thoughts."""
        efforts = (ReasoningEffort.Disabled, ReasoningEffort.Enabled)
        return cls(name="qwen3.8", supported_efforts=efforts, supports_reasoning_history=True)

    def validate_controls(self, effort: ReasoningEffort | None, retain: bool) -> None:
        """Refuse what this family does not understand.

        Raises:
            ValueError: The effort is none of its own, or it keeps no thoughts.
        """
        if effort is not None and effort not in self.supported_efforts:
            known = ", ".join(self.supported_efforts)
            raise ValueError(f"{self.name} has no reasoning effort {effort!s}, only {known}")
        if retain and not self.supports_reasoning_history:
            raise ValueError(f"{self.name} does not take its earlier thoughts back")


class ResponseFormat(BaseModel):
    """The form an answer is to have.

    Attributes:
        type: Plain text, or one JSON object.
        json_schema: What that object must fit; it is checked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["text", "json_object"] = "text"
    json_schema: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _text_has_no_schema(self) -> Self:
        if self.type == "text" and self.json_schema is not None:
            raise ValueError('a json_schema needs type="json_object"')

        return self


def _texts(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_texts), Field(min_length=1)
]
# JSON has no word for what is infinite or no number: it would be sent as nothing.
Seconds = Annotated[float, Field(allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=-2, le=2)]


class CompletionConfig(BaseModel):
    """Settings of a completion, checked when made.

    Attributes:
        temperature: Randomness, 0 (none) to 2.
        num_ctx: Context window in tokens; Ollama only.
        max_tokens: Upper bound on tokens in the answer. `num_predict` is accepted
            as another name for it; -1 there means no bound.
        top_p: Share of probability mass to sample from, above 0 to 1.
        top_k: Number of likeliest tokens to sample from.
        stop: Text, or several, at which the answer ends; it is not part of the answer.
        seed: Makes the same call answer the same, as far as the server can.
        presence_penalty: Against words that have come before, -2 to 2.
        frequency_penalty: The same, growing with how often they came.
        logprobs: How many likeliest tokens to give with each token of the answer, 0 to
            20, in the reply's `logprobs`; not Anthropic.
        n: How many answers to give; the further ones are in the reply's `alternatives`.
            Chat completions only, and without tools.
        tool_choice: "auto", "none", "required", or the name of the one tool to call.
        reasoning_effort: How long to think first, where the model can.
        reasoning_profile: What the model understands of it; checked here.
        retain_reasoning: Give the model its earlier thoughts back.
        response_format: JSON mode, or a raw schema the answer must fit.
        keep_alive: How long Ollama keeps the model in memory: seconds, or such as "5m".
        cache_prompt: Mark tools, system message and conversation for the provider's
            prompt cache; Anthropic, the others do it by themselves.
        extra: Fields for the body of the request that are none of these, as they are.
        max_tool_iterations: Rounds in which tools may run before the model must
            answer without them; `None` for no bound, 0 for never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    num_ctx: Annotated[int, Field(gt=0)] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    stop: Texts | None = None
    seed: int | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None  # OpenAI's own bound
    tool_choice: Annotated[str, Field(min_length=1)] | None = None
    reasoning_effort: ReasoningEffort | None = None
    reasoning_profile: ReasoningProfile | None = None
    retain_reasoning: bool = False
    response_format: ResponseFormat | None = None
    keep_alive: Annotated[Seconds | str, Field(union_mode="left_to_right")] | None = None
    cache_prompt: bool = False
    extra: dict[str, Any] | None = None
    max_tool_iterations: Annotated[int, Field(ge=0)] | None = 10

    @model_validator(mode="before")
    @classmethod
    def _num_predict_is_max_tokens(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or "num_predict" not in values:
            return values

        rest = {name: value for name, value in values.items() if name != "num_predict"}
        bound = values["num_predict"]
        if rest.get("max_tokens") not in (None, bound):
            raise ValueError("max_tokens and num_predict are one setting with two names; give one")

        return rest if bound is None else {**rest, "max_tokens": None if bound == -1 else bound}

    @model_validator(mode="after")
    def _profile_knows_the_controls(self) -> Self:
        self.check_reasoning()
        return self

    def check_reasoning(self) -> None:
        """See whether the reasoning profile knows what is asked for; raises `ValueError`."""
        if self.reasoning_profile is not None:
            self.reasoning_profile.validate_controls(self.reasoning_effort, self.retain_reasoning)


class Sampling(TypedDict, total=False):
    """The settings that may be given loose, beside or instead of a config."""

    temperature: float | None
    num_ctx: int | None
    num_predict: int | None
    max_tokens: int | None
    top_p: float | None
    top_k: int | None
    stop: str | Sequence[str] | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logprobs: int | None
    n: int | None
    tool_choice: str | None
    reasoning_effort: ReasoningEffort | str | None
    reasoning_profile: ReasoningProfile | None
    retain_reasoning: bool | None
    response_format: ResponseFormat | None
    keep_alive: float | str | None
    cache_prompt: bool | None
    extra: dict[str, Any] | None
    max_tool_iterations: int | None


class Timeouts(BaseModel):
    """How long to wait for a server, in seconds.

    Attributes:
        connect_s: For the connection to be made.
        silence_s: Between two pieces of a streamed answer.
        whole_s: For an answer that comes in one piece; `silence_s` where not given
            apart from it. By default 600, as in the openai and anthropic clients:
            a local model may need minutes for an answer it does not stream.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    connect_s: Annotated[float, Field(gt=0)] = 5.0
    silence_s: Annotated[float, Field(gt=0)] = 120.0
    whole_s: Annotated[float, Field(gt=0)] = 600.0

    @model_validator(mode="before")
    @classmethod
    def _silence_bounds_the_whole(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and "silence_s" in values and "whole_s" not in values:
            return {**values, "whole_s": values["silence_s"]}

        return values

    @classmethod
    def of(cls, value: Timeouts | float | None, *, default: Timeouts) -> Timeouts:
        """Read a `timeout=` argument: a number of seconds bounds silence.

        Raises:
            BadArgument: The number is not above zero.
        """
        if value is None or isinstance(value, Timeouts):
            return value or default

        try:
            return cls(connect_s=min(default.connect_s, value), silence_s=value)
        except (ValidationError, TypeError) as problem:
            raise BadArgument(f"timeout={value!r} is not a number of seconds above 0.") from problem


_NO_CONFIG = CompletionConfig()


def config_given(config: Any) -> CompletionConfig | None:
    """Settings, or none.

    Raises:
        BadArgument: It is something else.
    """
    if config is None or isinstance(config, CompletionConfig):
        return config

    raise BadArgument(
        f"config={config!r} is no CompletionConfig.",
        hint="Write CompletionConfig(temperature=0.1), or temperature=0.1 in the call itself.",
    )


def merged(config: CompletionConfig | None, loose: Mapping[str, Any]) -> CompletionConfig:
    """Lay loose settings over a config; a loose `None` changes nothing.

    Raises:
        BadArgument: A name is unknown, a value out of range, or `config` is none.
    """
    given = {name: value for name, value in loose.items() if value is not None}
    base = config_given(config) or _NO_CONFIG
    if not given:
        return base

    try:
        changes = CompletionConfig(**given)
        known = {name: getattr(changes, name) for name in changes.model_fields_set}
        whole = base.model_copy(update=known)
        whole.check_reasoning()  # a copy is not checked by itself
    except ValidationError as problem:
        told = _told(problem)
    except ValueError as problem:
        told = f"{problem}."
    else:
        return whole

    raise BadArgument(told, hint="See help(CompletionConfig).")


def _told(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    name = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{name!r} is not a setting of a completion."

    return f"{name}={first['input']!r}: {first['msg']}." if name else f"{first['msg']}."
