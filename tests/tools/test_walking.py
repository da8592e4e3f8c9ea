"""Patterns find what is inside, go through no link, and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.folder import Folder
from mojentic_nb.tools.policy import Limits


@pytest.fixture
def inside(tmp_path: Path) -> Folder:
    (tmp_path / "root").mkdir()
    (tmp_path / "rootevil").mkdir()
    (tmp_path / "rootevil/secret.txt").touch()
    for name, target in {"out": "../rootevil", "out_file": "../rootevil/secret.txt"}.items():
        (tmp_path / "root" / name).symlink_to(target)
    (tmp_path / "root/twice").symlink_to("out")
    return Folder(tmp_path / "root")


GLOBS = ["../*", "/etc/host*", "../*/secret.txt", "**/../../*", "a/../..", "..", "\\..\\*", "*\0"]


@pytest.mark.parametrize("pattern", [*GLOBS, "/", "~/*", "．．/*"])
def test_a_pattern_stays_inside(inside, pattern):
    with pytest.raises(ToolDenied):
        inside.listed(pattern)


@pytest.mark.parametrize("pattern", ["**/*", "**", "out/*", "out*", "*/*", "twice/*", "[o]ut/*"])
def test_a_pattern_does_not_go_through_links(inside, pattern):
    told = [inside.shown(one) for one in inside.listed(pattern)]
    assert [one for one in told if "secret" in one or one.startswith(("out", "twice", "/"))] == []


@pytest.mark.parametrize(
    "pattern, found",
    [
        ("*", ["a", "in"]),
        ("*.txt", []),
        ("**/*.txt", ["a/b/deep.txt", "a/file.txt"]),
        ("a/*", ["a/b", "a/file.txt"]),
        ("a/**", ["a/b", "a/b/deep.txt", "a/file.txt"]),
        ("**/b/*", ["a/b/deep.txt"]),
        ("**/**/deep.???", ["a/b/deep.txt"]),
        ("[ab]", ["a"]),
        ("a", ["a"]),
        ("in/*", []),
    ],
)
def test_patterns(tmp_path, pattern, found):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/deep.txt").touch()
    (tmp_path / "a/file.txt").touch()
    (tmp_path / "in").symlink_to("a")
    inside = Folder(tmp_path)
    assert [inside.shown(one) for one in inside.listed(pattern)] == found


def test_what_was_found_is_told(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file.txt").write_text("four")
    (tmp_path / "link").symlink_to("a")
    found = list(Folder(tmp_path).walked("**"))
    assert [(one.shown, one.kind, one.bytes) for one in found] == [
        ("a", "folder", 0),
        ("a/file.txt", "file", 4),
        ("link", "link", 0),
    ]
    assert found[1].place == tmp_path / "a/file.txt"
    assert found[1].modified_at == (tmp_path / "a/file.txt").stat().st_mtime


def test_looking_ends_in_time(tmp_path):
    (tmp_path / "file.txt").touch()
    with pytest.raises(ToolError, match="took longer"):
        Folder(tmp_path, limits=Limits(seconds=1e-9)).listed()


@pytest.mark.parametrize("pattern", ["", ".", "/".join(["**", "x"] * 20)])
def test_what_is_no_pattern_is_told(tmp_path, pattern):
    with pytest.raises(ToolError, match="is no pattern"):
        Folder(tmp_path).listed(pattern)


def test_many_parts_do_not_take_for_ever(tmp_path):
    deep = tmp_path.joinpath(*["a"] * 20)
    deep.mkdir(parents=True)
    assert Folder(tmp_path).listed("/".join(["**", "a"] * 15 + ["b"])) == []
