"""`%llm_history`: what was said, as a DataFrame.

Law: the conversation at hand tells itself, as it is now; the trace knows the cells' numbers, and
all that was ever said. No times and no ids: those are in the frames of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojentic_nb.chat.exchange import BROKEN_OFF
from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import read_around
from mojentic_nb.magics.asking import Desk
from mojentic_nb.magics.names import bind, check_name
from mojentic_nb.magics.options import HISTORY
from mojentic_nb.magics.tracing import session_named
from mojentic_nb.tracer.system import TracerSystem

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["history"]

_KINDS = {
    "conversation": "string",
    "cell": "Int64",
    "role": "string",
    "text": "string",
    "tool": "string",
    "model": "string",
    "characters": "Int64",
}


def history(desk: Desk, tracer: TracerSystem, line: str) -> DataFrame:
    """The conversation, one message a row, oldest first.

    Raises:
        BadArgument: The line cannot be read, or there is no such conversation.
    """
    read = read_around(line, HISTORY, magic="%llm_history")
    out = read.last("out")
    name = read.last("session")
    check_name(out, desk.shell.user_ns)
    if read.rest:
        hint = "Write --session NAME for another conversation."
        raise BadArgument(f"%llm_history {read.rest}: only flags are taken.", hint=hint)
    if name and "all" in read.typed:
        raise BadArgument("--all and --session exclude each other.")

    if "all" in read.typed:
        frame = _traced(tracer, None)
    elif name:
        frame = _traced(tracer, session_named(tracer, name)).drop(columns="conversation")
    else:
        frame = _remembered(desk, tracer)

    bind(desk.shell, out, frame)
    return frame


def _traced(tracer: TracerSystem, session_id: str | None) -> DataFrame:
    """Messages that no earlier call of their conversation had."""
    calls, messages = tracer.calls_df, tracer.messages_df
    wanted = calls if session_id is None else calls[calls["session_id"] == session_id]
    about = wanted[["span_id", "session_id", "cell", "model"]]
    found = messages[messages["is_new"]].merge(about, on="span_id")
    titles = tracer.sessions_df.set_index("session_id")["title"]
    came = found["direction"] == "out"
    # An answer that asks for tools is mostly without a word.
    used = tracer.tools_df.groupby("call_span_id")["tool"].agg(", ".join)
    asked = found["span_id"].map(used).where(came).astype("string")
    columns = {
        "conversation": found["session_id"].map(titles).fillna(found["session_id"]),
        "cell": found["cell"],
        "role": found["role"],
        "text": found["text"],
        "tool": found["tool_name"].astype("string").fillna(asked).fillna(""),
        # Who wrote it; a person and a tool have no model.
        "model": found["model"].astype("string").where(came, ""),
        "characters": found["n_chars"],
    }
    return _frame(columns)


def _remembered(desk: Desk, tracer: TracerSystem) -> DataFrame:
    calls = tracer.calls_df
    cells = dict(zip(calls["correlation_id"], calls["cell"], strict=True))
    exchanges = desk.session.exchanges
    said = [(one, message) for one in exchanges for message in one.messages]
    texts = [(message.content or "").removesuffix(BROKEN_OFF) for _, message in said]
    columns = {
        "cell": [cells.get(one.correlation_id) for one, _ in said],
        "role": [str(message.role) for _, message in said],
        "text": texts,
        "tool": [", ".join(call.name for call in message.tool_calls or ()) for _, message in said],
        "model": [one.model if message.role == "assistant" else "" for one, message in said],
        "characters": [len(text) for text in texts],
    }
    return _frame(columns)


def _frame(columns: dict[str, Any]) -> DataFrame:
    from pandas import DataFrame

    kinds: dict[Any, Any] = {name: _KINDS[name] for name in columns}
    return DataFrame(columns).astype(kinds)
