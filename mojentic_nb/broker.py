"""The front desk: from a prompt to a turn, in three call shapes.

Law: a call is planned once, in `_plan`; the shapes differ only in which driver runs
the plan. `here` is generate and its kin, `awaiting` the a-prefixed ones, `away` is
`submit`. Nothing here records, retries or talks to a network.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from mojentic_nb.background import Job
from mojentic_nb.bus import Bus, Listener
from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.config import CompletionConfig, Timeouts, config_given
from mojentic_nb.drive import awaiting, here
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import Event, TextDelta, TurnFinished
from mojentic_nb.gateways.choose import Chooser
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.hooks.budget import Budget
from mojentic_nb.hooks.cache import ResponseCache
from mojentic_nb.hooks.limit import RateLimit
from mojentic_nb.hooks.order import Policies
from mojentic_nb.hooks.redaction import Redaction
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.place import standing
from mojentic_nb.plan import CallOptions, How, Plan, Prompt, planned
from mojentic_nb.reply import Reply
from mojentic_nb.structured import REPAIRS, Growing, shape_given
from mojentic_nb.tools.consent import Consent, consent_of
from mojentic_nb.tools.runners import SerialToolRunner, ToolRunner, runner_of
from mojentic_nb.turn import one_call

if TYPE_CHECKING:
    from mojentic_nb.gateways.cassette import Cassette

__all__ = ["CallOptions", "LLMBroker"]

T = TypeVar("T")


class LLMBroker:
    """Talks to one model through one gateway.

    Every method that calls the model takes the same options: `temperature`,
    `num_ctx`, `num_predict` or `max_tokens`, `top_p`, `top_k`, `max_tool_iterations`,
    which overlay `config`; `timeout` (seconds of silence, or `Timeouts`), `retry`,
    `deadline` (seconds for the whole turn), `window` (a `Window`: what of a long conversation
    is sent), and `correlation_id`. `messages` may be text, one message or several, and is
    never changed.

    Args:
        model: `"ollama:llama3.2"`, `"openai:…"`, `"anthropic:…"`, `"demo"`, or a bare name
            for the given gateway (Ollama where none is given). `None` takes what there is.
        gateway: The road to the model, where the name alone does not say it.
        tokenizer: Counts tokens, where counts are wanted.
        tracer: A `TracerSystem`, or who else is to hear it in place of `current_tracer()`.
        config: Settings of every call, unless the call says otherwise.
        retry: When a failed call is made again.
        timeout: Patience of every call; by default the gateway's.
        clock: Time; a `FrozenClock` makes waits free.
        redact: What is replaced in all that is sent: a `Redaction`, or True for its
            standard, or a dict of patterns by label.
        fallback: Models to ask where this one's provider is in trouble, in this order:
            names, or gateways, which are asked for the model of the same name.
        cache: Answers that need not be asked for again.
        budget: What may be spent; may be shared.
        limit: How fast each provider is asked; may be shared.
        deadline: Seconds for a whole turn, tools and waits included.
        policies: Your own, outermost first; they stand between redaction and fallback
            (see `mojentic_nb.hooks.points`).
        cassette: Records and replays this broker's calls, whatever else may hold.
        tool_runner: Whether tools run one after another or several at once.
        consent: Which tools a person is asked about; by default the destructive ones.

    Raises:
        BadArgument: The model's name or a setting makes no sense.
        CassetteError: The cassette's file is none, or damaged; it is left alone.
    """

    def __init__(
        self,
        model: str | None = None,
        gateway: LLMGateway | None = None,
        tokenizer: Any = None,
        tracer: Listener | None = None,
        *,
        config: CompletionConfig | None = None,
        retry: Retry | None = None,
        timeout: Timeouts | float | None = None,
        clock: Clock | None = None,
        redact: Redaction | Mapping[str, Any] | bool | None = None,
        fallback: str | LLMGateway | Sequence[str | LLMGateway] = (),
        cache: ResponseCache | None = None,
        budget: Budget | None = None,
        limit: RateLimit | None = None,
        deadline: float | None = None,
        policies: Sequence[Any] = (),
        cassette: Cassette | str | PathLike[str] | None = None,
        tool_runner: ToolRunner | None = None,
        consent: Consent | Mapping[str, str] | None = None,
    ) -> None:
        chooser = Chooser(cassette)
        self.gateway, self.model = chooser.first(model, gateway)
        self.tokenizer = tokenizer
        self.config = config_given(config)
        self.retry = retry or Retry()
        self.timeouts = Timeouts.of(timeout, default=self.gateway.timeouts)
        self.clock = clock or SystemClock()
        self.tool_runner = runner_of(tool_runner) or SerialToolRunner()
        self.consent = consent_of(consent) or Consent()
        self.policies = Policies.of(
            deadline=deadline,
            redact=redact,
            policies=policies,
            fallback=fallback,
            choose=partial(chooser.also, model=self.model),
            cache=cache,
            budget=budget,
            limit=limit,
        )
        self.bus = Bus(is_apart=tracer is not None, road=self.gateway)
        if tracer is not None:
            self.subscribe(tracer)

    def __repr__(self) -> str:
        return f"LLMBroker({self.model!r}, {self.gateway!r})"

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every event handed to `listener`, in its envelope, as it happens.

        What comes back ends it. Raises `BadArgument` where the listener cannot be called.
        """
        if not callable(listener):
            raise BadArgument(f"{listener!r} cannot listen: it is not callable.")

        return self.bus.subscribe(listener)

    # here -------------------------------------------------------------------

    def generate(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Ask and wait for the answer; tools run until the model needs no more.

        Raises:
            BadArgument: The call makes no sense; nothing was sent.
            GatewayError: The model could not be reached, refused, or broke off.
        """
        plan = self._plan(messages, tools, config, options)
        return plan.reply(plan.run())

    def generate_stream(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[str]:
        """Ask and give the answer's text piece by piece; leaving early hangs up."""
        with closing(self._events(messages, tools, config, options)) as events:
            for event in events:
                if type(event) is TextDelta:
                    yield event.text

    def generate_events(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[Event]:
        """Ask and give all that happens, to `TurnFinished`, or `TurnFailed` and its error."""
        return self._events(messages, tools, config, options)

    def generate_response(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Call the model once; tools it wants are in `tool_calls` and not run."""
        plan = self._plan(messages, tools, config, options, kind=one_call)
        return plan.reply(plan.run())

    @overload
    def generate_object(
        self,
        messages: Prompt,
        object_model: type[T],
        config: CompletionConfig | None = None,
        *,
        tools: Any = None,
        repairs: int = REPAIRS,
        **options: Unpack[CallOptions],
    ) -> T: ...
    @overload
    def generate_object(
        self,
        messages: Prompt,
        object_model: Any = None,
        config: CompletionConfig | None = None,
        *,
        tools: Any = None,
        response_model: Any = None,
        repairs: int = REPAIRS,
        **options: Unpack[CallOptions],
    ) -> Any: ...
    def generate_object(
        self,
        messages: Prompt,
        object_model: Any = None,
        config: CompletionConfig | None = None,
        *,
        tools: Any = None,
        response_model: Any = None,
        repairs: int = REPAIRS,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Ask for an object, validated.

        Args:
            messages: What to ask.
            object_model: A pydantic model, `list[Model]`, any type pydantic knows,
                or a JSON schema as a dict.
            config: Settings of this call.
            tools: What the model may call before it answers.
            response_model: Another name for `object_model`.
            repairs: How often an answer that does not fit goes back to the model.
            **options: See the class.

        Raises:
            ObjectError: No answer fitted; it names the field and has the raw text.
            BadArgument: The type or a setting makes no sense; nothing was sent.
            GatewayError: The model could not be reached, refused, or broke off.
        """
        shape = shape_given(object_model, response_model)
        plan = self._plan(messages, tools, config, options, shape=shape, repairs=repairs)
        return plan.run().value

    def generate_object_stream(
        self,
        messages: Prompt,
        object_model: Any = None,
        config: CompletionConfig | None = None,
        *,
        tools: Any = None,
        response_model: Any = None,
        repairs: int = REPAIRS,
        **options: Unpack[CallOptions],
    ) -> Iterator[Any]:
        """Ask for an object and give it as it grows; the last one is what `generate_object` gives.

        Until then it is an instance of its class in which everything that has not come yet
        is None (`model_fields_set` names what has); lists grow, and what is finished in them
        is validated. No number or choice is shown before it is whole. After a repair it
        begins anew. Leaving early hangs up.
        """
        shape = shape_given(object_model, response_model)
        events = self._events(messages, tools, config, options, shape=shape, repairs=repairs)
        return Growing(shape).follow(events)

    # awaiting ---------------------------------------------------------------

    async def agenerate(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Await what `generate` gives."""
        plan = self._plan(messages, tools, config, options)
        return plan.reply(await plan.arun())

    async def agenerate_stream(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[str]:
        """Iterate over what `generate_stream` gives."""
        plan = self._plan(messages, tools, config, options, stream=True)
        async with aclosing(awaiting(plan.turn, plan.setting)) as events:
            async for event in events:
                if type(event) is TextDelta:
                    yield event.text

    def agenerate_events(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[Event]:
        """Iterate over what `generate_events` gives."""
        plan = self._plan(messages, tools, config, options, stream=True)
        return awaiting(plan.turn, plan.setting)

    async def agenerate_response(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Await what `generate_response` gives."""
        plan = self._plan(messages, tools, config, options, kind=one_call)
        return plan.reply(await plan.arun())

    async def agenerate_object(
        self,
        messages: Prompt,
        object_model: Any = None,
        config: CompletionConfig | None = None,
        *,
        tools: Any = None,
        response_model: Any = None,
        repairs: int = REPAIRS,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Await what `generate_object` gives."""
        shape = shape_given(object_model, response_model)
        plan = self._plan(messages, tools, config, options, shape=shape, repairs=repairs)
        return (await plan.arun()).value

    async def agenerate_object_stream(
        self,
        messages: Prompt,
        object_model: Any = None,
        config: CompletionConfig | None = None,
        *,
        tools: Any = None,
        response_model: Any = None,
        repairs: int = REPAIRS,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[Any]:
        """Iterate over what `generate_object_stream` gives."""
        shape = shape_given(object_model, response_model)
        how = How(stream=True, shape=shape, repairs=repairs)
        plan, growing = self._plan(messages, tools, config, options, **how), Growing(shape)
        async with aclosing(awaiting(plan.turn, plan.setting)) as events:
            async for event in events:
                for value in growing.take(event):
                    yield value

    # away -------------------------------------------------------------------

    def submit(
        self,
        messages: Prompt,
        tools: Any = None,
        config: CompletionConfig | None = None,
        **options: Unpack[CallOptions],
    ) -> Job:
        """Ask in the background; `result()` of the job gives the `Reply`."""
        plan = self._plan(messages, tools, config, options, stream=True)
        return Job(
            lambda: awaiting(plan.turn, plan.setting), correlation_id=plan.setting.correlation_id
        )

    # the plan ---------------------------------------------------------------

    def _events(
        self,
        messages: Prompt,
        tools: Any,
        config: CompletionConfig | None,
        options: CallOptions,
        **how: Unpack[How],
    ) -> Generator[Event, None, TurnFinished]:
        how["stream"] = True
        plan = self._plan(messages, tools, config, options, **how)
        return here(plan.turn, plan.setting)

    def _plan(
        self,
        messages: Prompt,
        tools: Any,
        config: CompletionConfig | None,
        options: CallOptions,
        **how: Unpack[How],
    ) -> Plan:
        return planned(self, messages, tools, config, options, **how)


standing.broker_of = LLMBroker
