"""Settings files as the magics see them: order, origin, and a file that is broken."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from tests.loopback import Answer
from tests.magics.test_settings import rows


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The project's file, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mojentic_nb.toml"


def refused(notebook, cell):
    ran = notebook.run(cell)
    assert isinstance(ran.error_in_exec, UsageError), ran.error_in_exec
    return str(ran.error_in_exec)


def test_flag_session_environment_file_default(ollama, loopback, file, monkeypatch):
    def sent():
        loopback.script(Answer("ok"))
        ollama.ok(flag + " hi")
        return loopback.requests[-1].body.get("options", {}).get("temperature")

    flag = "%llm --fresh"
    found = [sent()]
    file.write_text("temperature = 0.1")
    found.append(sent())
    monkeypatch.setenv("MOJENTIC_NB_TEMPERATURE", "0.2")
    found.append(sent())
    ollama.ok("%llm_config temperature=0.3")
    found.append(sent())
    flag = "%llm --fresh -t 0.4"
    found.append(sent())
    assert found == [None, 0.1, 0.2, 0.3, 0.4]


def test_the_session_may_go_back_to_the_default_in_spite_of_the_file(notebook, file):
    file.write_text('stream = "off"\nmath = true')
    notebook.ok("%llm_config stream=auto math=off")
    notebook.ok("%llm_config")
    table = rows(notebook)
    assert (table["stream"], table["math"]) == ("auto set here", "off set here")
    notebook.ok("%llm_config stream=none math=none")
    notebook.ok("%llm_config")
    table = rows(notebook)
    assert table["stream"] == "off from mojentic_nb.toml:1"
    assert table["math"] == "on from mojentic_nb.toml:2"


def test_the_table_shows_what_is_set_and_counts_the_rest(notebook, file):
    file.write_text('budget_usd = 0.5\nfallback = ["demo"]\n[ollama]\nhost = "http://[::1]:7"')
    notebook.shell.user_ns_hidden  # noqa: B018
    notebook.ok("%llm_config")
    table = rows(notebook)
    assert table["budget_usd"] == "0.5 from mojentic_nb.toml:1"
    assert table["fallback"] == "demo from mojentic_nb.toml:2"
    assert table["ollama.host"].endswith("from OLLAMA_HOST")
    assert "cache" not in table
    assert "not set" in table["others"]


def test_the_model_and_its_server_come_from_the_file(notebook, loopback, file, monkeypatch):
    monkeypatch.delenv("OLLAMA_HOST")
    file.write_text(f'model = "ollama:mine"\n[ollama]\nhost = "{loopback.url}"')
    loopback.models = ["mine:1b"]
    loopback.script(Answer("ok"), Answer("ok"))
    notebook.ok("%llm_config model=none")
    assert notebook.ok("%llm hi") == "ok"
    assert loopback.requests[-1].body["model"] == "mine"
    file.write_text(f'[ollama]\nhost = "{loopback.url}"')
    notebook.said()
    notebook.ok("%llm -q hi")
    assert "Using ollama:mine:1b" in notebook.said()[0]
    notebook.ok("%llm_models ollama")
    assert "ollama:mine:1b" in notebook.last.plain


def test_a_broken_file_breaks_no_loading_and_is_told_by_the_first_call(notebook, file):
    notebook.ok("%unload_ext mojentic_nb")
    file.write_text('modle = "demo"')
    notebook.said()
    notebook.ok("%load_ext mojentic_nb")
    assert notebook.said() == ("", "")
    for cell in ("%llm hi", "%%llm -m demo\nhi", "%llm_config", "%%structured int\n3"):
        assert "mojentic_nb.toml:1: 'modle' is no setting. Did you mean model?" in refused(
            notebook, cell
        )
    notebook.ok("%llm_config temperature=0")
    file.write_text('model = "demo"')
    assert notebook.ok("%llm -q Hello").startswith("Hello")


def test_a_file_may_name_the_magic(notebook, file):
    notebook.ok("%unload_ext mojentic_nb")
    file.write_text('name = "ask"\nmodel = "demo"')
    notebook.ok("%load_ext mojentic_nb")
    assert notebook.ok("%ask Hello?").startswith("Hello")
    notebook.ok("%llm_config")
    assert rows(notebook)["name"] == "ask from mojentic_nb.toml:1"
    notebook.ok("%llm_config name=tell")
    notebook.ok("%llm_config")
    assert rows(notebook)["name"] == "tell set here"


def test_tools_and_system_of_the_file(ollama, loopback, file):
    file.write_text('system = "Be brief."\ntools = ["f"]\nmax_tokens = 9')
    loopback.script(Answer("ok"))
    ollama.ok("def f() -> int:\n    'One.'\n    return 1")
    ollama.ok("%llm hi")
    body = loopback.requests[0].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [one["function"]["name"] for one in body["tools"]] == ["f"]
    assert body["options"]["num_predict"] == 9


def test_a_line_of_settings_holds_whole_or_not_at_all(notebook):
    told = refused(notebook, "%llm_config temperature=1 deadline_s=5 budget_usd=-1")
    assert "budget_usd='-1': a number above 0 is wanted" in told
    notebook.ok("%llm_config")
    table = rows(notebook)
    assert table["temperature"] == "– default"
    assert "deadline_s" not in table


def test_a_value_set_by_config_is_checked_when_it_is_used(notebook):
    notebook.ok("%config LLMMagics.temperature = 9.0")
    assert "temperature=9.0: a number from 0 to 2" in refused(notebook, "%llm hi")


def test_a_server_may_be_silent_only_so_long_by_setting(ollama, loopback):
    loopback.script(Answer("never", delay=20.0))
    ollama.ok("%llm_config timeout_s=0.2")
    ran = ollama.run("%llm hi")
    assert type(ran.error_in_exec).__name__ == "GatewayTimeout"
