"""How one completion is to be made: values, ranges, and nothing else.

Law: a misspelt or impossible setting is refused here, before anything is sent.
`None` everywhere means "whatever the server does by itself".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mojentic_nb.errors import BadArgument

__all__ = ["CompletionConfig", "Sampling", "Timeouts", "merged"]


class CompletionConfig(BaseModel):
    """Settings of a completion, checked when made.

    Attributes:
        temperature: Randomness, 0 (none) to 2.
        num_ctx: Context window in tokens; Ollama only.
        max_tokens: Upper bound on tokens in the answer. `num_predict` is accepted
            as another name for it; -1 there means no bound.
        top_p: Share of probability mass to sample from, above 0 to 1.
        top_k: Number of likeliest tokens to sample from.
        max_tool_iterations: Rounds in which tools may run before the model must
            answer without them; `None` for no bound, 0 for never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    num_ctx: Annotated[int, Field(gt=0)] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
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

        return rest if bound in (None, -1) else {**rest, "max_tokens": bound}


class Sampling(TypedDict, total=False):
    """The settings that may be given loose, beside or instead of a config."""

    temperature: float | None
    num_ctx: int | None
    num_predict: int | None
    max_tokens: int | None
    top_p: float | None
    top_k: int | None
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


def merged(config: CompletionConfig | None, loose: Mapping[str, Any]) -> CompletionConfig:
    """Lay loose settings over a config; a loose `None` changes nothing.

    Raises:
        BadArgument: A name is unknown or a value out of range.
    """
    given = {name: value for name, value in loose.items() if value is not None}
    base = _NO_CONFIG if config is None else config
    if not given:
        return base

    try:
        changes = CompletionConfig(**given)
    except ValidationError as problem:
        raise BadArgument(_told(problem), hint="See help(CompletionConfig).") from None

    return base.model_copy(update=changes.model_dump(exclude_unset=True))


def _told(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    name = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{name!r} is not a setting of a completion."

    return f"{name}={first['input']!r}: {first['msg']}." if name else f"{first['msg']}."
