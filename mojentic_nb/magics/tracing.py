"""`%trace`: what happened, as a picture in the cell.

Law: reads its line, and hands over; what a trace is belongs to the tracer. Where no person
looks, only what is the same at every run is shown: structure, counts, tokens, and the times
that a cassette replayed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import Line, read_around
from mojentic_nb.magics.asking import Desk, is_timed
from mojentic_nb.magics.names import bind, check_name
from mojentic_nb.magics.options import CHARTS, TRACE, TRACE_WORDS
from mojentic_nb.magics.publishing import publish
from mojentic_nb.magics.settings import held
from mojentic_nb.magics.watching import shown
from mojentic_nb.tracer.picture import Picture, picture_of
from mojentic_nb.tracer.span import CALL_KINDS, Span
from mojentic_nb.tracer.system import TracerSystem

__all__ = ["Wish", "session_named", "trace", "wish_of"]

_GROUPS = ("model", "cell", "session")
_WITH_GROUPS = ("tokens", "cost")
_SHORTEST_ID = 8


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a line asks for besides its words."""

    tree: bool = False
    png: bool = False
    stable: bool = False
    quiet: bool = False
    by: str = ""
    out: str | None = None


def wish_of(read: Line) -> Wish:
    """The flags of a line; of a flag typed twice, the last one counts.

    Raises:
        BadArgument: `--by` names nothing that calls can be put together by.
    """
    by = read.last("by") or ""
    if by and by not in _GROUPS:
        raise BadArgument(f"--by {by}: there are {', '.join(_GROUPS)}.")

    switches = {name: name in read.typed for name in ("tree", "png", "stable", "quiet")}
    return Wish(**switches, by=by, out=read.last("out"))


def trace(desk: Desk, tracer: TracerSystem, line: str) -> Any:
    """Do what the line says; what it shows is returned, too.

    Raises:
        BadArgument: The line cannot be read, or nothing was traced there.
        TraceError: The trace cannot be kept in that file.
    """
    read = read_around(line, TRACE, magic="%trace")
    wish = wish_of(read)
    check_name(wish.out, desk.shell.user_ns)
    verb, _, rest = read.rest.partition(" ")
    rest = rest.strip()
    command = {"on": _switch, "off": _switch, "store": _store}.get(verb)
    if command is not None:
        command(desk, tracer, read.rest)
        return None

    if verb in ("plot", "dashboard"):
        return _chart(desk, tracer, verb, rest, wish)
    if verb == "widget":
        return _widget(desk, tracer, rest.split(), wish)

    return _picture(desk, tracer, read.rest.split(), wish)


# settings -------------------------------------------------------------------


def _switch(desk: Desk, tracer: TracerSystem, words: str) -> None:
    if words not in ("on", "off"):
        raise BadArgument(f"%trace {words}: nothing follows on and off.")

    desk.session.settings.trace = words == "on"
    # Switched in Python meanwhile, the setting would have nothing to tell.
    (tracer.enable if words == "on" else tracer.disable)()
    told = "on: calls are kept" if words == "on" else "off; what was traced stays"
    sys.stdout.write(f"Tracing is {told}.\n")


def _store(desk: Desk, tracer: TracerSystem, words: str) -> None:
    place = words.partition(" ")[2].strip().strip("\"'")
    settings = desk.session.settings
    if place:
        before = settings.trace_store
        settings.trace_store = place
        try:
            # Set again to the same, as after a file was lost, the trait tells nobody.
            value = held(settings, "trace_store").value
            tracer.keep_in(None if value == "none" else value)
        except Exception:
            settings.trace_store = before
            raise

    where = f"in {shown(tracer.path)}" if tracer.path else "in memory"
    sys.stdout.write(f"The trace is kept {where}.\n")


# pictures -------------------------------------------------------------------


def _picture(desk: Desk, tracer: TracerSystem, words: list[str], wish: Wish) -> Picture:
    if wish.by:
        raise BadArgument("--by is for %trace plot tokens, and %trace plot cost.")

    title, spans = _meant(desk, tracer, words)
    is_stable = wish.stable or not (is_timed(desk) or all(map(_is_replayed, spans)))
    picture = picture_of(
        spans, title=title, shape="tree" if wish.tree else "waterfall", stable=is_stable
    )
    if not wish.quiet:
        bundle = picture._repr_mimebundle_()
        if wish.png:
            bundle = picture._repr_mimebundle_(include=["image/png", "text/plain"])
        publish(bundle)
        desk.once.shown(picture, picture.summary)

    bind(desk.shell, wish.out, picture)
    return picture


def _is_replayed(span: Span) -> bool:
    """Whether its times are a recording's; a tool runs anew in a replay."""
    return span.kind in CALL_KINDS and bool(json.loads(span.attrs).get("replayed"))


def _widget(desk: Desk, tracer: TracerSystem, words: list[str], wish: Wish) -> Any:
    from IPython import display

    from mojentic_nb.widgets.trace import TraceWidget

    made = TraceWidget(tracer, **_which(desk, tracer, words))
    if not wish.quiet:
        shown_here: Any = display.display
        shown_here(made)
        desk.once.shown(made, repr(made))
    if wish.out:
        bind(desk.shell, wish.out, made)
    return made


def _which(desk: Desk, tracer: TracerSystem, words: list[str]) -> dict[str, Any]:
    """The same as `_meant` means, as a widget is told it."""
    match words:
        case [] | ["last"] | ["cell"]:
            return {"cell": -1} if tracer.spans(cell=-1) else {}
        case ["all"]:
            return {}
        case ["session"]:
            return {"session": desk.session.session_id}
        case ["session", *name]:
            return {"session": session_named(tracer, " ".join(name))}
        case ["cell", number] | [number] if number.isdecimal() and len(number) < _SHORTEST_ID:
            return {"cell": int(number)}
        case [word] if _may_be_an_id(tracer, word):
            return {"trace": word}
        case _:
            raise _unknown(words)


def _meant(desk: Desk, tracer: TracerSystem, words: list[str]) -> tuple[str, list[Span]]:
    """What a picture is called, and its spans."""
    match words:
        case [] | ["last"]:
            return _last(tracer)
        case ["all"]:
            return _older(tracer), tracer.spans()
        case ["cell", number] if number.isdecimal():
            return f"cell {number}", tracer.spans(cell=int(number))
        case ["cell"]:
            return _last(tracer)
        case ["session"]:
            session_id = desk.session.session_id
            known = [span for span in tracer.spans() if span.session_id == session_id]
            return "this conversation", known
        case ["session", *name]:
            session_id = session_named(tracer, " ".join(name))
            return "conversation", tracer.spans(session=session_id)
        case [number] if number.isdecimal() and len(number) < _SHORTEST_ID:
            return f"cell {number}", tracer.spans(cell=int(number))
        case [word] if _may_be_an_id(tracer, word):
            return "", tracer.spans(trace=word)
        case _:
            raise _unknown(words)


def _last(tracer: TracerSystem) -> tuple[str, list[Span]]:
    of_cell = tracer.spans(cell=-1)
    if of_cell:
        return f"cell {of_cell[0].cell_exec}", of_cell

    spans = tracer.spans()
    return "", tracer.spans(trace=spans[-1].trace_id) if spans else []


def _older(tracer: TracerSystem) -> str:
    gone = tracer.stats()["gone"]
    return f"without {gone:,} older spans" if gone else ""


def session_named(tracer: TracerSystem, name: str) -> str:
    """The id of a conversation, given that, its title, or how its title begins.

    Raises:
        BadArgument: There is none such, or there are several.
    """
    frame = tracer.sessions_df
    titles = zip(frame["session_id"], frame["title"].fillna(""), strict=True)
    known: dict[str, str] = {str(one): str(title) for one, title in titles}
    wanted = name.strip("\"'").casefold()
    if wanted in known:
        return wanted

    found = [one for one, title in known.items() if title.casefold() == wanted]
    found = found or [one for one, title in known.items() if title.casefold().startswith(wanted)]
    if len(found) == 1:
        return found[0]

    told = ", ".join(repr(title or one) for one, title in known.items()) or "none yet"
    many = "several begin so" if found else "there is no conversation of that name"
    raise BadArgument(f"session {name!r}: {many}.", hint=f"There are: {told}.")


def _may_be_an_id(tracer: TracerSystem, word: str) -> bool:
    # A person's own correlation ids may look like anything.
    if any(word in (one.correlation_id, one.trace_id, one.span_id) for one in tracer.spans()):
        return True

    return len(word) >= _SHORTEST_ID and not get_close_matches(word, TRACE_WORDS, n=1)


def _unknown(words: list[str]) -> BadArgument:
    close = get_close_matches(words[0], [*TRACE_WORDS, *CHARTS], n=1)
    chart = "plot " if close and close[0] in CHARTS else ""
    is_our_word = words[0] in TRACE_WORDS
    meant = f"Did you mean %trace {chart}{close[0]}?" if close and not is_our_word else ""
    return BadArgument(
        f"%trace {' '.join(words)}: that names nothing.", hint=meant or "%trace? shows what does."
    )


# charts ---------------------------------------------------------------------


def _chart(desk: Desk, tracer: TracerSystem, verb: str, rest: str, wish: Wish) -> Any:
    drawn = _dashboard(rest) if verb == "dashboard" else _named_chart(rest, wish.by)
    made = drawn(tracer)
    if not wish.quiet:
        _show(desk, made, rest or verb)

    bind(desk.shell, wish.out, made)
    return made


def _dashboard(rest: str) -> Callable[[TracerSystem], Any]:
    if rest:
        raise BadArgument(f"%trace dashboard {rest}: nothing follows it.")

    return lambda tracer: tracer.dashboard()


def _named_chart(name: str, by: str) -> Callable[[TracerSystem], Any]:
    if name not in CHARTS:
        close = get_close_matches(name, CHARTS, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(CHARTS)}."
        what = f"%trace plot {name}: there is no such chart." if name else "Which chart?"
        raise BadArgument(what, hint=hint)

    if by and name not in _WITH_GROUPS:
        raise BadArgument(f"%trace plot {name} takes no --by.", hint="Tokens and cost do.")

    options = {"by": by} if by else {}
    return lambda tracer: getattr(tracer.plot, name)(**options)


def _show(desk: Desk, made: Any, name: str) -> None:
    from base64 import b64encode

    from IPython.core import pylabtools
    from matplotlib import pyplot

    draw: Any = pylabtools.print_figure
    is_figure = hasattr(made, "axes") and not hasattr(made, "get_title")
    figure = made if is_figure else made.figure
    png = draw(figure, "png", bbox_inches="tight", base64=False)
    # Else the inline backend would show it a second time when the cell ends.
    pyplot.close(figure)
    told = f"chart: {name}"
    if is_timed(desk):
        told = _titles(made.axes if is_figure else [made]) or told
    publish({"image/png": b64encode(png).decode("ascii"), "text/plain": told})
    desk.once.shown(made, told)


def _titles(axes: Sequence[Any]) -> str:
    return "\n".join(" ".join(one.get_title().split()) for one in axes if one.get_title())
