"""Variables and the machine: what may be known, and never a secret."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.system_environment import MASKED, EnvReadTool, SystemInfoTool
from mojentic_nb.tools.policy import Limits, Policy

ALL = Policy(effects={"reads"}, env="*")


@pytest.fixture
def nothing_set(monkeypatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)


def test_an_allowed_variable_is_read(monkeypatch):
    monkeypatch.setenv("CITY", "Berlin")
    tool = EnvReadTool(Policy(effects={"reads"}, env=("CITY",)))
    assert tool.invoke(tool.arguments({"name": "CITY"})) == {"CITY": "Berlin"}


@pytest.mark.usefixtures("nothing_set")
def test_without_a_name_all_that_may_be_read(monkeypatch):
    for name in ("APP_B", "APP_A", "OTHER", "XAPP_C"):
        monkeypatch.setenv(name, name.lower())
    tool = EnvReadTool(Policy(effects={"reads"}, env=("APP_*",)))
    assert tool.run() == {"APP_A": "app_a", "APP_B": "app_b"}


def test_one_not_allowed_is_refused_whether_or_not_it_is_set(monkeypatch):
    monkeypatch.setenv("CITY", "Berlin")
    tool = EnvReadTool(Policy(effects={"reads"}, env=("APP_*", "CIT")))
    said = []
    for name in ("CITY", "TOWN"):
        with pytest.raises(ToolDenied) as refused:
            tool.run(name)
        said.append(str(refused.value).replace(name, ""))
    assert said[0] == said[1]


def test_by_default_nothing_is_read():
    assert EnvReadTool().run() == {}
    with pytest.raises(ToolDenied, match="PATH"):
        EnvReadTool().run("PATH")


def test_one_that_is_not_set():
    with pytest.raises(ToolError, match="'NOT_SET_HERE' is not set"):
        EnvReadTool(ALL).run("NOT_SET_HERE")


@pytest.mark.parametrize(
    "name",
    """OPENAI_API_KEY APIKEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY GITHUB_TOKEN TOKEN mytoken
    DB_PASSWORD PGPASSWORD PASSWD MYSQL_PWD SSH_PRIVATE_KEY CLIENT_SECRET secret PASSPHRASE
    GOOGLE_APPLICATION_CREDENTIALS HTTP_AUTH AUTHORIZATION SESSION_ID COOKIE SENTRY_DSN KEY
    SIGNING_KEY Key_2""".split(),
)
def test_a_name_that_sounds_secret_masks_its_value(monkeypatch, name):
    monkeypatch.setenv(name, "plain")
    assert EnvReadTool(ALL).run(name) == {name: MASKED}


@pytest.mark.parametrize(
    "value",
    [
        "sk-abcdefghijklmnop",
        "prefix ghp_abcdefghij0123456789 suffix",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-1234567890-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
        "postgres://user:hidden@db.example.org/base",
        "-----BEGIN PRIVATE KEY-----\nMIIE",
        "0123456789abcdef0123456789abcdef",
        "Bearer abcdef123456",
    ],
)
def test_a_value_with_a_keys_shape_is_masked(monkeypatch, value):
    monkeypatch.setenv("HARMLESS", value)
    assert EnvReadTool(ALL).run("HARMLESS") == {"HARMLESS": MASKED}


@pytest.mark.parametrize(
    "name, value",
    [
        ("KEYBOARD", "us"),
        ("MONKEY", "banana"),
        ("PATH", "/usr/local/bin:/usr/bin:/home/someone/a-rather-long-folder2/with/more/bin"),
        ("LANG", "de_DE.UTF-8"),
        ("PWD_HINT", "none"),
        ("AUTHOR", "Ada"),
        ("URL", "https://example.org/a/b?c=1"),
    ],
)
def test_what_is_no_secret_is_shown(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert EnvReadTool(ALL).run(name) == {name: value}


@given(st.from_regex(r"(sk|ghp|hf|xai)[-_][A-Za-z0-9]{20,40}", fullmatch=True))
def test_no_providers_key_is_ever_shown(value):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANY", f"before {value}")
        assert value not in str(EnvReadTool(ALL).run())


def test_long_values_and_many_are_bounded(monkeypatch):
    monkeypatch.setenv("LONG", "word " * 1000)
    limits = Limits(output_chars=200, entries=2)
    tool = EnvReadTool(Policy(effects={"reads"}, env="*", limits=limits))
    assert len(tool.run("LONG")["LONG"]) <= 200
    assert len(tool.run()) == 2


def test_reading_needs_the_effect():
    with pytest.raises(ToolDenied, match="reads"):
        EnvReadTool(Policy(env="*")).invoke({})


def test_the_machine_is_told(tmp_path):
    tool = SystemInfoTool(Policy(effects={"reads"}, roots=(tmp_path,)))
    info = tool.invoke(tool.arguments({}))
    assert info["processors"] >= 1
    assert 0 < info["memory_free_bytes"] <= info["memory_bytes"]
    assert 0 <= info["disk_free_bytes"] <= info["disk_bytes"]
    assert info["python"] == ".".join(map(str, sys.version_info[:3]))
    check(info, tool.output_schema)


def test_without_psutil_the_standard_library_tells_what_it_knows(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)  # as where it is not installed
    info = SystemInfoTool(Policy(effects={"reads"})).run()
    assert "processor_percent" not in info
    assert info["processors"] >= 1


def test_the_machine_is_not_told_without_the_effect():
    with pytest.raises(ToolDenied):
        SystemInfoTool().run()


@pytest.mark.parametrize("tool", [EnvReadTool(ALL), SystemInfoTool(ALL)])
def test_their_examples_run(tool, monkeypatch):
    monkeypatch.setenv("LANG", "C.UTF-8")
    for example in tool.facts.examples:
        assert tool.invoke(tool.arguments(example.arguments))
