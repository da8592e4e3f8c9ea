"""Nothing outside a folder is reached, by whatever name, link, pattern or race."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools import folder as folder_file
from mojentic_nb.tools.folder import Folder
from mojentic_nb.tools.policy import Limits

SECRET = "the secret"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """`root` with files and links, and `rootevil` beside it."""
    root, evil = tmp_path / "root", tmp_path / "rootevil"
    (root / "a").mkdir(parents=True)
    evil.mkdir()
    (root / "a/file.txt").write_text("inside")
    (evil / "secret.txt").write_text(SECRET)
    for name, target in {
        "out": "../rootevil",
        "out_file": "../rootevil/secret.txt",
        "out_absolute": str(evil),
        "out_missing": "../rootevil/nothing",
        "out_root": "/",
        "twice": "out",
        "a/up": "../..",
        "in": "a",
        "in_file": "a/file.txt",
        "in_absolute": str(root / "a"),
        "in_missing": "a/new.txt",
        "circle": "circle",
        "out_and_in": "../root/a",
    }.items():
        (root / name).symlink_to(target)
    return root


@pytest.fixture
def inside(place: Path) -> Folder:
    return Folder(place)


ESCAPES = [
    "..",
    "../",
    "../rootevil/secret.txt",
    "../rootevil/nothing",
    "../root/../rootevil/secret.txt",
    "../root/a/file.txt",
    "a/../../rootevil/secret.txt",
    "a/../../root/a/file.txt",
    "./../rootevil/secret.txt",
    "a/./.././../rootevil/secret.txt",
    "missing/../../rootevil/secret.txt",
    "{root}evil/secret.txt",
    "{root}/../rootevil/secret.txt",
    "{root}/../root/a/file.txt",
    "/{root}/a/file.txt",
    "{root}evil",
    "{parent}",
    "/",
    "/etc/passwd",
    "/etc/no_such_file",
    "//etc/passwd",
    "/proc/self/root/etc/passwd",
    "/dev/null",
    "out",
    "out/secret.txt",
    "out/nothing",
    "out/../a/file.txt",
    "out_file",
    "out_absolute/secret.txt",
    "out_missing",
    "out_root/etc/passwd",
    "twice/secret.txt",
    "a/up/rootevil/secret.txt",
    "a/up/root/a/file.txt",
    "in/up/rootevil/secret.txt",
    "in_absolute/../../rootevil/secret.txt",
    "out_and_in/file.txt",
    "circle",
    "circle/x",
    "a/file.txt\0.png",
    "..\\rootevil\\secret.txt",
    "a\\..\\..\\rootevil",
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "c:secret.txt",
    "\\\\server\\share\\x",
    "\\\\?\\C:\\x",
    "a/file.txt::$DATA",
    "a::$INDEX_ALLOCATION/file.txt",
    "NUL",
    "con",
    "a/COM1",
    "lpt¹",
    "‥/rootevil/secret.txt",
    "．．/rootevil/secret.txt",
    "．．／rootevil／secret.txt",
    "a／..／x",
    "..\uff3crootevil",
    "~",
    "~/secret.txt",
    "\udcff\ud800",
    "x" * 5000,
    "../" * 60 + "etc/passwd",
]


def written(path: str, place: Path) -> str:
    return path.replace("{root}", str(place)).replace("{parent}", str(place.parent))


USES = {
    "resolved": lambda inside, path: inside.resolved(path),
    "kind": lambda inside, path: inside.kind(path),
    "read": lambda inside, path: inside.read_bytes(path),
    "write": lambda inside, path: inside.write_bytes(path, b"x", folders=True),
    "append": lambda inside, path: inside.append_bytes(path, b"x", folders=True),
    "make_folder": lambda inside, path: inside.make_folder(path),
    "move": lambda inside, path: inside.move(path, "a/mine.txt"),
    "move_to": lambda inside, path: inside.move("a/file.txt", path, replace=True, folders=True),
    "delete": lambda inside, path: inside.delete(path, contents=True),
    "listed": lambda inside, path: inside.listed("*", under=path),
}


def everything(top: Path) -> dict[str, str | None]:
    found = sorted(one for one in top.rglob("*") if not one.is_symlink())
    return {str(one): one.read_text() if one.is_file() else None for one in found}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("path", ESCAPES)
def test_an_escape_is_denied_and_nothing_is_touched(inside, place, path, use):
    before = everything(place.parent)
    with pytest.raises(ToolDenied) as refused:
        USES[use](inside, written(path, place))
    assert everything(place.parent) == before
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "there, missing",
    [
        ("../rootevil/secret.txt", "../rootevil/nothing"),
        ("out/secret.txt", "out/nothing"),
        ("out_file", "out_missing"),
        ("/etc/passwd", "/etc/no_such_file"),
    ],
)
def test_a_refusal_does_not_tell_whether_there_is_something(inside, place, there, missing):
    told = []
    for path in (there, missing):
        with pytest.raises(ToolDenied) as refused:
            inside.read_bytes(path)
        told.append(str(refused.value).replace(path, "PATH"))
        assert str(place.parent) not in str(refused.value)
        assert refused.value.__cause__ is None
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "path",
    [
        "a/file.txt",
        "./a/file.txt",
        "a/../a/file.txt",
        "in/file.txt",
        "in_file",
        "in_absolute/file.txt",
        "{root}/a/file.txt",
        "{root}/in_file",
        "in/../a/file.txt",
        "missing/../a/file.txt",
    ],
)
def test_what_is_inside_is_read(inside, place, path):
    assert inside.read_text(written(path, place)) == "inside"
    assert inside.resolved(written(path, place)) == place / "a/file.txt"


def test_a_root_that_is_a_link_is_what_it_leads_to(place, tmp_path):
    (tmp_path / "link").symlink_to("root")
    inside = Folder(tmp_path / "link")
    assert inside.read_text(tmp_path / "link/a/file.txt") == "inside"
    assert inside.read_text(place / "a/file.txt") == "inside"
    assert inside.shown(tmp_path / "link/a/file.txt") == "a/file.txt"


def test_without_a_root_there_is_no_file():
    with pytest.raises(ToolDenied, match="no folder is allowed"):
        Folder(()).read_bytes("a")


def test_another_root_is_named(place, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    inside = Folder((place, other))
    inside.write_text("@other/x.txt", "hello")
    assert inside.shown(other / "x.txt") == "@other/x.txt"
    assert inside.read_text(other / "x.txt") == (other / "x.txt").read_text() == "hello"
    with pytest.raises(ToolDenied):
        inside.read_text("@other/../rootevil/secret.txt")


@pytest.mark.parametrize("use", ["read", "write", "append", "delete", "listed", "make_folder"])
def test_a_link_put_there_meanwhile_is_not_followed(place, use):
    """A folder becomes a link between the look and the opening."""

    class Raced(Folder):
        def resolved(self, path="."):
            found = super().resolved(path)
            if (place / "a").is_dir() and not (place / "a").is_symlink():
                (place / "a").rename(place / "was_a")
                (place / "a").symlink_to("../rootevil")
            return found

    before = everything(place.parent / "rootevil")
    with pytest.raises(ToolDenied):
        USES[use](Raced(place), "a" if use == "listed" else "a/secret.txt")
    assert everything(place.parent / "rootevil") == before


@pytest.mark.parametrize("use", ["read", "append"])
def test_a_file_that_becomes_a_link_is_not_followed(place, use):
    class Raced(Folder):
        def resolved(self, path="."):
            found = super().resolved(path)
            found.unlink()
            found.symlink_to("../../rootevil/secret.txt")
            return found

    with pytest.raises(ToolDenied):
        USES[use](Raced(place), "a/file.txt")
    assert (place.parent / "rootevil/secret.txt").read_text() == SECRET


def test_a_write_leaves_a_link_put_there_meanwhile(place):
    class Raced(Folder):
        def resolved(self, path="."):
            found = super().resolved(path)
            found.unlink()
            found.symlink_to("../../rootevil/secret.txt")
            return found

    with pytest.raises(ToolDenied):
        Raced(place).write_text("a/file.txt", "new")
    assert (place.parent / "rootevil/secret.txt").read_text() == SECRET


def test_a_named_pipe_is_not_waited_for(inside, place):
    os.mkfifo(place / "pipe")
    for use in ("read", "write", "append"):
        with pytest.raises(ToolError, match="not an ordinary file"):
            USES[use](inside, "pipe")


def test_a_link_is_deleted_and_not_what_it_leads_to(inside, place):
    inside.delete("in")
    assert not (place / "in").is_symlink()
    assert (place / "a/file.txt").exists()


def test_deleting_a_folder_leaves_what_its_links_lead_to(inside, place):
    (place / "a/out").symlink_to("../../rootevil")
    inside.delete("a", contents=True)
    assert not (place / "a").exists()
    assert (place.parent / "rootevil/secret.txt").read_text() == SECRET


@pytest.mark.parametrize("path", [".", "", "a/..", "in/.."])
def test_the_root_itself_stays(inside, path):
    with pytest.raises(ToolDenied, match="folder itself"):
        inside.delete(path, contents=True)


# -- using files --------------------------------------------------------------------


@pytest.mark.parametrize(
    "use, told",
    [
        (lambda one: one.read_bytes("nothing"), "There is no 'nothing'."),
        (lambda one: one.read_bytes("a"), "'a' is a folder and no file."),
        (lambda one: one.read_bytes("a/file.txt/x"), "Part of 'a/file.txt/x' is a file"),
        (lambda one: one.write_bytes("a", b""), "'a' is a folder and no file."),
        (lambda one: one.write_bytes("no/x", b""), "There is no 'no/x'."),
        (lambda one: one.write_bytes("a/file.txt", b"", replace=False), "is already there"),
        (lambda one: one.move("a/file.txt", "in"), "'in' is a folder and no file."),
        (lambda one: one.move("in", "a/file.txt"), "'a/file.txt' is already there."),
        (lambda one: one.move("a", "a/b/c"), "cannot be moved into itself"),
        (lambda one: one.delete("a"), "The folder 'a' is not empty."),
        (lambda one: one.make_folder("a/file.txt/b"), "is a file and no folder"),
        (lambda one: one.make_folder("a/file.txt"), "is a file and no folder"),
        (lambda one: one.write_bytes("x" * 300, b""), "too long"),
        (lambda one: one.listed("*", under="nothing"), "There is no folder 'nothing'."),
        (lambda one: one.listed("*", under="a/file.txt"), "'a/file.txt' is no folder."),
        (lambda one: one.read_text("a/file.txt", encoding="nope"), "no encoding 'nope'"),
    ],
)
def test_what_cannot_be_done_is_told_without_the_machines_paths(inside, place, use, told):
    with pytest.raises(ToolError) as problem:
        use(inside)
    assert told in str(problem.value)
    assert str(place.parent) not in str(problem.value)
    assert not isinstance(problem.value, ToolDenied)


def test_a_write_is_whole_or_not_at_all(inside, place, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(folder_file.os, "fsync", full)
    with pytest.raises(ToolError, match="no space left"):
        inside.write_text("a/file.txt", "half")
    assert [one.name for one in (place / "a").iterdir() if not one.is_symlink()] == ["file.txt"]
    assert (place / "a/file.txt").read_text() == "inside"


def test_a_write_keeps_mode_and_backup(inside, place):
    (place / "a/file.txt").chmod(0o640)
    inside.write_text("a/file.txt", "first", backup=True)
    inside.write_text("a/file.txt", "second", backup=True)
    assert (place / "a/file.txt").read_text() == "second"
    assert (place / "a/file.txt.bak").read_text() == "first"
    for name in ("file.txt", "file.txt.bak"):
        assert stat.S_IMODE((place / "a" / name).stat().st_mode) == 0o640


def test_a_backup_does_not_go_through_a_link(inside, place):
    (place / "a/file.txt.bak").symlink_to("../../rootevil/secret.txt")
    inside.write_text("a/file.txt", "new", backup=True)
    assert (place.parent / "rootevil/secret.txt").read_text() == SECRET
    assert (place / "a/file.txt.bak").read_text() == "inside"


def test_a_write_through_a_link_inside_changes_what_it_leads_to(inside, place):
    inside.write_text("in_file", "changed")
    inside.write_text("in_missing", "made")
    assert (place / "in_file").is_symlink()
    assert (place / "a/file.txt").read_text() == "changed"
    assert (place / "a/new.txt").read_text() == "made"


def test_append_and_move(inside, place):
    inside.append_bytes("logs/one.txt", b"1", folders=True)
    inside.append_bytes("logs/one.txt", b"2")
    inside.move("logs/one.txt", "old/two.txt", folders=True)
    inside.move("old", "older")
    assert (place / "older/two.txt").read_bytes() == b"12"
    inside.write_text("new.txt", "x")
    inside.move("new.txt", "older/two.txt", replace=True)
    assert (place / "older/two.txt").read_bytes() == b"x"


def test_limits_hold(place):
    small = Folder(place, limits=Limits(read_bytes=5, write_bytes=8, entries=2))
    with pytest.raises(ToolError, match="6 bytes, more than the 5 allowed"):
        small.read_bytes("a/file.txt")
    with pytest.raises(ToolError, match="would have 9 bytes"):
        small.write_bytes("x", b"123456789")
    with pytest.raises(ToolError, match="would have 9 bytes"):
        small.append_bytes("a/file.txt", b"123")
    with pytest.raises(ToolError, match="More than 2 entries"):
        small.listed()
    assert (place / "a/file.txt").read_text() == "inside"


PARTS = st.sampled_from(["..", ".", "a", "in", "out", "up", "file.txt", "secret.txt", "rootevil"])


@given(parts=st.lists(PARTS, max_size=7))
def test_no_path_of_any_kind_leads_outside(tmp_path_factory, parts):
    top = tmp_path_factory.getbasetemp() / "any"
    if not top.exists():
        (top / "root/a").mkdir(parents=True)
        (top / "rootevil").mkdir()
        (top / "rootevil/secret.txt").write_text(SECRET)
        (top / "root/out").symlink_to("../rootevil")
        (top / "root/a/up").symlink_to("../..")
        (top / "root/in").symlink_to("a")
    try:
        found = Folder(top / "root").resolved("/".join(parts))
    except ToolDenied:
        return
    assert Path(os.path.realpath(found)).is_relative_to((top / "root").resolve())
