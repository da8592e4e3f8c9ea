"""What a real kernel sends, and what a notebook file keeps."""

from __future__ import annotations

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

SETUP = "%load_ext mojentic_nb\n%llm_config model=demo"


@pytest.fixture
def as_for_a_person(monkeypatch):
    """A kernel that does not know a test is watching."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")


def executed(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", coalesce_streams=True).execute()
    return [cell.outputs for cell in notebook.cells[1:]]


def test_a_file_keeps_one_plain_output_of_a_streamed_answer(as_for_a_person):
    story, structured, nothing = executed(
        "%%llm -o story\nWrite a story of 60 words", "%%structured int -o n\nThere are 23.", "x = 1"
    )
    assert [one.output_type for one in story] == ["display_data"]
    assert set(story[0].data) == {"text/markdown", "text/plain"}
    assert story[0].metadata.mojentic_nb.model == "demo"
    assert "tok" not in story[0].data["text/plain"], "nobody was looking"
    assert [one.data for one in structured] == [{"text/plain": "23"}]
    assert nothing == []


@pytest.fixture
def client(as_for_a_person):
    """A front end with somebody in front of it."""
    manager, client = start_new_kernel(kernel_name="python3")
    client.execute_interactive(SETUP, timeout=30)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def messages(client, code):
    kept = []
    reply = client.execute_interactive(code, timeout=30, output_hook=kept.append)
    shown = [one for one in kept if one["msg_type"] not in ("status", "execute_input")]
    return shown, reply["content"]


def test_a_person_sees_it_grow_and_the_quiet_line(client):
    shown, reply = messages(client, "%%llm\nWrite a story of 60 words")
    kinds = [one["msg_type"] for one in shown]
    assert (kinds[0], set(kinds[1:])) == ("display_data", {"update_display_data"})
    assert 3 < len(kinds) < 40
    assert reply["status"] == "ok"
    assert shown[-1]["content"]["data"]["text/plain"].splitlines()[-1].endswith(" tok")

    again, _ = messages(client, "_")
    assert [one["msg_type"] for one in again] == ["execute_result"]


def test_a_slip_and_a_failure_are_errors(client):
    shown, reply = messages(client, "%llm --modle x hi")
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")
    assert "Did you mean --model?" in shown[-1]["content"]["text"]

    shown, reply = messages(client, "%llm -m ollama:x hi")
    assert (reply["status"], reply["ename"]) == ("error", "GatewayUnreachable")
    assert len(shown[-1]["content"]["traceback"]) == 1


def test_a_front_end_completes_flags(client):
    request = client.complete("%llm --mod", 10)
    reply = client.get_shell_msg(timeout=10)
    assert reply["parent_header"]["msg_id"] == request
    content = reply["content"]
    assert content["matches"] == ["--model"]
    assert (content["cursor_start"], content["cursor_end"]) == (5, 10)
