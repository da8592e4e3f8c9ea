"""Fingerprints, against published ones."""

from __future__ import annotations

import hashlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import ShapeError, check
from mojentic_nb.tools.kit.crypto_hash import Algorithm, HashTool
from mojentic_nb.tools.policy import Limits, Policy

TOOL = HashTool()
# FIPS 180-2, appendix B.1; RFC 1321, A.5; RFC 4231, test case 2.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
HMAC = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_published_values():
    assert TOOL.run("abc")["digest"] == ABC
    assert TOOL.run("abc", algorithm="md5")["digest"] == "900150983cd24fb0d6963f7d28e17f72"
    assert TOOL.run("what do ya want for nothing?", key="Jefe")["digest"] == HMAC


@pytest.mark.parametrize("algorithm", get_args(Algorithm))
def test_every_algorithm_is_here(algorithm):
    for key in (None, "key"):
        result = TOOL.run("abc", algorithm=algorithm, key=key)
        check(result, TOOL.output_schema)
        assert len(result["digest"]) == 2 * hashlib.new(algorithm).digest_size


def test_base64_and_comparison():
    assert TOOL.run("abc", encoding="base64")["digest"] == (
        "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    )
    assert TOOL.run("abc", expected=f" {ABC.upper()}\n")["matches"] is True
    assert TOOL.run("abd", expected=ABC)["matches"] is False
    assert TOOL.run("abc", expected="ü")["matches"] is False


def test_a_file(tmp_path):
    (tmp_path / "data.bin").write_bytes(b"abc")
    tool = HashTool(Policy(roots=(tmp_path,), effects={"reads"}))
    result = tool.invoke(tool.arguments({"path": "data.bin"}))
    assert result == {"digest": ABC, "algorithm": "sha256", "bytes": 3}


def test_a_file_larger_than_allowed(tmp_path):
    (tmp_path / "data.bin").write_bytes(b"abcd")
    limits = Limits(read_bytes=3)
    tool = HashTool(Policy(roots=(tmp_path,), effects={"reads"}, limits=limits))
    with pytest.raises(ToolError, match="4 bytes"):
        tool.run(path="data.bin")


def test_files_need_the_effect_and_a_folder(tmp_path):
    (tmp_path / "data.bin").write_bytes(b"abc")
    for policy in (Policy(roots=(tmp_path,)), Policy(effects={"reads"})):
        with pytest.raises(ToolDenied):
            HashTool(policy).run(path="data.bin")
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(ToolDenied):
        HashTool(Policy(roots=(inside,), effects={"reads"})).run(path="../data.bin")


@pytest.mark.parametrize("given", [{}, {"text": "a", "path": "b"}])
def test_exactly_one_of_text_and_path(given):
    with pytest.raises(ToolError, match="either text or path"):
        TOOL.run(**given)


def test_arguments_that_do_not_fit():
    with pytest.raises(ShapeError):
        TOOL.arguments({"text": "a", "algorithm": "crc32"})


@given(st.text())
def test_any_text_has_a_hash(text):
    expected = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert TOOL.run(text)["digest"] == expected


@pytest.mark.parametrize("example", TOOL.facts.examples, ids=lambda one: one.says)
def test_its_examples_run(example, tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n")
    tool = HashTool(Policy(roots=(tmp_path,), effects={"reads"}))
    assert tool.invoke(tool.arguments(example.arguments))["digest"]
