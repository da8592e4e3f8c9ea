"""What goes before the words of a cell: prompt files, personas, earlier cells."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from tests.loopback import Answer


def sent(loopback, at=-1):
    """The messages of a request, as (role, text)."""
    body = loopback.requests[at].body
    return [(one["role"], one["content"]) for one in body["messages"]]


def refused(notebook, cell):
    """What a cell is refused with, before anything is sent."""
    ran = notebook.run(cell)
    assert isinstance(ran.error_in_exec, UsageError), ran.error_in_exec
    return str(ran.error_in_exec)


@pytest.fixture
def here(ollama, loopback, monkeypatch, tmp_path):
    """The shell, in a folder of its own, with a few answers ready."""
    monkeypatch.chdir(tmp_path)
    loopback.script(*[Answer("ok")] * 4)
    return ollama


# prompt files -------------------------------------------------------------------------


def test_a_prompt_file_is_filled_and_goes_first(here, loopback, tmp_path):
    (tmp_path / "task.md").write_text("Summarise {what}.\n\nAs {y}.", encoding="utf-8")
    here.ok("what = 'this'")
    here.said()
    here.ok("%%llm --file task.md\nThe text: {what}")
    assert sent(loopback) == [("user", "Summarise this.\n\nAs {y}.\n\nThe text: this")]
    assert here.said()[1] == "Sent as typed: {y} is not defined.\n"
    here.ok("%llm --fresh --raw --file task.md")
    assert sent(loopback) == [("user", "Summarise {what}.\n\nAs {y}.")]


def test_its_path_may_come_from_the_notebook(here, loopback, tmp_path):
    (tmp_path / "a b.md").write_text("Hello")
    here.ok("name = 'a b.md'")
    here.ok("%llm --file {name}")
    here.ok("%llm --fresh --file '{name}'")
    assert [sent(loopback, at) for at in (0, 1)] == [[("user", "Hello")]] * 2


@pytest.mark.parametrize(
    "line, told",
    [
        ("--file taks.md", "--file taks.md: there is no such file. Did you mean task.md?"),
        ("--file no/where.md", "--file no/where.md: there is no such file."),
        ("--file .", "--file .: it cannot be read"),
        ("--file image.png", "--file image.png: this is not text in UTF-8."),
        ("--file large.md", "--file large.md: 1,000,001 bytes are no prompt."),
        ("--file {nme}", "--file {nme}: {nme} is not defined"),
        ("--file empty.md", "nothing to ask"),
    ],
)
def test_a_file_that_is_no_prompt_is_one_line(here, loopback, tmp_path, line, told):
    (tmp_path / "task.md").write_text("x")
    (tmp_path / "empty.md").write_text("\n")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / "large.md").write_bytes(b"x" * 1_000_001)
    assert told in refused(here, f"%llm {line}")
    assert loopback.requests == []


# personas -----------------------------------------------------------------------------


def test_a_persona_is_a_system_message(here, loopback, tmp_path):
    (tmp_path / "mojentic_nb.toml").write_text('[personas]\ncook = "You cook."\nterse = "Short!"')
    here.ok("%llm_config system='Be usual.'")
    here.ok("%llm --fresh one")
    here.ok("%llm --fresh -p cook two")
    here.ok("%llm --fresh --persona cook -s 'No salt.' three")
    here.ok("%llm --fresh -p terse four")
    assert [sent(loopback, at)[0] for at in range(4)] == [
        ("system", "Be usual."),
        ("system", "You cook."),
        ("system", "You cook.\n\nNo salt."),
        ("system", "Short!"),
    ]


def test_an_unknown_persona_lists_those_there_are(here, loopback):
    told = refused(here, "%llm -p techer hi")
    assert "--persona techer: there is no such persona. Did you mean teacher?" in told
    assert "There are teacher, reviewer, terse" in told
    assert loopback.requests == []


def test_personas_are_listed_with_their_origin(here, tmp_path):
    (tmp_path / "mojentic_nb.toml").write_text('[personas]\ncook = "You cook."')
    here.ok("%llm_config personas")
    lines = here.last.plain.splitlines()
    assert any(line.startswith("teacher") and line.endswith("built in") for line in lines)
    assert lines[-1].split() == ["cook", "You", "cook.", "from", "mojentic_nb.toml:2"]


# earlier cells ------------------------------------------------------------------------


def test_earlier_cells_and_their_results_go_before(here, loopback):
    for cell in ("a = 1", "a + 41", "%llm_config temperature=0", "a / 0"):
        here.run(cell)
    here.ok("%%llm --context 2\nWhat is wrong?")
    [(role, text)] = sent(loopback)
    assert role == "user"
    first, _, rest = text.partition("In [5]:\n```python\na + 41\n```\nOut [5]:\n```\n42\n```")
    assert first == "Earlier cells of my notebook, oldest first:\n\n"
    assert rest.startswith("\n\nIn [7]:\n```python\na / 0\n```")
    assert rest.endswith("\n\nWhat is wrong?")


def test_cells_that_only_ask_and_this_one_are_left_out(here, loopback):
    for cell in ("b = 2", "%llm -q --fresh one", "%%llm -q --fresh\ntwo", "x = %llm -q --fresh t"):
        here.ok(cell)
    here.ok("%%llm --fresh --context 9\nfour")
    text = sent(loopback)[0][1]
    assert "b = 2" in text
    assert "x = %llm" in text
    assert [word for word in ("one", "two", "%%llm") if word in text] == []


def test_a_first_cell_has_no_context(notebook):
    notebook.ok("%llm --context 3 --dry-run Hello")
    assert notebook.last.plain.endswith("user\n  Hello")


def test_large_cells_and_results_are_bounded(here, loopback):
    here.ok(f"text = '{'x' * 100_000}'\nlist(range(100_000))")
    here.ok("%llm --context 1 go")
    text = sent(loopback)[0][1]
    assert len(text) < 30_000
    assert "characters in all" in text


def test_keys_are_taken_out_of_what_is_gathered(here, loopback, monkeypatch):
    monkeypatch.setenv("LAB_TOKEN", "correct-horse-battery")
    here.ok("key = 'sk-abcdef0123456789'\nword = 'correct-horse-battery'\nkey + word")
    here.ok("%llm --context 1 go")
    text = sent(loopback)[0][1]
    assert [word for word in ("abcdef", "horse") if word in text] == []


def test_what_is_in_a_cell_is_not_filled(here, loopback):
    here.ok("a = 1\nprint(f'{a}')")
    here.said()
    here.ok("%llm --context 1 Use {a}")
    assert "print(f'{a}')" in sent(loopback)[0][1]
    assert sent(loopback)[0][1].endswith("Use 1")
    assert here.said()[1] == ""


# a time limit -------------------------------------------------------------------------


def test_a_server_may_be_silent_only_so_long(here, loopback):
    loopback.clear()
    loopback.script(Answer("never", delay=20.0))
    ran = here.run("%llm --timeout 0.2 hi")
    assert type(ran.error_in_exec).__name__ == "GatewayTimeout"
    assert "0.2" in str(ran.error_in_exec)


def test_a_dry_run_shows_what_every_flag_does(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.md").write_text("From a file.")
    notebook.ok("a = 5\na")
    flags = "--file p.md --context 1 -p terse --timeout 9 --format json --code -o kept"
    notebook.ok(f"%llm --dry-run {flags} Now.")
    told = notebook.last.plain
    parts = ("From a file.\n\n  Now.", "In [3]:", "few words", "timeout=9.0", "shown as json",
             "code put into the next cell", "kept in kept")  # fmt: skip
    assert [part for part in parts if part not in told] == []
