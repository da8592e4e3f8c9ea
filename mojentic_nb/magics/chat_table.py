"""Conversations as tables: the turns of one, its branches, and all that are kept.

Law: shows, and changes nothing. Where no person looks, nothing that varies from run to run.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from mojentic_nb.chat.exchange import Exchange
from mojentic_nb.magics.asking import Desk, is_timed
from mojentic_nb.magics.publishing import publish, table
from mojentic_nb.views import numbers
from mojentic_nb.views.table import html_table, text_table

if TYPE_CHECKING:
    from mojentic_nb.chat import ChatSession

__all__ = ["show", "show_branches", "show_list"]

_LONGEST = 48


def show(desk: Desk) -> None:
    """The conversation at hand: its turns, and what fills the model's window."""
    chat = desk.session.chats.followed()
    if chat is None or not chat.exchanges:
        name = f"{chat.name!r}: nothing" if chat is not None and chat.name else "Nothing"
        has_branches = chat is not None and bool(chat.branches)
        hint = "branches shows what was taken back" if has_branches else "list shows what is kept"
        yet = "is left" if has_branches else "was said yet"
        sys.stdout.write(f"{name} {yet}. %llm_chat {hint}.\n")
        return

    columns = ("turn", "asked", "answered", "model", "tokens", "")
    rows = [(place, *_row(one)) for place, one in enumerate(chat.exchanges, start=1)]
    caption = _caption(chat)
    html = html_table(columns, rows, caption)
    plain = f"{caption}\n{text_table(columns, rows)}"
    # What is counted without the model's own ranks differs with what is installed.
    if is_timed(desk):
        context = chat.context()
        html, plain = f"{html}{context._repr_html_()}", f"{plain}\n\n{context!r}"

    publish({"text/html": html, "text/plain": plain})


def _caption(chat: ChatSession) -> str:
    name = chat.name or "this notebook's conversation"
    count = len(chat.exchanges)
    words = [name, "1 turn" if count == 1 else f"{count:,} turns"]
    if chat.branches:
        several = len(chat.branches)
        words.append("1 branch" if several == 1 else f"{several:,} branches")
    return " · ".join(words)


def _row(one: Exchange) -> tuple[str, ...]:
    marks = [
        *(["broken off"] if one.is_partial else []),
        *(["given before a change"] if one.is_stale else []),
    ]
    used = one.usage
    tokens = f"{numbers.tokens(used.input_tokens)} → {numbers.tokens(used.output_tokens)}"
    return _short(one.question), _short(one.answer), one.model, tokens, ", ".join(marks)


def _short(text: str) -> str:
    words = " ".join(text[: 4 * _LONGEST].split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def show_branches(chat: ChatSession) -> None:
    """How a conversation went on before it was edited."""
    rows = [
        (one.id[:4], one.at, len(one.exchanges), _short(one.exchanges[0].question))
        for one in chat.branches
    ]
    table(("branch", "after turn", "turns", "begins"), rows, caption=_caption(chat))


def show_list(desk: Desk) -> None:
    """All conversations there are, the one at hand marked."""
    chats = desk.session.chats
    timed = is_timed(desk)
    here = chats.present.name if chats.present else ""
    rows: list[tuple[object, ...]] = []
    if not here or (chats.own is not None and not chats.own.name):
        own = chats.own.exchanges if chats.own else ()
        begins = _short(own[0].question) if own else ""
        rows.append(("" if here else "→", "notebook", len(own), begins, *([""] if timed else [])))
    for one in chats.kept():
        turns = one.summary.get("exchanges")
        when = [_when(one.updated_ns)] if timed else []
        rows.append(("→" if one.name == here else "", one.name, turns, _short(one.title), *when))

    columns = ("", "conversation", "turns", "begins", *(["changed"] if timed else []))
    table(columns, rows)


def _when(epoch_ns: int) -> str:
    return datetime.fromtimestamp(epoch_ns / 1e9).strftime("%Y-%m-%d %H:%M")
