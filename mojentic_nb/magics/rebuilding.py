"""A conversation from the notebook's own file: its cells, with the answers saved under them.

Law: only reads. An answer is what the cell's saved output says, by the place that its
metadata name; a cell whose outputs and prompts do not go together is left out, and counted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb import ids
from mojentic_nb.chat.exchange import BROKEN_OFF, Exchange
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import Usage
from mojentic_nb.magics.arguments import Line, read_first
from mojentic_nb.magics.interpolate import strip_nbval
from mojentic_nb.magics.options import ASK
from mojentic_nb.magics.publishing import METADATA_KEY
from mojentic_nb.messages import LLMMessage

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Rebuilt", "notebook_here", "rebuild"]

# What the Jupyter server, and VS Code, call the file that a kernel was started for.
_SERVER = "JPY_SESSION_NAME"
_VS_CODE = "__vsc_ipynb_file__"

# A turn that failed, or was told alone, is none of the conversation.
_NO_TURN = ("error",)

# Flags of a call that is none of the conversation, or none at all.
_ALONE = {"fresh", "dry-run"}

# A line of Python goes on in the next one.
_GOES_ON = re.compile(r"\\[ \t]*\n")


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """What a file tells of a conversation.

    Attributes:
        cells: How many cells told something.
        unread: How many others were answered, and cannot be read.
        unanswered: How many others ask, and have no answer in the file.
    """

    path: Path
    exchanges: tuple[Exchange, ...]
    cells: int
    unread: int
    unanswered: int


def notebook_here(shell: InteractiveShell) -> Path | None:
    """The file of the notebook that runs; None where nobody says which."""
    told = shell.user_ns.get(_VS_CODE) or os.environ.get(_SERVER)
    return Path(str(told)) if told and str(told).endswith(".ipynb") else None


def rebuild(path: Path | None, *, name: str) -> Rebuilt:
    """Read a conversation out of a notebook.

    Args:
        path: Its file; None where it is not known.
        name: What our magic is called here.

    Raises:
        BadArgument: The file is not known, is no notebook, or has no turns.
    """
    if path is None:
        raise BadArgument(
            "Nobody says which notebook this is.", hint="Write %llm_chat rebuild FILE.ipynb."
        )

    turns: list[Exchange] = []
    cells = unread = unanswered = 0
    for cell in _cells(path):
        source = _text(cell.get("source"))
        if re.search(r"^\s*%llm_config\s+forget\b", source, re.MULTILINE):
            turns, cells, unread, unanswered = [], 0, 0, 0
        prompts, outputs = list(_prompts(source, name)), list(_outputs(cell))
        if len(prompts) != len(outputs) and outputs:
            unread += 1
            continue

        of_talk = [at for at, line in enumerate(prompts) if not _ALONE & line.typed.keys()]
        unanswered += bool(of_talk) and not outputs
        cell_id = str(cell.get("id") or "")
        asked = [(prompts[at].rest, outputs[at]) for at in of_talk if outputs]
        found = [_exchange(question, output, cell_id) for question, output in asked]
        turns += [one for one in found if one]
        cells += any(found)

    if not turns:
        raise BadArgument(
            f"{path.name} has no answers of %%llm cells.", hint="Save it, and say this again."
        )

    told = {"cells": cells, "unread": unread, "unanswered": unanswered}
    return Rebuilt(path=path, exchanges=tuple(turns), **told)


def _cells(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [one for one in notebook["cells"] if one["cell_type"] == "code"]
    except OSError as problem:
        raise BadArgument(
            f"{path} cannot be read: {problem.strerror}.",
            hint="Was the notebook renamed? Write %llm_chat rebuild FILE.ipynb.",
        ) from None
    except (KeyError, TypeError, ValueError, RecursionError):
        raise BadArgument(f"{path} is no notebook.") from None

    yield from cells


def _text(told: Any) -> str:
    return "".join(told) if isinstance(told, list) else str(told or "")


def _prompts(source: str, name: str) -> Iterator[Line]:
    """The lines that ask, each with its flags and its words, as typed."""
    ours = re.compile(rf"%%?(?:mojentic_)?{re.escape(name)}(?=\s|$)[ \t]*")
    head, _, body = source.lstrip().partition("\n")
    found = ours.match(head) if head.startswith("%%") else None
    if found is not None:
        yield _line(head[found.end() :], body)
        return

    # Others' cell magics, such as %%time, run what is below them.
    anywhere = re.compile(rf"^\s*(?:[\w.]+\s*=\s*)?{ours.pattern}(?P<rest>.*)$", re.MULTILINE)
    for line in anywhere.finditer(_GOES_ON.sub(" ", source)):
        yield _line(line["rest"], "")


def _line(first: str, body: str) -> Line:
    try:
        read = read_first(first, ASK, magic="%llm")
    except BadArgument:
        read = Line(rest=first)
    words = strip_nbval("\n".join(part for part in (read.rest, body) if part.strip()))
    return Line(typed=read.typed, rest=words.strip("\n"))


def _outputs(cell: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Answers saved under a cell: their text, and what is known of them."""
    for output in cell.get("outputs") or ():
        about = _mapping(_mapping(_mapping(output).get("metadata")).get(METADATA_KEY))
        if "finish_reason" in about and "answer" in about:  # an object is none of the talk
            yield _text(_mapping(_mapping(output).get("data")).get("text/plain")), about


def _mapping(told: Any) -> Mapping[str, Any]:
    """What stands there, if it is what it should be: people and programs change files."""
    return told if isinstance(told, Mapping) else {}


def _number(told: Any) -> float | None:
    return told if isinstance(told, int | float) and not isinstance(told, bool) else None


def _exchange(question: str, output: tuple[str, Mapping[str, Any]], cell: str) -> Exchange | None:
    plain, about = output
    reason = str(about.get("finish_reason"))
    answer = plain[_place_in(plain, about.get("answer"))]
    if reason in _NO_TURN or not question.strip() or not answer.strip():
        return None

    known = {one.name for one in fields(Usage)}
    counted = _mapping(about.get("usage")).items()
    usage = {name: n for name, n in counted if name in known and type(n) is int}
    is_stopped = reason == "interrupted"
    said = f"{answer}{BROKEN_OFF}" if is_stopped else answer
    return Exchange(
        id=ids.span_id(),
        messages=(LLMMessage.user(question), LLMMessage.assistant(said)),
        is_partial=bool(about.get("is_partial")),
        cell=cell,
        model=_model(about),
        usage=Usage(**usage),
        cost=_number(about.get("cost_usd")),
        duration_s=_number(about.get("duration_s")),
        correlation_id=str(about.get("correlation_id") or ""),
    )


def _place_in(plain: str, told: Any) -> slice:
    """Where the answer stands; all of it, where nothing says so."""
    is_place = isinstance(told, list) and len(told) == 2 and all(type(n) is int for n in told)
    return slice(*told) if is_place else slice(len(plain))


def _model(about: Mapping[str, Any]) -> str:
    """Who answered, as a conversation names them: with the provider."""
    model, provider = (str(about.get(name) or "") for name in ("model", "provider"))
    return model if provider in ("", model) else f"{provider}:{model}"
