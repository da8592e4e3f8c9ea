"""What a chat leaves in a saved notebook: the conversation, readable without a kernel.

Law: plain Markdown, HTML and text, in which nothing acts. Bounded from its beginning, as it is
written anew after every turn; what is left out is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from mojentic_nb.chat import ChatSession
from mojentic_nb.chat.export_markdown import answer_in, question_in
from mojentic_nb.chat.pieces import Fold, Said, Told
from mojentic_nb.chat.transcript import told_lines
from mojentic_nb.views.rendered import rendered
from mojentic_nb.views.theme import CSS_CLASS, NO_MATH
from mojentic_nb.widgets.chat_view import part_of

__all__ = ["transcript_bundle"]

# Characters of what was said. One turn more costs no more than this.
LONGEST = 60_000

# The transcript and the widget stand one after the other in a cell; a page shows the first
# that works. A notebook that is opened again has the transcript: no kernel, no widget.
STILL = (
    "<style>.jp-OutputArea-child:has(.mj-chat-still):has(+ .jp-OutputArea-child .mj-chat),"
    ".jp-OutputArea-child:has(.mj-chat-still) + .jp-OutputArea-child:not(:has(.mj-chat))"
    "{display:none}"
    # Lab sets every cell of a table to the right.
    ".mj-chat-still :is(th,td){text-align:left}.mj-chat-still [align=right]{text-align:right}"
    ".mj-chat-still [align=center]{text-align:center}</style>"
)


def transcript_bundle(session: ChatSession, *, stable: bool = False) -> dict[str, str]:
    """The conversation by MIME type.

    Args:
        session: The conversation.
        stable: Leave out what varies between two runs, so that notebooks can be compared.
    """
    exchanges = session.exchanges
    first = _first_of(session)
    told = part_of(session, first, len(exchanges)).exchanges
    if stable:
        told = tuple(replace(one, about="", asked_at="", cell="") for one in told)
    left_out = f"The first {first:,} of {len(exchanges):,} turns are left out here." * (first > 0)
    empty = "Nothing was said yet." * (not told)
    note = left_out or empty
    markdown = [part for one in told for part in ("---", *question_in(one), *answer_in(one))]
    notes = [f"*{note}*"] if note else []
    html = [f"<p><em>{escape(note)}</em></p>"] if note else []
    html += [part for one in told for part in _html(one)]
    lines = [f"[{note}]"] if note else []
    lines += [line for one in told for line in (*told_lines(one), "")]
    opened = f'<div class="{CSS_CLASS} mj-chat-still {NO_MATH}">{STILL}'
    return {
        "text/html": f"{opened}{''.join(html)}</div>",
        "text/markdown": "\n\n".join([*notes, *markdown[1:]]),
        "text/plain": "\n".join(lines).rstrip() or " ",
    }


def _first_of(session: ChatSession) -> int:
    """From which exchange on all of it has room."""
    room = LONGEST
    exchanges = session.exchanges
    for at in range(len(exchanges) - 1, -1, -1):
        room -= sum(len(message.content or "") for message in exchanges[at].messages)
        if room < 0 and at < len(exchanges) - 1:
            return at + 1

    return 0


def _html(one: Told) -> Iterator[str]:
    for piece in one.asked:
        yield f"<p><b>{escape(piece.who)}</b></p>"
        shown = "".join(f"<li>{escape(name)}</li>" for name in piece.shown)
        yield f"<ul>{shown}</ul>" * bool(shown)
        yield f"<blockquote>{_plain(piece.text)}</blockquote>" * bool(piece.text)
    who = ""
    for came in one.came:
        yield f"<p><b>{escape(came.who)}</b></p>" if came.who != who else ""
        who = came.who
        yield _piece(came)
    line = " · ".join(word for word in (one.about, *one.marks) if word)
    yield f"<p><small>{escape(line)}</small></p>" * bool(line) + "<hr>"


def _piece(piece: Said | Fold) -> str:
    if isinstance(piece, Said):
        return rendered(piece.text)

    line, body = escape(piece.line), escape(piece.body)
    return f"<details><summary>{line}</summary><pre>{body}</pre></details>"


def _plain(text: str) -> str:
    return escape(text).replace("\n", "<br>")
