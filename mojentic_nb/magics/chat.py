"""`%llm_chat`: which conversation the cells go on with, and what becomes of it.

Law: reads its line, and hands over; what a conversation is belongs to `chat`, and which one is
at hand to `conversations`. What is said here in one line names what was done, and how to
take it back where it can be.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import Flags, read_around, read_first
from mojentic_nb.magics.asking import Desk, ask, planned
from mojentic_nb.magics.chat_table import show, show_branches, show_list
from mojentic_nb.magics.interpolate import interpolate
from mojentic_nb.magics.names import bind, check_name
from mojentic_nb.magics.options import CHAT, CHAT_WORDS
from mojentic_nb.magics.prompt import worded
from mojentic_nb.magics.rebuilding import notebook_here, rebuild
from mojentic_nb.magics.tools import tools_named
from mojentic_nb.magics.toolshed import fittings_of
from mojentic_nb.magics.watching import shown

if TYPE_CHECKING:
    from mojentic_nb.chat import ChatSession

__all__ = ["chat"]

FORMS = ("md", "html", "ipynb", "jsonl")


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What a line asks for: a word of ours, what follows it, and the notebook's variables."""

    desk: Desk
    verb: str
    rest: str
    namespace: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The rest as the name of a conversation.

        Raises:
            BadArgument: There is none, or it would be a word of ours.
        """
        name = _unquoted(self.rest)
        if not name:
            raise BadArgument(f"Which one? %llm_chat {self.verb} NAME")
        if self.rest in CHAT_WORDS:
            raise BadArgument(
                f"%llm_chat {name} means something else.",
                hint=f'Take another name, or write "{name}".',
            )

        return name

    def nothing_more(self) -> None:
        """Refuse whatever follows the word."""
        if self.rest:
            raise BadArgument(f"%llm_chat {self.verb} {self.rest}: nothing follows {self.verb}.")


def chat(desk: Desk, line: str, namespace: Mapping[str, Any]) -> Any:
    """Do what the line says.

    Raises:
        BadArgument: The line cannot be read, or what it names is not there.
        StateError: A conversation cannot be kept, or is damaged.
    """
    read = read_first(line, CHAT, magic="%llm_chat")
    verb, rest = _parted(read.rest)
    if verb != "edit":  # whose rest is prose
        read = read_around(line, CHAT, magic="%llm_chat")
        verb, rest = _parted(read.rest)

    out = read.last("out")
    check_name(out, desk.shell.user_ns)
    result = None
    wish = _Wish(desk=desk, verb=verb, rest=rest, namespace=namespace)
    if verb in _COMMANDS:
        result = _COMMANDS[verb](wish)
    elif read.rest:
        _take_up(desk, read.rest)
    elif out is None:
        show(desk)

    if out is not None:
        bind(desk.shell, out, _at_hand(wish))
    return result


def _parted(words: str) -> tuple[str, str]:
    verb, _, rest = words.strip().partition(" ")
    return verb, rest.strip()


def _unquoted(typed: str) -> str:
    is_quoted = len(typed) > 1 and typed[0] == typed[-1] and typed[0] in "\"'"
    return typed[1:-1].strip() if is_quoted else typed


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _at_hand(wish: _Wish) -> ChatSession:
    """The conversation at hand, as Python and widgets are given it: with the usual tools."""
    session = wish.desk.session
    found = session.chats.settled(session.broker())
    names = session.value("tools")
    if names:
        found.tools = tools_named(names, wish.namespace, lambda: fittings_of(wish.desk))
    return found


def _present(wish: _Wish) -> ChatSession:
    found = wish.desk.session.chats.followed()
    if found is None or not (found.exchanges or found.branches):
        raise BadArgument("Nothing was said yet.", hint="Run a %%llm cell first.")

    return found


def _called(found: ChatSession) -> str:
    return repr(found.name) if found.name else "this notebook's conversation"


def _turns(count: int) -> str:
    return "1 turn" if count == 1 else f"{count:,} turns"


def _short(text: str, most: int = 60) -> str:
    words = " ".join(text[: 4 * most].split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


# which one --------------------------------------------------------------------


def _take_up(desk: Desk, typed: str) -> None:
    name = _unquoted(typed)
    if not name:
        raise BadArgument("Which one? %llm_chat NAME")

    chats = desk.session.chats
    is_quoted = typed != name
    close = get_close_matches(typed.split()[0].casefold(), CHAT_WORDS, n=1, cutoff=0.75)
    if close and not is_quoted and chats.header(name) is None:
        raise BadArgument(
            f"%llm_chat {typed}: no conversation is called so.",
            hint=f'Did you mean {close[0]}? To begin one of that name, write "{name}".',
        )

    was_there = desk.session.take_up(name)
    path = shown(str(getattr(chats.store, "path", "")))
    count = _turns(len(desk.session.exchanges))
    told = f"goes on, after {count}" if was_there else f"begins, and is kept in {path}"
    _say(f"{name!r} {told}.")


def _back(wish: _Wish) -> None:
    wish.nothing_more()
    wish.desk.session.chats.back()
    _say(f"The notebook's own conversation goes on: {_turns(len(wish.desk.session.exchanges))}.")


def _fork(wish: _Wish) -> None:
    before = _called(_present(wish))
    made = wish.desk.session.chats.fork(wish.name)
    _say(f"{made.name!r} goes on from here, after {_turns(len(made.exchanges))}; {before} stays.")


def _rename(wish: _Wish) -> None:
    before = _called(_present(wish))
    wish.desk.session.chats.rename(wish.name)
    _say(f"{before} is now {wish.name!r}, and kept.")


def _delete(wish: _Wish) -> None:
    wish.desk.session.chats.delete(wish.name)
    _say(f"{wish.name!r} is forgotten.")


# what was said ----------------------------------------------------------------


def _undo(wish: _Wish) -> None:
    number = _number(wish, wish.rest or "1")
    found = _present(wish)
    gone = found.undo(number)
    if not gone:
        raise BadArgument("There is no turn to take back.")

    _say(
        f"Took back {_turns(len(gone))}, from {_short(gone[0].question)!r} on; "
        f"%llm_chat switch {found.branches[-1].id[:4]} brings {_them(len(gone))} back."
    )


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _edit(wish: _Wish) -> Any:
    typed, _, text = wish.rest.partition(" ")
    number = _number(wish, typed)
    found = _present(wish)
    if number > len(found.exchanges):
        raise BadArgument(f"There is no turn {number}.", hint=f"There are {len(found.exchanges)}.")
    if not text.strip():
        return _edit_below(wish, found, number)

    prompt = worded(text, wish.namespace, raw=False)
    call = planned(wish.desk, Flags(), prompt.text, prompt.used, wish.namespace, at=number - 1)
    asked = found.exchanges[number - 1].messages[0]  # its pictures stay
    with_parts = call.question.model_copy(update={"parts": asked.parts})
    return ask(wish.desk, replace(call, question=with_parts))


def _edit_below(wish: _Wish, found: ChatSession, number: int) -> None:
    asked = found.exchanges[number - 1].messages[0]
    question = found.exchanges[number - 1].question
    gone = found.undo(len(found.exchanges) - number + 1)
    # The values are in it already; what looks like a name came out of one, or was meant so.
    raw = " --raw" if "{" in question else ""
    name = wish.desk.session.settings.name
    wish.desk.shell.set_next_input(f"%%{name}{raw}\n{question}", replace=False)
    without = ", without its pictures" if asked.parts else ""
    _say(
        f"Turn {number} is in the next cell{without}, to be changed and run; "
        f"%llm_chat switch {found.branches[-1].id[:4]} brings back the {_turns(len(gone))}."
    )


def _clear(wish: _Wish) -> None:
    wish.nothing_more()
    found = _present(wish)
    count = len(found.exchanges)
    found.clear()
    _say(f"{_called(found)} is empty; {_turns(count)} forgotten.")


def _branches(wish: _Wish) -> None:
    wish.nothing_more()
    found = _present(wish)
    if found.branches:
        show_branches(found)
    else:
        _say("It has no branches: nothing was edited or taken back.")


def _switch(wish: _Wish) -> None:
    found = _present(wish)
    known = [one.id for one in found.branches if one.id.startswith(wish.rest.casefold())]
    if len(known) != 1 or not wish.rest:
        there = ", ".join(one.id[:4] for one in found.branches) or "none"
        raise BadArgument(
            f"{f'%llm_chat switch {wish.rest}'.strip()}: that names no branch.",
            hint=f"Branches: {there}.",
        )

    found.switch(known[0])
    _say(f"{_called(found)} goes on after {_short(found.exchanges[-1].question)!r}.")


def _number(wish: _Wish, typed: str) -> int:
    if not typed.isdecimal() or int(typed) == 0:
        raise BadArgument(
            f"%llm_chat {wish.verb} takes a number above 0, not {typed!r}.",
            hint="%llm_chat shows the turns with their numbers.",
        )

    return int(typed)


# files, and the widget --------------------------------------------------------


def _export(wish: _Wish) -> None:
    path = Path(_unquoted(wish.rest)).expanduser()
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMS:
        ends = ", ".join(f".{one}" for one in FORMS)
        raise BadArgument(
            f"%llm_chat export {wish.rest}: its form is not known.", hint=f"End it with {ends}."
        )

    here = notebook_here(wish.desk.shell)
    if here is not None and path.absolute() == here.absolute():
        raise BadArgument(f"{wish.rest} is this notebook.", hint="Write to another file.")

    _present(wish).export(form, path)
    _say(f"{_turns(len(wish.desk.session.exchanges))} written to {shown(str(path.absolute()))}.")


def _rebuild(wish: _Wish) -> None:
    path = Path(_unquoted(wish.rest)).expanduser() if wish.rest else None
    found = rebuild(path or notebook_here(wish.desk.shell), name=wish.desk.session.settings.name)
    conversation = _at_hand(wish)
    conversation.undo(len(conversation.exchanges))
    conversation.append(found.exchanges)
    told = [f"{_turns(len(found.exchanges))} from {_counted(found.cells)} of {found.path.name}"]
    told += [f"{_counted(found.unread)} could not be read"] if found.unread else []
    told += [f"without a saved answer: {_counted(found.unanswered)}"] if found.unanswered else []
    _say(f"{'; '.join(told)}.")


def _widget(wish: _Wish) -> Any:
    from mojentic_nb.widgets.chat import ChatWidget

    wish.nothing_more()
    session, variables = wish.desk.session, wish.desk.shell.user_ns
    return ChatWidget(
        _at_hand(wish),
        namespace=variables,
        fill=lambda text: interpolate(text, variables).text,
        models=[name for names in session.models.values() for name in names],
        broker_of=session.broker,
    )


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _list(wish: _Wish) -> None:
    wish.nothing_more()
    show_list(wish.desk)


_COMMANDS: dict[str, Callable[[_Wish], Any]] = {
    "list": _list,
    "notebook": _back,
    "fork": _fork,
    "rename": _rename,
    "delete": _delete,
    "undo": _undo,
    "edit": _edit,
    "clear": _clear,
    "branches": _branches,
    "switch": _switch,
    "export": _export,
    "rebuild": _rebuild,
    "widget": _widget,
}
