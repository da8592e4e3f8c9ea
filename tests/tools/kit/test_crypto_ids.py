"""Identifiers and secrets."""

from __future__ import annotations

import string
import time
import uuid

import pytest

from mojentic_nb.errors import ToolError
from mojentic_nb.schema import ShapeError, check
from mojentic_nb.tools.kit.crypto_ids import SecretTokenTool, UuidTool
from mojentic_nb.tools.policy import Limits, Policy

TOOL = UuidTool()


@pytest.mark.parametrize("version", [4, 7])
def test_many_are_all_different(version):
    made = [uuid.UUID(one) for one in TOOL.run(version, count=1000)]
    assert len(set(made)) == 1000
    assert {one.version for one in made} == {version}
    assert {one.variant for one in made} == {uuid.RFC_4122}


def test_version_7_sorts_by_time():
    before = time.time_ns() // 1_000_000
    made = TOOL.run(7, count=100)
    after = time.time_ns() // 1_000_000
    assert made == sorted(made)
    assert all(before <= uuid.UUID(one).int >> 80 <= after for one in made)


def test_version_5_is_the_same_for_a_name():
    # RFC 9562, A.4.
    assert TOOL.run(5, name="www.example.com") == ["2ed6657d-e927-568b-95e1-2665a8aea6a2"]
    own = TOOL.run(5, name="x", namespace="2ed6657d-e927-568b-95e1-2665a8aea6a2")
    assert own == TOOL.run(5, name="x", namespace="2ed6657d-e927-568b-95e1-2665a8aea6a2")
    assert own != TOOL.run(5, name="x", namespace="url")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 5},
        {"version": 4, "name": "x"},
        {"version": 5, "name": "x", "namespace": "nothing"},
    ],
)
def test_what_does_not_go_together(wrong):
    with pytest.raises(ToolError):
        TOOL.run(**wrong)


@pytest.mark.parametrize("wrong", [{"version": 1}, {"count": 0}, {"count": 10_000}])
def test_arguments_that_do_not_fit(wrong):
    with pytest.raises(ShapeError):
        TOOL.arguments(wrong)


def test_how_many_is_bounded():
    assert len(UuidTool(Policy(limits=Limits(entries=3))).run(count=1000)) == 3


@pytest.mark.parametrize(
    "kind, letters",
    [
        ("urlsafe", string.ascii_letters + string.digits + "-_"),
        ("hex", "0123456789abcdef"),
        ("letters", string.ascii_letters + string.digits),
        ("digits", string.digits),
    ],
)
def test_a_token_is_of_its_kind(kind, letters):
    tool = SecretTokenTool()
    made = {tool.run(kind, length=24) for _ in range(50)}
    assert len(made) == 50
    assert set("".join(made)) <= set(letters)


def test_a_password_has_something_of_each():
    made = {SecretTokenTool().run("password", length=4) for _ in range(20)}
    for one in made:
        assert len(one) == 4
        assert any(letter.islower() for letter in one)
        assert any(letter.isupper() for letter in one)
        assert any(letter.isdigit() for letter in one)
        assert not one.isalnum()


def test_a_length_below_all_use_is_refused():
    with pytest.raises(ShapeError):
        SecretTokenTool().arguments({"length": 3})


@pytest.mark.parametrize("tool", [TOOL, SecretTokenTool()])
def test_their_examples_run(tool):
    for example in tool.facts.examples:
        check(tool.invoke(tool.arguments(example.arguments)), tool.output_schema)
