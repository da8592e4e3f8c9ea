"""One `%llm` call, from its prompt to the reply in the notebook.

Law: checks come first and send nothing. Then events go to the live output as they come,
and the reply is shown, kept and bound however the turn ends: whole, stopped or broken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mojentic_nb import ids
from mojentic_nb.clock import SystemClock
from mojentic_nb.config import CompletionConfig, merged
from mojentic_nb.errors import BadArgument, MojenticError, ObjectError
from mojentic_nb.events import Event, TurnFinished
from mojentic_nb.magics import formats
from mojentic_nb.magics.arguments import Flags
from mojentic_nb.magics.code_blocks import put_next
from mojentic_nb.magics.composing import system_of
from mojentic_nb.magics.costs import Spending, left
from mojentic_nb.magics.failures import Stopped
from mojentic_nb.magics.frame import Frame
from mojentic_nb.magics.last_image import LastImage, images_named
from mojentic_nb.magics.live import Live, opened
from mojentic_nb.magics.names import LAST, bind, check_name
from mojentic_nb.magics.once import Once
from mojentic_nb.magics.prompt import note
from mojentic_nb.magics.session import Session
from mojentic_nb.magics.settings import Settings, held
from mojentic_nb.magics.surroundings import is_attended
from mojentic_nb.magics.tools import tools_named
from mojentic_nb.magics.toolshed import fittings_of
from mojentic_nb.messages import LLMMessage
from mojentic_nb.place import in_session
from mojentic_nb.reply import Reply
from mojentic_nb.views.reply_line import reply_line, reply_line_markdown

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mojentic_nb.broker import LLMBroker

__all__ = ["Call", "Desk", "about", "ask", "footer_of", "is_timed", "planned", "question", "sent"]

INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where calls are made: the notebook's shell, its conversation, what it has shown."""

    shell: InteractiveShell
    session: Session
    once: Once
    last_image: LastImage


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that has been checked and may be sent.

    Attributes:
        question: What the person says, with the pictures.
        is_alone: It is neither told the conversation nor becomes part of it.
        system: The system message of this call alone; None for the usual one.
        used: What was put in, by reference, in a few words.
        at: The exchange it takes the place of, from 0.
    """

    flags: Flags
    question: LLMMessage
    is_alone: bool
    config: CompletionConfig
    tools: list[Any]
    used: Mapping[str, str]
    system: str | None = None
    at: int | None = None


def planned(
    desk: Desk,
    flags: Flags,
    prompt: str,
    used: Mapping[str, str],
    namespace: Mapping[str, Any],
    *,
    at: int | None = None,
) -> Call:
    """Check everything that can be checked without sending.

    Args:
        desk: Where the call is made.
        flags: Of the call.
        prompt: With the notebook's values in place.
        used: What was put in, by reference, in a few words.
        namespace: The notebook's variables.
        at: The exchange it takes the place of, from 0.

    Raises:
        BadArgument: A flag's value makes no sense.
    """
    if not prompt.strip():
        raise BadArgument("There is nothing to ask.", hint="Write a prompt; %llm? shows how.")

    session = desk.session
    check_name(flags.out, desk.shell.user_ns)
    names = session.value("tools") if flags.tools is None else flags.tools
    return Call(
        flags=flags,
        question=question(desk, flags, prompt, namespace),
        is_alone=flags.fresh,
        config=completion_config(session.settings, flags),
        tools=tools_named(names, namespace, lambda: fittings_of(desk)),
        used=used,
        system=system_of(flags, None),
        at=at,
    )


def question(desk: Desk, flags: Flags, prompt: str, namespace: Mapping[str, Any]) -> LLMMessage:
    """A prompt with its pictures.

    Raises:
        BadArgument: There is no such picture.
    """
    return LLMMessage.user(prompt, images=images_named(flags.image, namespace, desk.last_image))


def sent(desk: Desk, call: Call) -> list[LLMMessage]:
    """All that is said: the system message, the conversation so far if it is told, the question."""
    before = desk.session.told_before(call.system, is_alone=call.is_alone)
    return [*before, call.question]


def completion_config(settings: Settings, flags: Flags) -> CompletionConfig:
    """The settings of a completion: the notebook's, overlaid by the call's."""
    names = ("temperature", "max_tokens")
    base = merged(None, {name: held(settings, name).value for name in names})
    return merged(base, {"temperature": flags.temperature, "max_tokens": flags.max_tokens})


def is_timed(desk: Desk) -> bool:
    """Whether what varies between runs is shown: where a person looks, or as configured."""
    wish = desk.session.value("footer")
    return is_attended(desk.shell) if wish == "auto" else wish == "on"


def ask(desk: Desk, call: Call) -> Reply:
    """Send a call and show what comes back.

    Raises:
        Stopped: The reader interrupted; what had come is in `_llm`.
        GatewayError: The model could not be reached, refused, or broke off.
        ObjectError: The reply came, and is not in the format it should be shown in.
    """
    session, flags = desk.session, call.flags
    broker = session.broker(flags.model)
    is_math = flags.math or session.value("math")
    frame = Frame(math=is_math, timed=is_timed(desk), style=flags.format)
    stream = "off" if flags.no_stream else session.value("stream")
    live = opened(desk.shell, frame, stream=stream, quiet=flags.quiet)
    return _Turn(desk, call, broker, live).run()


class _Turn:
    """One turn under way, and the three ways it can end."""

    def __init__(self, desk: Desk, call: Call, broker: LLMBroker, live: Live) -> None:
        self._desk = desk
        self._call = call
        self._broker = broker
        self._live = live
        self._id = ids.correlation_id()
        self._now = SystemClock.now
        self._asked_at = self._now()
        self._first_at: float | None = None
        self._is_counted = False
        self._stale = desk.session.stale
        self._spending = Spending(f"{broker.gateway.name}:{broker.model}")

    def run(self) -> Reply:
        """Send, show, and end in a reply, a `Stopped` or an error."""
        try:
            try:
                reply = self._finished()
            except MojenticError as error:
                self._broken(error)
                raise
            return self._delivered(reply)
        except KeyboardInterrupt:
            raise self._stopped() from None

    def _delivered(self, reply: Reply) -> Reply:
        trouble = formats.trouble(reply.content, self._call.flags.format)
        self._kept(reply)
        self._show(reply, _why_partial(reply) or trouble)
        if trouble and self._call.flags.format == "json":
            raise _unfit(trouble, reply)

        bind(self._desk.shell, self._call.flags.out, reply)
        if self._call.flags.code and not put_next(self._desk.shell, reply.content):
            note("There is no code in the reply, so no cell was made.")
        return reply

    def _finished(self) -> Reply:
        with closing(self._events()) as events:  # type: ignore[type-var]
            for event in events:
                self._live.take(event)
                if self._first_at is None and self._live.frame.size:
                    self._first_at = self._now()
                self._spending.take(event)
                if type(event) is TurnFinished:
                    return Reply.of(event, correlation_id=self._id)

        raise AssertionError("a turn ends in TurnFinished or raises")

    def _events(self) -> Iterator[Event]:
        call, flags = self._call, self._call.flags
        how: dict[str, Any] = {"correlation_id": self._id, "timeout": flags.timeout}
        tools, config = call.tools or None, call.config
        if not call.is_alone:
            how |= {"is_usual": flags.model is None, "system": call.system, "at": call.at}
            return self._desk.session.events(
                call.question, self._broker, tools=tools, config=config, **how
            )

        # A call that neither sends nor keeps the conversation is none of it in the trace either.
        with in_session(""):  # its place is read here; the events come later
            return self._broker.generate_events(sent(self._desk, call), tools, config, **how)

    def _stopped(self) -> Stopped:
        reply = self._partial(INTERRUPTED)
        told = f"{len(reply):,} characters"
        if reply.content:
            self._kept(reply)
        elif self._spending.calls:
            self._count(reply)
        self._show(reply, f"stopped after {told}" if reply.content else "stopped")
        if not reply.content:
            return Stopped("Stopped before the first word.")

        bind(self._desk.shell, self._call.flags.out, reply)
        return Stopped(f"Stopped after {told}; the text so far is in {LAST}.")

    def _broken(self, error: MojenticError) -> None:
        reply = self._partial("error")
        if self._spending.calls:
            self._count(reply)
        if reply.content or getattr(error, "partial", ""):
            self._show(reply, "broken off: the rest of the answer never came")
            bind(self._desk.shell, LAST, reply)
            return

        frame = self._live.frame
        frame.note = ""
        # An output that told of waits is there already, and must not stay blank.
        is_seen = self._live.is_open or not frame.is_empty
        told = f"asked {frame.retries + 1} times" if frame.retries else "no answer came"
        self._show(reply, told if is_seen else "")

    def _partial(self, reason: str) -> Reply:
        now = self._now()
        first = self._first_at
        return Reply(
            self._live.frame.text,
            thinking=self._live.frame.thinking,
            finish_reason=reason,
            usage=self._spending.usage,
            model=self._broker.model,
            duration_s=now - self._asked_at,
            ttft_s=None if first is None else first - self._asked_at,
            correlation_id=self._id,
            is_partial=True,
        )

    def _count(self, reply: Reply) -> None:
        if not self._is_counted:  # by a reply that was interrupted as it was delivered
            self._is_counted = True
            self._desk.session.count(reply.usage, self._spending.dollars)

    def _kept(self, reply: Reply) -> None:
        self._count(reply)
        bind(self._desk.shell, LAST, reply)
        stale = self._desk.session.stale - self._stale
        if stale:
            answers = (
                "1 later answer was" if len(stale) == 1 else f"{len(stale)} later answers were"
            )
            self._live.frame.remarks.append(f"{answers} given before this changed")

    def _show(self, reply: Reply, mark: str) -> None:
        frame = self._live.frame
        frame.note = ""
        frame.mark = mark
        frame.is_whole = True
        line = with_footer(self._desk, frame, reply, self._spending.dollars)
        told = about(reply, self._spending.dollars)
        told["provider"] = self._broker.gateway.name
        self._live.finish({**told, "answer": frame.place_of(reply), "retries": frame.retries})
        self._desk.once.shown(reply, line)


def _unfit(trouble: str, reply: Reply) -> ObjectError:
    return ObjectError(
        f"The reply is {trouble}.",
        hint=f"It is whole in {LAST}; ask for JSON alone, or use %%structured.",
        raw=reply.content,
    )


def with_footer(desk: Desk, frame: Frame, reply: Reply, dollars: float | None = None) -> str:
    """Put the quiet line under the frame where it is wanted; what `Out[n]:` may say."""
    if not is_timed(desk):
        return f"a reply of {len(reply):,} characters"

    told = footer_of(desk, reply, dollars)
    if not frame.is_empty:
        frame.footer = (reply_line_markdown(**told), reply_line(**told))
    return reply_line(**told)


def footer_of(desk: Desk, reply: Reply, dollars: float | None) -> dict[str, Any]:
    """What the quiet line says of a reply, as `views.reply_line` takes it."""
    rest = left(desk.session.budget)
    return {
        "model": reply.model,
        "duration_s": reply.duration_s,
        "ttft_s": reply.ttft_s,
        "usage_in": reply.usage.input_tokens,
        "usage_out": reply.usage.output_tokens,
        "dollars": dollars,
        "marks": [
            *(["partial"] if reply.is_partial else []),
            *(["cached"] if reply.is_cached else []),
            *([rest] if rest else []),
        ],
    }


def about(reply: Reply, dollars: float | None) -> dict[str, Any]:
    """What an output's metadata say of its reply; JSON, and no word of the prompt."""
    return {
        "correlation_id": reply.correlation_id,
        "model": reply.model,
        "usage": {name: n for name, n in asdict(reply.usage).items() if n is not None},
        "cost_usd": dollars,
        "duration_s": round(reply.duration_s, 4),
        "ttft_s": None if reply.ttft_s is None else round(reply.ttft_s, 4),
        "finish_reason": reply.finish_reason,
        "is_partial": reply.is_partial,
        "is_cached": reply.is_cached,
    }


def _why_partial(reply: Reply) -> str:
    if reply.finish_reason == "length":
        return "cut at its bound: raise --max-tokens for more"
    if reply.finish_reason == "content_filter":
        return "cut by the provider's filter"

    return "" if reply.content.strip() else "an empty reply"
