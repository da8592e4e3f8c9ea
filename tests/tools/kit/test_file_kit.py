"""The eight file tools: what each does, what it refuses, where it stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb.clock import FrozenClock
from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.kit.file_archive import ArchiveTool
from mojentic_nb.tools.kit.file_places import FileDeleteTool, FileListTool, FileMoveTool
from mojentic_nb.tools.kit.file_read import FileReadTool
from mojentic_nb.tools.kit.file_search import FileSearchTool
from mojentic_nb.tools.kit.file_watch import FileWatchTool
from mojentic_nb.tools.kit.file_write import FileWriteTool
from mojentic_nb.tools.policy import Limits, Policy

TOOLS = [
    ArchiveTool,
    FileDeleteTool,
    FileListTool,
    FileMoveTool,
    FileReadTool,
    FileSearchTool,
    FileWatchTool,
    FileWriteTool,
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    (root / "notes.md").write_text("one\ntwo\nthree\nfour\n")
    (root / "src/tool.py").write_text("def my_tool():\n    pass\n")
    (root / "src/data.bin").write_bytes(b"\0def my_tool")
    (tmp_path / "secret.txt").write_text("def secret_tool")
    (root / "out").symlink_to("..")
    return root


def policy(place: Path, **limits: float) -> Policy:
    return Policy(roots=(place,), effects={"reads", "writes"}, limits=Limits(**limits))


@pytest.mark.parametrize("kind", TOOLS)
def test_facts_examples_and_schemas(kind):
    one = kind()
    assert one.facts.category == "file"
    assert one.facts.effects
    assert one.facts.guidance
    assert one.facts.examples
    for example in one.facts.examples:
        assert one.arguments(example.arguments) == example.arguments
    assert one.output_schema["type"] == "object"
    properties = one.spec.parameters["properties"]
    assert all(part.get("description") for part in properties.values())
    assert one.description


GIVEN = {
    ArchiveTool: {"action": "pack", "archive": "x.zip", "files": ["../secret.txt"]},
    FileDeleteTool: {"path": "../secret.txt"},
    FileListTool: {"folder": ".."},
    FileMoveTool: {"source": "notes.md", "target": "../notes.md"},
    FileReadTool: {"path": "out/secret.txt"},
    FileSearchTool: {"pattern": "secret", "folder": "out"},
    FileWatchTool: {"folder": "../"},
    FileWriteTool: {"path": "../new.txt", "content": ""},
}


@pytest.mark.parametrize("kind", TOOLS)
def test_what_is_outside_is_denied(kind, place):
    with pytest.raises(ToolDenied):
        kind(policy(place)).run(**GIVEN[kind])
    assert sorted(one.name for one in place.parent.iterdir()) == ["root", "secret.txt"]


@pytest.mark.parametrize("kind", TOOLS)
def test_without_a_policy_nothing_is_done(kind):
    with pytest.raises(ToolDenied, match="no folder is allowed"):
        kind().run(**GIVEN[kind])
    with pytest.raises(ToolDenied, match="may not be used"):
        kind().invoke(dict(GIVEN[kind]))


# -- reading and writing ------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, text, last, is_cut",
    [
        ({}, "one\ntwo\nthree\nfour\n", 4, False),
        ({"first_line": 2, "lines": 2}, "two\nthree\n", 3, True),
        ({"first_line": 3, "lines": 2}, "three\nfour\n", 4, False),
        ({"first_line": 9}, "", 8, False),
    ],
)
def test_lines_are_read(place, asked, text, last, is_cut):
    told = FileReadTool(policy(place)).run("notes.md", **asked)
    assert (told["text"], told["last_line"], told["is_cut"]) == (text, last, is_cut)


def test_a_long_file_comes_in_parts(place):
    one = FileReadTool(policy(place, output_chars=9))
    first = one.run("notes.md")
    rest = one.run("notes.md", first_line=first["last_line"] + 1)
    assert (first["text"], first["is_cut"]) == ("one\ntwo\n", True)
    assert (rest["text"], rest["is_cut"]) == ("three\n", True)


def test_a_line_that_is_too_long_is_cut(place):
    (place / "long.txt").write_text("x" * 1000 + "\nnext\n")
    one = FileReadTool(policy(place, output_chars=100))
    told = one.run("long.txt")
    assert (len(told["text"]), told["is_cut"]) == (100, True)
    assert one.run("long.txt", first_line=2)["text"] == "next\n"


def test_line_ends_and_encodings_are_kept(place):
    (place / "odd.txt").write_bytes("é\r\nb\x0cc\u2028d".encode("utf-16"))
    told = FileReadTool(policy(place)).run("odd.txt", encoding="utf-16")
    assert (told["text"], told["last_line"]) == ("é\r\nb\x0cc\u2028d", 2)
    with pytest.raises(ToolError, match="is not utf-8 text"):
        FileReadTool(policy(place)).run("odd.txt")
    with pytest.raises(ToolError, match="no encoding 'nope'"):
        FileReadTool(policy(place)).run("odd.txt", encoding="nope")


def test_writing(place):
    write = FileWriteTool(policy(place, write_bytes=10)).run
    assert write("a/b.txt", content="é") == {
        "path": "a/b.txt",
        "bytes": 2,
        "is_new": True,
        "backup": "",
    }
    assert write("a/b.txt", content="new")["backup"] == "a/b.txt.bak"
    assert write("a/b.txt", content="er", mode="append")["is_new"] is False
    assert (place / "a/b.txt").read_text() == "newer"
    assert (place / "a/b.txt.bak").read_text() == "é"
    with pytest.raises(ToolError, match="already there"):
        write("a/b.txt", content="", mode="create")
    with pytest.raises(ToolError, match="more than the 10 allowed"):
        write("a/b.txt", content="x" * 11)
    with pytest.raises(ToolError, match="cannot be written as ascii"):
        write("a/b.txt", content="é", encoding="ascii")
    assert (place / "a/b.txt").read_text() == "newer"


# -- places -------------------------------------------------------------------------


def test_listing(place):
    told = FileListTool(policy(place)).run("**/*", kind="file")
    assert [one["path"] for one in told["entries"]] == ["notes.md", "src/data.bin", "src/tool.py"]
    assert told["entries"][0]["bytes"] == 19
    assert told["entries"][0]["modified_at"].endswith("+00:00")
    assert told["is_cut"] is False
    assert FileListTool(policy(place, entries=2)).run("**/*")["is_cut"] is True
    assert [one["path"] for one in FileListTool(policy(place)).run()["entries"]] == [
        "notes.md",
        "src",
    ]


def test_moving_replaces_nothing(place):
    move = FileMoveTool(policy(place)).run
    assert move("notes.md", target="old/n.md") == {"source": "notes.md", "target": "old/n.md"}
    with pytest.raises(ToolError, match=r"'src/tool\.py' is already there"):
        move("old/n.md", target="src/tool.py")
    with pytest.raises(ToolError, match=r"There is no 'notes\.md'"):
        move("notes.md", target="x")
    assert (place / "old/n.md").read_text().startswith("one")


def test_deleting(place):
    delete = FileDeleteTool(policy(place)).run
    assert FileDeleteTool.facts.is_destructive
    assert delete("notes.md") == {"path": "notes.md", "kind": "file"}
    with pytest.raises(ToolError, match="not empty"):
        delete("src")
    assert delete("src", contents=True)["kind"] == "folder"
    with pytest.raises(ToolError, match="There is no 'src'"):
        delete("src")


# -- searching ----------------------------------------------------------------------


def test_searching(place):
    told = FileSearchTool(policy(place)).run(r"def \w+_tool", context=1)
    assert told == {
        "found": [
            {
                "path": "src/tool.py",
                "line": 1,
                "text": "def my_tool():",
                "before": [],
                "after": ["    pass"],
            }
        ],
        "searched": 2,
        "skipped": ["src/data.bin"],
        "is_cut": False,
    }


def test_a_search_has_options_and_limits(place):
    search = FileSearchTool(policy(place)).run
    assert [one["line"] for one in search("T", files="*.md", ignore_case=True)["found"]] == [2, 3]
    assert search("(", is_literal=True)["found"][0]["path"] == "src/tool.py"
    few = FileSearchTool(policy(place, entries=2)).run("o", files="*.md")
    assert ([one["line"] for one in few["found"]], few["is_cut"]) == ([1, 2], True)
    short = FileSearchTool(policy(place, output_chars=4)).run("o", files="*.md")
    assert ([one["line"] for one in short["found"]], short["is_cut"]) == ([1], True)
    large = FileSearchTool(policy(place, read_bytes=18)).run("o", files="*.md")
    assert large["skipped"] == ["notes.md"]
    (place / "long.txt").write_text("a" * 40 + "!")
    with pytest.raises(ToolError, match="took longer"):
        FileSearchTool(policy(place, seconds=0.3)).run("(a+)+$")


# -- watching -----------------------------------------------------------------------


class Busy(FrozenClock):
    """Somebody changes files at the second wait."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self._place = place

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.waits) == 2:
            (self._place / "new.txt").touch()
            (self._place / "notes.md").write_text("longer" * 9)
            (self._place / "src/tool.py").unlink()


def test_watching_tells_what_changed(place):
    clock = Busy(place)
    assert FileWatchTool(policy(place), clock=clock).run(every=0.5) == {
        "made": ["new.txt"],
        "changed": ["notes.md"],
        "deleted": ["src/tool.py"],
        "seconds": 1.0,
    }


def test_watching_ends(place):
    clock = FrozenClock()
    told = FileWatchTool(policy(place), clock=clock).run("*.md", seconds=1.2, every=0.5)
    assert told == {"made": [], "changed": [], "deleted": [], "seconds": 1.2}
    assert clock.waits == pytest.approx([0.5, 0.5, 0.2])
    with pytest.raises(ToolError, match="longer than the 30 s allowed"):
        FileWatchTool(policy(place)).run(seconds=31)
    with pytest.raises(ToolError, match="More than 1 files"):
        FileWatchTool(policy(place, entries=1)).run()
