"""A conversation that never loses a turn.

Law: what the model is told is decided in `_begin`, what stays of it in `_commit`; the call
shapes only drive. Nothing enters the history before its turn is over, so a failed or
abandoned one leaves no trace, unless partial turns are wanted. One turn at a time, first
come, first served.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Literal, Self
from weakref import WeakKeyDictionary

from mojentic_nb import ids
from mojentic_nb.background import Job
from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat.exchange import Exchange, flattened
from mojentic_nb.chat.given import broker_given, check_settings, question_given
from mojentic_nb.chat.saving import store_of, stored
from mojentic_nb.chat.shown import Shown
from mojentic_nb.chat.taking import Taking
from mojentic_nb.config import CompletionConfig, merged
from mojentic_nb.drive import awaiting, here
from mojentic_nb.errors import GatewayError
from mojentic_nb.events import Event, TextDelta, TurnFinished
from mojentic_nb.hooks.window import Strategy, Window
from mojentic_nb.messages import LLMMessage
from mojentic_nb.place import in_session
from mojentic_nb.plan import Plan, planned
from mojentic_nb.reply import Reply
from mojentic_nb.schema import Shape
from mojentic_nb.structured import REPAIRS, shape_given

__all__ = ["ChatSession"]


SYSTEM_PROMPT = "You are a helpful assistant."

# Settings that are kept with a conversation.
_KEPT = ("strategy", "keep_partial", "max_messages")


@dataclass(slots=True, kw_only=True)
class _Turn:
    """One turn under way: how many exchanges stand before it, and which go when it is over.

    Where `replaces` is None, all that follow go, into a branch. `begins` is the first
    exchange that may go along, and the room for it; None where the turns to come have another.
    """

    plan: Plan
    taking: Taking
    at: int
    begins: tuple[int, int] | None
    replaces: frozenset[str] | None


class ChatSession(Shown):
    """A conversation with a model.

    Args:
        llm: The broker that is asked.
        system_prompt: Comes first, always.
        tools: What the model may call.
        max_context: Tokens that what is sent may have: system prompt, conversation, tools
            and schemas together; by default what the model is known to take.
        tokenizer_gateway: Counts them; by default by the model's name.
        config: Settings of every turn; what it leaves open is the broker's.
        temperature: The same for this one.
        name: What the conversation is called.
        strategy: What happens where it grows too long: `drop-oldest` exchanges, `summarise`
            them, or an `error`.
        keep_partial: Keep a turn that broke off, marked; else it leaves no trace. `stopped`
            keeps those that somebody stopped, and none that failed.
        max_messages: At most so many messages of the conversation are sent.

    Raises:
        BadArgument: A setting makes no sense.
    """

    def __init__(
        self,
        llm: LLMBroker,
        system_prompt: str = SYSTEM_PROMPT,
        tools: Any = None,
        max_context: int | None = None,
        tokenizer_gateway: Any = None,
        config: CompletionConfig | None = None,
        temperature: float | None = None,
        *,
        name: str = "",
        strategy: Strategy = "drop-oldest",
        keep_partial: bool | Literal["stopped"] = False,
        max_messages: int | None = None,
    ) -> None:
        check_settings(strategy=strategy, keep_partial=keep_partial, max_messages=max_messages)
        super().__init__(system_prompt, name)
        self.llm = broker_given(llm)
        self.tools = tools
        self.tokenizer_gateway = tokenizer_gateway
        self.config = merged(config, {"temperature": temperature})
        self.strategy = strategy
        self.keep_partial = keep_partial
        self.max_messages = max_messages
        self.max_context = max_context
        self._rooms, self._counters = WeakKeyDictionary(), WeakKeyDictionary()

    def __repr__(self) -> str:
        called = f"{self.name!r}, " if self.name else ""
        many = "1 exchange" if len(self.exchanges) == 1 else f"{len(self.exchanges)} exchanges"
        return f"ChatSession({called}{self.llm.model!r}, {many})"

    @classmethod
    def resume(
        cls, name: str, llm: LLMBroker | None = None, *, store: Any = None, **settings: Any
    ) -> Self:
        """A kept conversation, to go on with.

        Args:
            name: What it is called, or its id.
            llm: The broker that is asked; by default one of the model it had.
            store: Where it is kept; by default `.mojentic/sessions.db`.
            **settings: As `ChatSession` takes them; tools are not kept and have to be given.

        Raises:
            StateError: There is none such, or it is damaged.
        """
        chosen = store_of(store)
        found = stored(chosen, name)
        known = dict(found.header.settings)
        config = CompletionConfig(**known.get("config", {}))
        how = {"config": config, **{one: known[one] for one in _KEPT if one in known}, **settings}
        session = cls(llm or LLMBroker(known.get("model")), **how)
        session._take_in(found)
        session._store = chosen
        return session

    def _settings(self) -> dict[str, Any]:
        gateway = self.llm.gateway
        model = self.llm.model
        named = model if gateway.name == model else f"{gateway.name}:{model}"
        config = self.config.model_dump(mode="json", exclude_defaults=True)
        kept = {name: getattr(self, name) for name in _KEPT}
        return {**super()._settings(), **kept, "model": named, "config": config}

    # turns ------------------------------------------------------------------

    def send(self, query: str | LLMMessage, **options: Any) -> Reply:
        """Say something and wait for the answer.

        Args:
            query: Text, or a message of one's own.
            **options: `images=`, `documents=`, `tools=`, `system=` (in the place of the
                system prompt), `llm=` (another broker), `cell=` (what its cell said before goes,
                but for what stands up to the turn `after=`), and what `LLMBroker.generate` takes.

        Raises:
            BadArgument: The call makes no sense; nothing was sent.
            ContextOverflow: What must be sent does not fit; nothing was sent.
            GatewayError: The model could not be reached, refused, or broke off.
        """
        correlation_id = _named(options)
        with closing(self.send_events(query, **options)) as events:
            for event in events:
                if type(event) is TurnFinished:
                    return Reply.of(event, correlation_id=correlation_id)

        raise AssertionError("unreachable")

    __call__ = send

    def send_stream(self, query: str | LLMMessage, **options: Any) -> Iterator[str]:
        """The same, piece by piece; leaving early hangs up."""
        with closing(self.send_events(query, **options)) as events:
            for event in events:
                if type(event) is TextDelta:
                    yield event.text

    def send_object(self, query: str | LLMMessage, object_model: Any, **options: Any) -> Any:
        """Say something and get an object, validated; see `LLMBroker.generate_object`."""
        shape = shape_given(object_model, None)
        with closing(self.send_events(query, shape=shape, **options)) as events:
            for event in events:
                if type(event) is TurnFinished:
                    return event.value

        raise AssertionError("unreachable")

    def send_events(self, query: str | LLMMessage, **options: Any) -> Generator[Event, None, None]:
        """The same with all that happens, to `TurnFinished`."""
        with self._line.turn():
            turn = self._begin(query, options)
            with closing(here(turn.plan.turn, turn.plan.setting)) as events:
                try:
                    for event in events:
                        self._take(turn, event)
                        yield event
                except BaseException as problem:
                    self._broke(turn, problem)
                    raise

    async def asend(self, query: str | LLMMessage, **options: Any) -> Reply:
        """Await what `send` gives."""
        correlation_id = _named(options)
        async with aclosing(self.asend_events(query, **options)) as events:
            async for event in events:
                if type(event) is TurnFinished:
                    return Reply.of(event, correlation_id=correlation_id)

        raise AssertionError("unreachable")

    async def asend_stream(self, query: str | LLMMessage, **options: Any) -> AsyncIterator[str]:
        """Iterate over what `send_stream` gives."""
        async with aclosing(self.asend_events(query, **options)) as events:
            async for event in events:
                if type(event) is TextDelta:
                    yield event.text

    async def asend_object(self, query: str | LLMMessage, object_model: Any, **options: Any) -> Any:
        """Await what `send_object` gives."""
        shape = shape_given(object_model, None)
        async with aclosing(self.asend_events(query, shape=shape, **options)) as events:
            async for event in events:
                if type(event) is TurnFinished:
                    return event.value

        raise AssertionError("unreachable")

    async def asend_events(
        self, query: str | LLMMessage, **options: Any
    ) -> AsyncGenerator[Event, None]:
        """Iterate over what `send_events` gives."""
        async with self._line.aturn():
            await asyncio.to_thread(self._whom, options)  # may ask the provider
            turn = self._begin(query, options)
            async with aclosing(awaiting(turn.plan.turn, turn.plan.setting)) as events:
                try:
                    async for event in events:
                        self._take(turn, event)
                        yield event
                except BaseException as problem:
                    self._broke(turn, problem)
                    raise

    def submit(self, query: str | LLMMessage, **options: Any) -> Job:
        """Say something in the background; `result()` of the job gives the `Reply`."""
        correlation_id = _named(options)
        return Job(lambda: self.asend_events(query, **options), correlation_id=correlation_id)

    # one turn ---------------------------------------------------------------

    def told_before(
        self, *, cell: str = "", after: str = "", system: str | None = None
    ) -> list[LLMMessage]:
        """What stands before a question that `send` would be given with these; sends nothing."""
        return self._told(self._place_of(cell, after)[0], system)

    def _begin(self, query: str | LLMMessage, options: dict[str, Any]) -> _Turn:
        """Plan a turn: everything that can be refused is refused here."""
        shape: Shape | None = options.pop("shape", None)
        cell, after, at = (options.pop(name, None) for name in ("cell", "after", "at"))
        system: str | None = options.pop("system", None)
        question = question_given(query, options.pop("images", ()), options.pop("documents", ()))
        if at is None:
            place, replaces = self._place_of(cell, after)
        else:  # it stays the turn of the cell that asked first
            place, replaces = self.place(at), None
            cell = cell or self.exchanges[place].cell
        llm, config, room = self._whom(options)
        first = self._first_in(room, place)
        begins = None if self._is_aside(llm, config, options) else (first, room)
        tools = options.pop("tools", self.tools)
        for known in ("llm", "config", "num_ctx"):
            options.pop(known, None)
        if llm.gateway.name == "ollama" and not config.num_ctx:
            # It loads a few thousand tokens otherwise, and cuts what is longer without a word.
            config = merged(config, {"num_ctx": room})
        options.setdefault("window", self._window(llm, place, room, first))
        with in_session(self.session_id):
            plan = planned(
                llm,
                [*self._before(place, system, first=first), question],
                tools,
                config,
                options,  # type: ignore[arg-type]
                stream=True,
                shape=shape,
                repairs=REPAIRS,
            )
        self._line.at_work = plan.setting.correlation_id
        taking = Taking(question, cell=cell or "")
        return _Turn(plan=plan, taking=taking, at=place, begins=begins, replaces=replaces)

    def _window(self, llm: LLMBroker, at: int, room: int, first: int) -> Window:
        return Window(
            room,
            self._counter_of(llm),
            strategy=self.strategy,
            max_messages=self.max_messages,
            earlier=self.summary if at >= self._first else "",
            left_out=len(flattened(self.exchanges[:first])),
        )

    def _place_of(self, cell: str | None, after: str | None) -> tuple[int, frozenset[str]]:
        """Where a turn belongs, and the ids of those whose place it takes.

        A cell's is where its turns were before, which all go; at the end, where it had none.
        """
        if not cell and not after:
            return len(self.exchanges), frozenset()
        for place, one in enumerate(self.exchanges, start=1):
            if after and one.correlation_id == after:
                return place, frozenset()

        own = [(at, one.id) for at, one in enumerate(self.exchanges) if cell and one.cell == cell]
        return (own[0][0] if own else len(self.exchanges)), frozenset(name for _, name in own)

    def _take(self, turn: _Turn, event: Event) -> None:
        turn.taking.take(event)
        if type(event) is TurnFinished:
            correlation_id = turn.plan.setting.correlation_id
            self._commit(turn, turn.taking.whole(event, correlation_id=correlation_id))

    def _broke(self, turn: _Turn, problem: BaseException) -> None:
        if isinstance(problem, GatewayError):
            self._rooms.clear()  # whoever could not be asked may have more to say next time
        has_failed = isinstance(problem, Exception)
        is_kept = not has_failed if self.keep_partial == "stopped" else self.keep_partial
        if is_kept and not turn.taking.is_committed:
            partial = turn.taking.partial(correlation_id=turn.plan.setting.correlation_id)
            if partial is not None:
                self._commit(turn, partial)

    def _commit(self, turn: _Turn, exchange: Exchange) -> None:
        """The turn is over: from here on it is part of the conversation."""
        taking = turn.taking
        if turn.begins is not None:
            gone, summary, (first, room) = taking.trimmed, taking.summary, turn.begins
            self._leave_behind(gone, before=turn.at, summary=summary, first=first, room=room)
        self._put(turn.at, exchange, replaces=turn.replaces)
        taking.is_committed = True  # not before: an interrupt may land in any of these lines
        self._changed(turn.at)

    # other turns ------------------------------------------------------------

    def edit(self, at: int, query: str | LLMMessage, **options: Any) -> Reply:
        """Say something else in the place of an exchange; what followed becomes a branch.

        Args:
            at: Which one, from 0; -1 for the last.
            query: What to say.
            **options: As `send` takes them.

        Raises:
            BadArgument: There is no such exchange.
        """
        return self.send(query, at=self.place(at), **options)

    def retry(self, *, model: Any = None, **options: Any) -> Reply:
        """Ask the last question again, of another model if one is named; as `edit` does.

        Raises:
            BadArgument: Nothing was asked yet.
        """
        place = self.place(-1)
        if model is not None:
            options["llm"] = LLMBroker(model) if isinstance(model, str) else broker_given(model)
        return self.edit(place, self.exchanges[place].messages[0], **options)


def _named(options: dict[str, Any]) -> str:
    """The id of a turn that is about to begin, given or made."""
    correlation_id: str = options.get("correlation_id") or ids.correlation_id()
    options["correlation_id"] = correlation_id
    return correlation_id
