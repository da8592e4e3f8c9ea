"""One `%%structured` call: from a text to a validated object in a variable.

Law: the call stands alone, outside the conversation: what was said before must not leak
into what is read from a text. A list becomes a DataFrame; everything else stays itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mojentic_nb.errors import BadArgument, ObjectError
from mojentic_nb.events import Envelope, Repairing, Retrying, TurnFinished
from mojentic_nb.magics.arguments import Flags
from mojentic_nb.magics.asking import Call, Desk, about, completion_config, is_timed
from mojentic_nb.magics.failures import Stopped
from mojentic_nb.magics.frame import retry_note
from mojentic_nb.magics.interpolate import Interpolated
from mojentic_nb.magics.names import LAST, bind, check_name
from mojentic_nb.magics.objects import bundle, framed, is_many
from mojentic_nb.magics.prompt import note
from mojentic_nb.magics.publishing import publish
from mojentic_nb.magics.surroundings import is_terminal
from mojentic_nb.magics.types_named import type_named
from mojentic_nb.reply import Reply
from mojentic_nb.schema import Shape
from mojentic_nb.views.reply_line import reply_line

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["structured"]


def structured(
    desk: Desk, flags: Flags, typed: str, text: Interpolated, namespace: Mapping[str, Any]
) -> Any:
    """Ask for an object, show it, bind it and return it.

    Raises:
        BadArgument: The type or a flag makes no sense; nothing was sent.
        ObjectError: No answer fitted.
        Stopped: The reader interrupted.
    """
    check_name(flags.out, desk.shell.user_ns)
    if not text.text.strip():
        raise BadArgument("There is no text to read.", hint="Write it under %%structured.")

    target = type_named(typed, namespace)
    call = Call(
        prompt=text.text,
        flags=flags,
        messages=desk.session.messages(text.text, system=flags.system, fresh=True),
        config=completion_config(desk.session.settings, flags),
        tools=[],
        used=text.used,
    )
    if flags.dry_run:
        from mojentic_nb.magics.dry_run import show

        show(call, model=desk.session.named_model(flags.model), shape=Shape(target))
        return None

    value, reply = _made(desk, call, target)
    return _delivered(desk, call, target, value, reply)


def _made(desk: Desk, call: Call, target: Any) -> tuple[Any, Reply]:
    broker = desk.session.broker(call.flags.model)
    listener = _Listener(str(uuid4()), quiet=call.flags.quiet)
    stop_listening = broker.subscribe(listener)
    try:
        value = _object(broker, call, target, listener.id)
    except KeyboardInterrupt:
        raise Stopped("Stopped; no object was made.") from None
    except ObjectError as error:
        raw = Reply(error.raw, model=broker.model, finish_reason="error", is_partial=True)
        bind(desk.shell, LAST, raw)
        error.hint = error.hint.replace("the error's .raw", LAST)
        raise
    finally:
        stop_listening()

    return value, listener.reply


def _object(broker: LLMBroker, call: Call, target: Any, correlation_id: str) -> Any:
    return broker.generate_object(call.messages, target, call.config, correlation_id=correlation_id)


class _Listener:
    """Hears how one call goes: tells of waits and repairs, and keeps its end."""

    def __init__(self, correlation_id: str, *, quiet: bool) -> None:
        self.id = correlation_id
        self.reply = Reply()
        self._quiet = quiet

    def __call__(self, envelope: Envelope) -> None:
        if envelope.correlation_id != self.id:
            return

        event = envelope.event
        if isinstance(event, TurnFinished):
            self.reply = Reply.of(event, correlation_id=self.id)
        elif isinstance(event, Repairing):
            self._tell(f"The answer did not fit: {event.problem}. Asking again.")
        elif isinstance(event, Retrying):
            self._tell(f"{retry_note(event)}.")

    def _tell(self, text: str) -> None:
        if not self._quiet:
            note(text)


def _delivered(desk: Desk, call: Call, target: Any, value: Any, reply: Reply) -> Any:
    result = framed(value, target) if call.flags.frame or is_many(value) else value
    desk.session.count(reply.usage)
    bind(desk.shell, LAST, value)
    bind(desk.shell, call.flags.out, result)
    _show(desk, result, reply, quiet=call.flags.quiet)
    return result


def _show(desk: Desk, result: Any, reply: Reply, *, quiet: bool) -> None:
    line = _line(reply) if is_timed(desk) else ""
    if not quiet:
        in_output = "" if is_terminal(desk.shell) else line
        publish(bundle(result, in_output), about=about(reply))

    desk.once.shown(result, line or type(result).__name__)


def _line(reply: Reply) -> str:
    return reply_line(
        model=reply.model,
        duration_s=reply.duration_s,
        ttft_s=reply.ttft_s,
        usage_in=reply.usage.input_tokens,
        usage_out=reply.usage.output_tokens,
    )
