"""Cells and chat of a notebook are one conversation: each sees what becomes of it in the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.labs import Lab, Notebook
from tests.browser.test_chat import Chat
from tests.loopback import Answer, Loopback

SETUP = """
import os
os.environ["OLLAMA_HOST"] = "URL"
%load_ext mojentic_nb
%llm_config model=ollama:m max_context=32768
%llm_chat widget
"""
CELLS = [
    "%%llm\none",
    "%%llm\ntwo",
    "%llm_chat undo",
    "%llm_chat edit 1 other",
    "%llm_chat fork aside",
    "%%llm\nelsewhere",
    "%llm_chat notebook",
    "%%llm\nback",
]
SETUP_AT, ONE, TWO, UNDO, EDIT, FORK, ELSEWHERE, NOTEBOOK, BACK = range(9)


@pytest.fixture
def notebook(lab: Lab, loopback: Loopback) -> Iterator[Notebook]:
    opened = lab.open(SETUP.replace("URL", loopback.url), *CELLS)
    opened.run(SETUP_AT).get_by_label("Message", exact=True).wait_for()
    loopback.script(*[Answer(f"answer {n}") for n in range(1, 12)])
    yield opened
    assert opened.complaints == []
    opened.close()


def sees(chat: Chat, *questions: str) -> None:
    expect(chat.turns.locator(".words")).to_have_text(list(questions))


def said(loopback: Loopback) -> list[str]:
    """What the model was told last."""
    return [one["content"] for one in (loopback.requests[-1].body or {})["messages"]]


def test_what_cells_do_to_it_is_seen_in_the_chat(notebook: Notebook, loopback: Loopback) -> None:
    chat = Chat(notebook.output(SETUP_AT))
    notebook.run(ONE)
    notebook.run(TWO)
    sees(chat, "one", "two")
    chat.ask("three", "answer 3")
    assert said(loopback) == ["one", "answer 1", "two", "answer 2", "three"]
    # Run again a cell takes its own place, and what came after is marked.
    notebook.run(ONE)
    expect(chat.turns.first.locator(".came")).to_have_text("answer 4")
    sees(chat, "one", "two", "three")
    expect(chat.turns.locator(".mark")).to_have_text(
        ["stale: something before it was changed later"] * 2
    )
    notebook.run(UNDO)
    sees(chat, "one", "two")
    notebook.run(EDIT)
    sees(chat, "other")
    # Beside what was taken back, and what was there before the edit.
    expect(chat.turns.locator(".acts .quiet")).to_have_text("3 of 3")


def test_what_the_chat_does_to_it_is_heard_in_cells(notebook: Notebook, loopback: Loopback) -> None:
    chat = Chat(notebook.output(SETUP_AT))
    chat.ask("from the chat", "answer 1")
    notebook.run(ONE)
    assert said(loopback) == ["from the chat", "answer 1", "one"]
    sees(chat, "from the chat", "one")
    chat.turns.first.get_by_role("button", name="Edit").click()
    chat.ask("changed", "answer 3")
    notebook.run(TWO)
    assert said(loopback) == ["changed", "answer 3", "two"]
    # A fork is another conversation: the chat stays with its own, and cells come back to it.
    notebook.run(FORK)
    notebook.run(ELSEWHERE)
    assert said(loopback)[-1] == "elsewhere"
    sees(chat, "changed", "two")
    notebook.run(NOTEBOOK)
    notebook.run(BACK)
    sees(chat, "changed", "two", "back")
    assert "elsewhere" not in said(loopback)
