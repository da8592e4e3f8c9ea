"""`%llm_config`: the settings as a table, and changes to them.

Law: a line is read whole before anything of it takes effect.
"""

from __future__ import annotations

import os
import sys

from mojentic_nb.magics.publishing import table
from mojentic_nb.magics.session import Session
from mojentic_nb.magics.settings import (
    MODEL_VARIABLE,
    SETTINGS,
    Settings,
    assigned,
    change,
    origin,
)
from mojentic_nb.views import numbers

__all__ = ["configure"]


def configure(session: Session, line: str) -> None:
    """Show the settings, or do what the line says.

    Raises:
        BadArgument: A name is no setting, or a value not one it can have; nothing changed.
    """
    match line.strip():
        case "":
            _show(session)
        case "reset":
            session.restart([name for name in SETTINGS if name != "name"])
            _say("Settings and conversation are as at the start.")
        case "forget":
            session.forget()
            _say("The conversation begins anew.")
        case given:
            _change_all(session.settings, given)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _change_all(settings: Settings, line: str) -> None:
    pairs = list(assigned(line))
    before = {name: getattr(settings, name) for name, _ in pairs}
    try:
        for name, text in pairs:
            change(settings, name, text)
    except Exception:
        for name, value in before.items():
            setattr(settings, name, value)
        raise


def _show(session: Session) -> None:
    rows = [_row(session, name) for name in SETTINGS]
    usage = session.usage
    tokens = f"{numbers.tokens(usage.input_tokens)} → {numbers.tokens(usage.output_tokens)} tok"
    rows.append(("conversation", _counted(len(session.history), "turn"), ""))
    total = f"{_counted(session.calls, 'call')}, {tokens}" if session.calls else "no calls"
    rows.append(("so far", total, ""))
    table(("setting", "value", "where from"), rows)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _row(session: Session, name: str) -> tuple[str, object, str]:
    settings = session.settings
    value = getattr(settings, name)
    come_from = origin(settings, name)
    if name == "model" and not value:
        found = session.named_model()
        value = found or "found at the first call"
        if found and not os.environ.get(MODEL_VARIABLE):
            come_from = "found"
    if name == "stream" and come_from.startswith("from "):
        value = os.environ[SETTINGS[name]]

    return name, "on" if value is True else "off" if value is False else value or None, come_from
