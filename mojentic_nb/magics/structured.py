"""One `%%structured` call: from a text to a validated object in a variable.

Law: the call stands alone, outside the conversation: what was said before must not leak
into what is read from a text. A list becomes a DataFrame; everything else stays itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from mojentic_nb import ids
from mojentic_nb.errors import BadArgument, MojenticError, ObjectError, scrub
from mojentic_nb.events import (
    Envelope,
    FellBack,
    Limited,
    ModelAsked,
    Repairing,
    Retrying,
    Summarised,
    TextDelta,
    ToolReturned,
    Trimmed,
    TurnFinished,
)
from mojentic_nb.magics.arguments import Flags
from mojentic_nb.magics.asking import (
    INTERRUPTED,
    Call,
    Desk,
    about,
    completion_config,
    footer_of,
    is_timed,
    question,
    sent,
)
from mojentic_nb.magics.composing import system_of
from mojentic_nb.magics.costs import Spending
from mojentic_nb.magics.failures import Stopped
from mojentic_nb.magics.frame import (
    fallback_remark,
    limited_note,
    retry_note,
)
from mojentic_nb.magics.interpolate import Interpolated
from mojentic_nb.magics.live_object import LiveObject, may_grow
from mojentic_nb.magics.names import LAST, bind, check_name
from mojentic_nb.magics.objects import bundle, framed, is_many, ready_for
from mojentic_nb.magics.prompt import note
from mojentic_nb.magics.publishing import publish
from mojentic_nb.magics.surroundings import is_terminal
from mojentic_nb.magics.tools import tools_named
from mojentic_nb.magics.toolshed import fittings_of
from mojentic_nb.magics.types_named import type_named
from mojentic_nb.reply import Reply
from mojentic_nb.schema import Shape
from mojentic_nb.views.reply_line import reply_line
from mojentic_nb.views.tool_line import call_line
from mojentic_nb.views.window_line import window_line

__all__ = ["structured"]


def structured(
    desk: Desk, flags: Flags, typed: str, text: Interpolated, namespace: Mapping[str, Any]
) -> Any:
    """Ask for an object, show it, bind it and return it.

    Raises:
        BadArgument: The type or a flag makes no sense; nothing was sent.
        ObjectError: No answer fitted.
        Stopped: The reader interrupted; what had come is in `_llm`.
        GatewayError: The model could not be reached, refused, or broke off.
    """
    check_name(flags.out, desk.shell.user_ns)
    if not text.text.strip():
        raise BadArgument("There is no text to read.", hint="Write it under %%structured.")

    target = type_named(typed, namespace)
    call = Call(
        flags=flags,
        question=question(desk, flags, text.text, namespace),
        is_alone=True,
        config=completion_config(desk.session.settings, flags),
        tools=tools_named(flags.tools or (), namespace, lambda: fittings_of(desk)),
        used=text.used,
        system=system_of(flags, None),
    )
    if flags.dry_run:
        from mojentic_nb.magics.dry_run import show

        show(
            call, sent(desk, call), model=desk.session.named_model(flags.model), shape=Shape(target)
        )
        return None

    return _Reading(desk, call, target).run()


class _Reading:
    """One call under way, and the ways it can end."""

    def __init__(self, desk: Desk, call: Call, target: Any) -> None:
        flags = call.flags
        stream = "off" if flags.no_stream else desk.session.value("stream")
        self._desk = desk
        self._call = call
        self._target = target
        self._broker = desk.session.broker(flags.model)
        self._spending = Spending(f"{self._broker.gateway.name}:{self._broker.model}")
        self._listener = _Listener(ids.correlation_id(), self._spending, quiet=flags.quiet)
        self._live: LiveObject | None = None
        if may_grow(desk.shell, stream=stream, quiet=flags.quiet):
            self._live = LiveObject(target, as_frame=flags.frame)

    def run(self) -> Any:
        """Ask, show, and end in an object, a `Stopped` or an error."""
        ready_for(self._target, as_frame=self._call.flags.frame)
        stop_listening = self._broker.subscribe(self._listener)
        try:
            value = self._object()
        except KeyboardInterrupt:
            raise self._stopped() from None
        except ObjectError as error:
            self._left("the answer did not fit")
            self._keep(error.raw)
            error.hint = error.hint.replace("the error's .raw", LAST)
            raise
        except MojenticError as error:
            self._left("broken off: the rest of the answer never came")
            partial = getattr(error, "partial", "")
            if partial:
                self._keep(partial)
            raise
        finally:
            stop_listening()
            if self._spending.calls:
                self._desk.session.count(self._spending.usage, self._spending.dollars)

        return self._delivered(value)

    def _object(self) -> Any:
        call, messages = self._call, sent(self._desk, self._call)
        asked: dict[str, Any] = {
            "tools": call.tools or None,
            "correlation_id": self._listener.id,
            "timeout": call.flags.timeout,
        }
        if self._live is None:
            return self._broker.generate_object(messages, self._target, call.config, **asked)

        value = None
        growing = self._broker.generate_object_stream(messages, self._target, call.config, **asked)
        with closing(growing):  # type: ignore[type-var]
            for value in growing:
                self._live.take(value)

        return value

    def _stopped(self) -> Stopped:
        text = self._listener.text
        if not text:
            return Stopped("Stopped; no object was made.")

        told = f"{len(text):,} characters"
        self._left(f"stopped after {told}")
        self._keep(text, reason=INTERRUPTED)
        return Stopped(f"Stopped after {told}; no object was made. The text so far is in {LAST}.")

    def _left(self, why: str) -> None:
        if self._live is not None:
            self._live.leave(why)

    def _keep(self, text: str, *, reason: str = "error") -> None:
        raw = Reply(
            text,
            finish_reason=reason,
            is_partial=True,
            usage=self._spending.usage,
            model=self._broker.model,
            correlation_id=self._listener.id,
        )
        bind(self._desk.shell, LAST, raw)

    def _delivered(self, value: Any) -> Any:
        desk, flags, reply = self._desk, self._call.flags, self._listener.reply
        result = framed(value, self._target) if flags.frame or is_many(value) else value
        bind(desk.shell, LAST, value)
        bind(desk.shell, flags.out, result)
        self._show(result, reply)
        return result

    def _show(self, result: Any, reply: Reply) -> None:
        shell = self._desk.shell
        line = ""
        if is_timed(self._desk):
            line = reply_line(**footer_of(self._desk, reply, self._spending.dollars))
        if not self._call.flags.quiet:
            shown = bundle(result, "" if is_terminal(shell) else line)
            if self._live is not None:
                self._live.finish(shown, about(reply, self._spending.dollars))
            else:
                publish(shown, about=about(reply, self._spending.dollars))

        self._desk.once.shown(result, line or type(result).__name__)


class _Listener:
    """Hears how one call goes: tells of waits and repairs, and keeps its end."""

    def __init__(self, correlation_id: str, spending: Spending, *, quiet: bool) -> None:
        self.id = correlation_id
        self._spending = spending
        self.reply = Reply()
        self._quiet = quiet
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        """The answer so far, where it comes in pieces: since the model was last asked."""
        return "".join(self._pieces)

    def __call__(self, envelope: Envelope) -> None:
        if envelope.correlation_id != self.id:
            return

        event = envelope.event
        self._spending.take(event)
        if isinstance(event, TextDelta):
            self._pieces.append(event.text)
        elif isinstance(event, ModelAsked):
            self._pieces.clear()
        elif isinstance(event, ToolReturned):
            self._tell(call_line(event.call, event, timed=False, clean=scrub))
        elif isinstance(event, TurnFinished):
            self.reply = Reply.of(event, correlation_id=self.id)
        elif isinstance(event, Repairing):
            self._tell(f"The answer did not fit: {event.problem}. Asking again.")
        elif isinstance(event, Retrying):
            self._tell(f"{retry_note(event)}.")
        elif isinstance(event, Limited):
            self._tell(f"{limited_note(event)}.")
        elif isinstance(event, FellBack):
            self._tell(f"{fallback_remark(event)}.")
        elif isinstance(event, Trimmed | Summarised):
            self._tell(f"{window_line(event)}.")

    def _tell(self, text: str) -> None:
        if not self._quiet:
            note(text)
