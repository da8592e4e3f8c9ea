"""A conversation as a notebook (nbformat 4.5).

Law: the same conversation gives the same file. Where a cell asked, it is that cell again, with
its answer under it, and asks the same model the same words; everything else is Markdown.
Nothing is run by being opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mojentic_nb.chat.export_markdown import answer_in, beginning_of, question_in
from mojentic_nb.chat.history import History
from mojentic_nb.chat.pieces import Told, talk_of
from mojentic_nb.chat.transcript import told_lines

__all__ = ["as_notebook"]

Cell = dict[str, Any]

# nbformat allows 64 letters.
_LONGEST_ID = 40
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")

# A server may call a model what it likes; only what is surely one word goes into a cell's line.
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")


def as_notebook(history: History) -> dict[str, Any]:
    """A conversation as a notebook's JSON."""
    talk = talk_of(history)
    cells = [_markdown("title", beginning_of(talk))]
    asked = [one for one in talk.exchanges if _is_cell(one)]
    usual = _word(asked[-1].model) if asked else ""
    if asked:
        configured = f"\n%llm_config model={usual}" if usual else ""
        cells.append(_code("setup", f"%load_ext mojentic_nb{configured}", []))
    for place, one in enumerate(talk.exchanges):
        cells += _cells(one, place, usual)

    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _is_cell(one: Told) -> bool:
    return bool(one.cell and one.question)


def _word(model: str) -> str:
    return model if _MODEL.fullmatch(model) else ""


def _asking(one: Told, usual: str) -> str:
    """The line above a question; what stood for `{names}` in it was filled in already."""
    model = _word(one.model)
    flags = [f"-m {model}"] if model not in ("", usual) else []
    flags += ["--raw"] if "{" in one.question else []
    return " ".join(["%%llm", *flags])


def _cells(one: Told, place: int, usual: str) -> Iterator[Cell]:
    # The place too: a conversation that was put together by hand may have an id twice.
    name = f"{place}-{_NO_ID.sub('', one.id)[:_LONGEST_ID]}"
    if _is_cell(one):
        answer = "\n\n".join(answer_in(one))
        plain = "\n".join(told_lines(one, with_question=False))
        source = f"{_asking(one, usual)}\n{one.question}"
        yield _code(f"{name}-cell", source, [_shown(answer, plain)])
        return

    for what, parts in (("asked", question_in(one)), ("answered", answer_in(one))):
        cell = _markdown(f"{name}-{what}", parts)
        if cell["source"]:
            yield cell


def _markdown(name: str, parts: Iterator[str]) -> Cell:
    source = "\n\n".join(part.strip("\n") for part in parts)
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def _code(name: str, source: str, outputs: list[Cell]) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": outputs,
        "source": source,
    }


def _shown(markdown: str, plain: str) -> Cell:
    data = {"text/markdown": markdown, "text/plain": plain}
    return {"data": data, "metadata": {}, "output_type": "display_data"}
