"""The doctor tells what it finds, and never a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mojentic_nb.doctor import (
    Diagnosis,
    Known,
    Provider,
    asked,
    described,
    listed,
    public_address,
    shortened,
)
from mojentic_nb.errors import GatewayUnreachable

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk-test-0123456789abcdef"
CLOSED = "http://127.0.0.1:9"


def run(*arguments: str, **environment: str) -> str:
    """What `python -m mojentic_nb ...` prints; it must succeed and not complain."""
    ran = subprocess.run(
        [sys.executable, "-m", "mojentic_nb", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    return ran.stdout


@dataclass(kw_only=True)
class Quiet:
    """A gateway that answers with a list, or with the error it is given."""

    name: str
    url: str = "http://127.0.0.1:1"
    has_key: bool = False
    models: tuple[str, ...] = ()
    error: Exception | None = None

    def get_available_models(self) -> list[str]:
        if self.error:
            raise self.error
        return list(self.models)


def test_a_provider_that_answers():
    found = asked(Quiet(name="ollama", models=("llama3.2",)))
    assert (found.answers, found.models, found.key) == (True, ("llama3.2",), "not needed")


def test_a_provider_without_its_key_is_not_asked():
    found = asked(Quiet(name="openai", error=AssertionError("was asked")))
    assert (found.answers, found.key) == (None, "not set")
    assert "OPENAI_API_KEY" in found.hint


def test_a_provider_that_is_down_is_a_finding():
    error = GatewayUnreachable("No answer from 'ollama'.", hint="Start it.")
    found = asked(Quiet(name="ollama", error=error))
    assert (found.answers, found.problem, found.hint) == (
        False,
        "No answer from 'ollama'.",
        "Start it.",
    )


@pytest.mark.parametrize(
    "url, told",
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        (f"https://me:{KEY}@host/v1", "https://host/v1"),
        (f"https://{KEY}@host:1/v1?key={KEY}#{KEY}", "https://host:1/v1"),
        ("", ""),
    ],
)
def test_an_address_is_told_without_what_people_hide_in_it(url, told):
    assert public_address(url) == told


@pytest.mark.parametrize(
    "models, told",
    [([], "no models yet"), (["a", "b"], "a, b"), (list("abcdef"), "a, b, c, d, e and 1 more")],
)
def test_a_long_list_is_shortened(models, told):
    assert shortened(models) == told


DIAGNOSIS = Diagnosis(
    default_model="ollama:llama3.2",
    providers=(
        Provider(name="ollama", url="http://h", key="not needed", answers=True, models=("a", "b")),
        Provider(name="openai", url="", key="set", answers=False, problem="Down.", hint="Wait."),
        Provider(name="demo", url="", key="not needed", answers=True, models=("demo",)),
    ),
    versions={"python": "3.11.0", "jupyterlab": None},
)


def test_models_are_spelled_as_a_prompt_takes_them():
    assert listed(DIAGNOSIS).splitlines() == [
        "ollama:a",
        "ollama:b",
        "# openai: Down. Wait.",
        "demo",
    ]


def test_the_diagnosis_as_text():
    assert described(DIAGNOSIS).splitlines() == [
        "A call without a model goes to ollama:llama3.2",
        "",
        "✓ ollama     key not needed  http://h",
        "    a, b",
        "✗ openai     key set",
        "    Down.",
        "    Wait.",
        "✓ demo       key not needed",
        "    demo",
        "",
        "python 3.11.0 · jupyterlab –",
    ]


def test_with_nothing_there_the_demo_is_what_one_gets():
    told = json.loads(run("doctor", "--json"))
    answers = {provider["name"]: provider["answers"] for provider in told["providers"]}
    assert told["default_model"] == "demo"
    assert answers == {"ollama": False, "openai": None, "anthropic": None, "demo": True}
    assert told["versions"]["python"].startswith("3.")


@pytest.mark.parametrize("command", [["doctor"], ["doctor", "--json"], ["models"]])
def test_a_key_is_never_shown(command):
    told = run(
        *command,
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=f"http://me:{KEY}@127.0.0.1:9/v1?key={KEY}",
        ANTHROPIC_API_KEY=KEY,
        ANTHROPIC_BASE_URL=CLOSED,
    )
    pieces = [KEY[start : start + 8] for start in range(8, len(KEY) - 8)]
    assert [piece for piece in [KEY, *pieces] if piece in told] == []


def test_a_set_key_is_said_to_be_set():
    told = json.loads(run("doctor", "--json", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=CLOSED + "/v1"))
    openai = next(p for p in told["providers"] if p["name"] == "openai")
    assert (openai["key"], openai["answers"]) == ("set", False)
    assert openai["hint"]


def test_every_model_that_answers_is_listed():
    assert "demo" in run("models").splitlines()


def test_every_setting_is_told_with_its_origin(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'model = "demo"\nsystem = """Be\nkind."""\n[ollama]\nhost = "http://127.0.0.1:9"'
    )
    environment = {"MOJENTIC_NB_CONFIG": str(file), "MOJENTIC_NB_MAX_TOKENS": "5"}
    told = json.loads(run("doctor", "--json", **environment))
    known = {one["name"]: (one["value"], one["origin"]) for one in told["settings"]}
    assert known["model"] == ("demo", f"from {file}:1")
    assert known["max_tokens"] == ("5", "from MOJENTIC_NB_MAX_TOKENS")
    assert known["stream"] == ("auto", "default")
    assert known["ollama.host"][1] == "from OLLAMA_HOST"
    assert told["problems"] == []
    lines = [line.split() for line in run("doctor", **environment).splitlines()]
    assert ["model", "demo", "from", f"{file}:1"] in lines
    assert ["system", "Be", "kind.", "from", f"{file}:2"] in lines


def test_a_broken_settings_file_is_a_finding(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(f'[openai]\napi_key = "{KEY}"')
    told = run("doctor", MOJENTIC_NB_CONFIG=str(file), MOJENTIC_NB_TEMPERATURE="9")
    assert f"✗ {file}:2: openai.api_key looks like a key" in told
    assert "✗ MOJENTIC_NB_TEMPERATURE: temperature='9': a number from 0 to 2" in told
    assert "✓ demo" in told
    assert KEY not in told
    assert told.count("looks like a key") == 1


def test_settings_are_aligned_and_short():
    diagnosis = Diagnosis(
        default_model="demo",
        providers=(),
        versions={},
        settings=(
            Known(name="model", value="", origin="default"),
            Known(name="system", value="x" * 200, origin="set"),
        ),
    )
    model, system = described(diagnosis).splitlines()[3:5]
    assert model.startswith("  model   –  ")
    assert len(system) < 90
    assert model.index("default") == system.index("set")


def test_a_cells_model_is_told_where_settings_make_it_another(tmp_path, loopback):
    """A program's calls read no settings file; a notebook's do."""
    assert run("doctor", MOJENTIC_NB_MODEL="ollama:x").splitlines()[:2] == [
        "A call without a model goes to demo",
        "In a notebook, %llm goes to ollama:x",
    ]
    file = tmp_path / "mine.toml"
    file.write_text(f'[ollama]\nhost = "{loopback.url}"')
    environment = {"MOJENTIC_NB_CONFIG": str(file), "OLLAMA_HOST": ""}
    told = json.loads(run("doctor", "--json", **environment))
    assert told["cells_model"].startswith("ollama:llama3.2")
    assert "In a notebook" not in run("doctor")


def test_the_demo_has_no_address():
    (line,) = [line for line in run("doctor").splitlines() if line.startswith("✓ demo")]
    assert line.endswith("key not needed")
