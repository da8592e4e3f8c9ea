"""The settings file: found, checked, and every value knows where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb import preferences
from mojentic_nb.errors import BadArgument

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A repository's root, with the working directory two folders below."""
    home = tmp_path / "home"
    below = home / "papers" / "lab" / "notebooks" / "deep"
    below.mkdir(parents=True)
    (home / "papers" / "lab" / ".git").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("MOJENTIC_NB_CONFIG")
    monkeypatch.delenv("OLLAMA_HOST")
    monkeypatch.chdir(below)
    return home / "papers" / "lab"


def own(project: Path) -> Path:
    """The person's own file."""
    folder = project.parent.parent / ".config" / "mojentic_nb"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "mojentic_nb.toml"


def known(name: str) -> tuple[object, str]:
    found = preferences.value(name)
    return found.value, found.origin


def test_without_a_file_everything_is_the_default(project):
    assert known("model") == (None, "default")
    assert known("stream") == ("auto", "default")
    assert known("tools") == ((), "default")
    assert {known(name)[1] for name in preferences.names()} == {"default"}


def test_the_nearest_goes_before(project, monkeypatch):
    own(project).write_text('model = "demo"\ntemperature = 0.5\nsystem = "Be kind."\n')
    (project / "mojentic_nb.toml").write_text('# ours\nmodel = "ollama:mine"\ntemperature = 1\n')
    monkeypatch.setenv("MOJENTIC_NB_MODEL", "ollama:now")
    assert known("model") == ("ollama:now", "from MOJENTIC_NB_MODEL")
    assert known("temperature") == (1.0, "from ~/papers/lab/mojentic_nb.toml:3")
    assert known("system") == ("Be kind.", "from ~/.config/mojentic_nb/mojentic_nb.toml:3")
    assert known("math") == (False, "default")


def test_a_file_in_the_working_directory_is_told_by_its_name(project):
    Path("mojentic_nb.toml").write_text('model = "demo"')
    assert known("model") == ("demo", "from mojentic_nb.toml:1")


def test_above_the_repository_nobody_looks(project):
    (project.parent / "mojentic_nb.toml").write_text('model = "somebody:elses"')
    assert known("model") == (None, "default")


def test_outside_of_home_and_repository_only_this_folder_counts(project, tmp_path, monkeypatch):
    shared = tmp_path / "shared" / "below"
    shared.mkdir(parents=True)
    (shared.parent / "mojentic_nb.toml").write_text('model = "somebody:elses"')
    monkeypatch.chdir(shared)
    assert known("model") == (None, "default")
    (shared / "mojentic_nb.toml").write_text('model = "mine"')
    assert known("model")[0] == "mine"


def test_the_environment_may_name_another_file(project, tmp_path, monkeypatch):
    own(project).write_text('model = "not:this"')
    other = tmp_path / "other.toml"
    other.write_text('model = "this:one"')
    monkeypatch.setenv("MOJENTIC_NB_CONFIG", str(other))
    assert known("model") == ("this:one", f"from {other}:1")
    other.unlink()
    with pytest.raises(BadArgument, match="which is not there"):
        preferences.value("model")


def test_a_change_of_the_file_is_seen(project):
    file = project / "mojentic_nb.toml"
    file.write_text('model = "one"')
    assert known("model")[0] == "one"
    file.write_text('model = "another"')
    assert known("model")[0] == "another"


@pytest.mark.parametrize(
    "line, name, value",
    [
        ("max_tokens = 100", "max_tokens", 100),
        ("budget_usd = 0.10", "budget_usd", 0.1),
        ("budget_tokens = 1_000", "budget_tokens", 1000),
        ("stream = false", "stream", "off"),
        ('footer = "ON"', "footer", "on"),
        ("math = true", "math", True),
        ('tools = ["dates", "f"]', "tools", ("dates", "f")),
        ('tools = "dates, f"', "tools", ("dates", "f")),
        ('fallback = ["openai:gpt-5.4", "demo"]', "fallback", ("openai:gpt-5.4", "demo")),
        ('cassette_mode = "replay"', "cassette_mode", "replay"),
        ("deadline_s = 30", "deadline_s", 30.0),
        ('name = "%ask"', "name", "ask"),
        ('[ollama]\nhost = "http://127.0.0.1:99"', "ollama.host", "http://127.0.0.1:99"),
        ('openai.base_url = "http://[::1]:1/v1"', "openai.base_url", "http://[::1]:1/v1"),
    ],
)
def test_values_have_their_types(project, line, name, value):
    (project / "mojentic_nb.toml").write_text(line)
    found, origin = known(name)
    assert (found, type(found)) == (value, type(value))
    assert origin.endswith(f":{line.count(chr(10)) + 1}")


def test_paths_begin_where_their_file_is(project):
    (project / "mojentic_nb.toml").write_text('cache = "answers.db"\ncassette = "~/tape.jsonl"')
    assert known("cache")[0] == project / "answers.db"
    assert known("cassette")[0] == Path.home() / "tape.jsonl"


@pytest.mark.parametrize(
    "text, told",
    [
        ("\n\nmodle = 1", ":3: 'modle' is no setting. Did you mean model?"),
        ("max_token = 1", ":1: 'max_token' is no setting. Did you mean max_tokens?"),
        (
            "nest_asyncio = 'on'",
            "It is for one session: %llm_config nest_asyncio=on",
        ),
        ("[olama]\nhost = 'x'", ":1: [olama] is no section. Did you mean ollama?"),
        (
            "[openai]\n\nbase = 'x'",
            ":3: 'openai.base' is no setting. Did you mean openai.base_url?",
        ),
        ("temperature = 7", ":1: temperature=7: a number from 0 to 2 is wanted."),
        ("temperature = true", "temperature=True: a number"),
        ("max_tokens = 1.5", "max_tokens=1.5: a whole number above 0"),
        ("max_tokens = 0", "a whole number above 0"),
        ("budget_usd = -1", "a number above 0"),
        ("budget_usd = nan", "a number above 0"),
        ("stream = 'maybe'", "auto, on or off"),
        ("math = 3", "on or off"),
        ("tools = [1]", "names with commas"),
        ("name = 'a b'", "a name such as llm or ask"),
        ("model = ''", "a text is wanted"),
        ("ollama = 'x'", ":1: 'ollama' is no setting. Did you mean ollama.host?"),
        ("[personas]\nkind = 1", ":2: personas.kind: a text is wanted"),
        ("model = 'a'\nmodel = 'b'", "mojentic_nb.toml:2: not TOML: Cannot overwrite"),
        ("model = demo", "mojentic_nb.toml:1: not TOML: Invalid value"),
    ],
)
def test_a_mistake_is_told_with_its_place(project, text, told):
    (project / "mojentic_nb.toml").write_text(text)
    with pytest.raises(BadArgument) as caught:
        preferences.value("math")

    assert told in str(caught.value)
    assert "mojentic_nb.toml" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f'api_key = "{KEY}"',
        f'[openai]\napi_key = "{KEY}"',
        f'[anthropic]\nauth_token = "{KEY}"',
        f'github_password = "{KEY}"',
        f'[ollama]\nhost = "http://me:{KEY}@127.0.0.1"',
        f'[openai]\nbase_url = "http://127.0.0.1/v1?key={KEY}"',
        f"key = {KEY}",
    ],
)
@pytest.mark.parametrize("whose", ["project", "own"])
def test_a_key_is_refused_and_never_shown(project, text, whose):
    (own(project) if whose == "own" else project / "mojentic_nb.toml").write_text(text)
    with pytest.raises(BadArgument) as caught:
        preferences.value("model")

    told = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caught.value.__dict__}"
    assert KEY not in told
    assert KEY[8:16] not in told


def test_a_key_is_told_where_it_belongs(project):
    (project / "mojentic_nb.toml").write_text(f'[openai]\napi_key = "{KEY}"')
    with pytest.raises(BadArgument, match=r":2: openai.api_key looks like a key.*environment"):
        preferences.value("model")


def test_a_folder_may_not_say_where_prompts_and_keys_go(project):
    text = '[openai]\nbase_url = "https://127.evil.example/v1"'
    (project / "mojentic_nb.toml").write_text(text)
    with pytest.raises(BadArgument, match="only name an address of this machine"):
        preferences.value("model")

    (project / "mojentic_nb.toml").unlink()
    own(project).write_text(text)
    assert preferences.address("openai") == "https://127.evil.example/v1"


def test_an_address_of_the_environment_is_left_to_the_gateway(project, monkeypatch):
    own(project).write_text('[ollama]\nhost = "http://box:1"')
    assert preferences.address("ollama") == "http://box:1"
    monkeypatch.setenv("OLLAMA_HOST", f"http://me:{KEY}@other:2")
    assert preferences.address("ollama") is None
    found = preferences.value("ollama.host")
    assert (found.text, found.origin) == ("http://other:2", "from OLLAMA_HOST")


def test_the_environment_is_checked_too(project, monkeypatch):
    monkeypatch.setenv("MOJENTIC_NB_TEMPERATURE", "warm")
    with pytest.raises(BadArgument, match="MOJENTIC_NB_TEMPERATURE: temperature='warm'"):
        preferences.value("temperature")
    monkeypatch.setenv("MOJENTIC_NB_TEMPERATURE", " ")
    assert known("temperature") == (None, "default")
    monkeypatch.setenv("MOJENTIC_NB_STREAM", "0")
    assert known("stream") == ("off", "from MOJENTIC_NB_STREAM")
    monkeypatch.setenv("MOJENTIC_NB_MAGIC", "%ask")
    assert known("name") == ("ask", "from MOJENTIC_NB_MAGIC")


def test_personas_of_both_files(project):
    own(project).write_text('[personas]\ncook = "Own cook."\npoet = "Rhyme."')
    (project / "mojentic_nb.toml").write_text('[personas]\ncook = "Their cook."')
    found = preferences.personas()
    assert {name: one.value for name, one in found.items()} == {
        "cook": "Their cook.",
        "poet": "Rhyme.",
    }
    assert found["cook"].origin == "from ~/papers/lab/mojentic_nb.toml:2"


@pytest.mark.parametrize("content", [b"model = '\xff'", b"\xef\xbb\xbfmodel = 'demo'"])
def test_a_file_is_text(project, content):
    (project / "mojentic_nb.toml").write_bytes(content)
    if content.startswith(b"\xef"):
        assert known("model")[0] == "demo"
        return

    with pytest.raises(BadArgument, match="not text in UTF-8"):
        preferences.value("model")


def test_a_folder_of_that_name_is_no_file(project, monkeypatch):
    (project / "mojentic_nb.toml").mkdir()
    assert known("model") == (None, "default")
    monkeypatch.setenv("MOJENTIC_NB_CONFIG", str(project))
    with pytest.raises(BadArgument, match="cannot be read"):
        preferences.value("model")


def test_an_unknown_name_is_the_programs_mistake():
    with pytest.raises(BadArgument, match="Did you mean temperature"):
        preferences.value("temprature")
