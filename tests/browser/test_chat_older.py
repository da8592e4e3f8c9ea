"""A chat in JupyterLab over ipykernel 6.31, where nothing else is heard while a cell runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.labs import PATIENCE_S, Lab, LabServer, Notebook
from tests.browser.test_chat import BUSY, SETUP, Chat
from tests.kernel.kernels import older
from tests.loopback import Answer, Fault, Loopback

SETUP_AT, BUSY_AT, VERSION_AT = range(3)


@pytest.fixture
def notebook(lab: Lab, loopback: Loopback, tmp_path: Path) -> Iterator[Notebook]:
    with LabServer(tmp_path / "lab", PYTHONPATH=older("6.31")) as server:
        version = "import ipykernel; print(ipykernel.__version__)"
        opened = lab.of(server).open(SETUP.replace("URL", loopback.url), BUSY, version)
        opened.run(SETUP_AT).get_by_label("Message", exact=True).wait_for()
        yield opened
        assert opened.complaints == []
        opened.close()


def test_stop_works_while_a_cell_blocks(notebook: Notebook, loopback: Loopback) -> None:
    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS), Answer("here"))
    assert notebook.printed(VERSION_AT).startswith("6.31.")
    chat = Chat(notebook.output(SETUP_AT))
    chat.say("Anybody?")
    loopback.wait_for(1, timeout=PATIENCE_S)
    expect(notebook.begin(BUSY_AT)).to_contain_text("busy")
    try:
        chat.root.get_by_role("button", name="Stop").click()
        assert loopback.requests[0].hung_up.wait(PATIENCE_S)
        expect(chat.root.locator(".mark")).to_contain_text("stopped")
        expect(notebook.cell(BUSY_AT).locator(".jp-InputPrompt").first).to_have_text("[*]:")
    finally:
        (notebook.path.parent / "go-on").touch()
        notebook.finish(BUSY_AT)
    # And the chat goes on.
    chat.ask("And now?", "here")
