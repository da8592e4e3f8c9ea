"""An archive from anywhere unpacks inside, whole or not at all, and never to too much."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.kit.file_archive import ArchiveTool
from mojentic_nb.tools.policy import Limits, Policy

KINDS = ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "src/deep").mkdir(parents=True)
    (root / "src/a.txt").write_text("a")
    (root / "src/deep/b.txt").write_text("bb")
    (tmp_path / "secret.txt").write_text("the secret")
    (root / "src/out").symlink_to("../../secret.txt")
    return root


def tool(place: Path, **limits: float) -> ArchiveTool:
    return ArchiveTool(Policy.everything(roots=[place]) & limited(place, **limits))


def limited(place: Path, **limits: float) -> Policy:
    return Policy(roots=(place,), effects={"reads", "writes"}, limits=Limits(**limits))


def made(place: Path, members: dict[str, bytes], *, kind: str) -> None:
    with (place / f"x.{kind}").open("wb") as opened:
        if kind == "zip":
            with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as packed:
                for name, data in members.items():
                    packed.writestr(name, data)
            return
        packing = {"tgz": "gz", "tar": ""}.get(kind, kind.removeprefix("tar."))
        with tarfile.open(fileobj=opened, mode=f"w:{packing}") as tar:
            for name, data in members.items():
                one = tarfile.TarInfo(name)
                one.size = len(data)
                tar.addfile(one, io.BytesIO(data))


def everything(top: Path) -> list[str]:
    return sorted(str(one.relative_to(top)) for one in top.rglob("*"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_packed_is_unpacked(place, kind):
    archive = tool(place)
    files = [{"path": "src/a.txt", "bytes": 1}, {"path": "src/deep/b.txt", "bytes": 2}]
    assert archive.run("pack", archive=f"x.{kind}", files=["src"])["files"] == files
    assert archive.run("list", archive=f"x.{kind}")["files"] == files
    assert archive.run("unpack", archive=f"x.{kind}", folder="new")["files"] == files
    assert (place / "new/src/deep/b.txt").read_text() == "bb"
    one = archive.run("unpack", archive=f"x.{kind}", files=["src/a.txt"], folder="one")
    assert one["files"] == files[:1]
    assert everything(place / "one") == ["src", "src/a.txt"]


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/tmp/evil.txt",
        "ok/../../../evil.txt",
        "..\\evil.txt",
        "C:\\evil.txt",
        "link/evil.txt",
        "ok/../up.txt",
        "a::$DATA",
        "NUL",
    ],
)
def test_names_that_lead_out_make_nothing(place, kind, name):
    (place / "new").mkdir()
    (place / "new/link").symlink_to("../..")
    made(place, {"first.txt": b"1", name: b"evil"}, kind=kind)
    before = everything(place.parent)
    with pytest.raises(ToolDenied):
        tool(place).run("unpack", archive=f"x.{kind}", folder="new")
    assert everything(place.parent) == before


def test_links_and_devices_in_a_tar_are_left_out(place):
    with tarfile.open(place / "x.tar", "w") as tar:
        for name, kind in [("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE)]:
            one = tarfile.TarInfo(name)
            one.type, one.linkname = kind, "../secret.txt"
            tar.addfile(one)
        pipe = tarfile.TarInfo("pipe")
        pipe.type = tarfile.FIFOTYPE
        tar.addfile(pipe)
        through = tarfile.TarInfo("link/evil.txt")
        tar.addfile(through)
    told = tool(place).run("unpack", archive="x.tar", folder="new")
    assert told["skipped"] == ["link", "hard", "pipe"]
    assert everything(place / "new") == ["link", "link/evil.txt"]


def test_a_link_in_a_zip_is_left_out(place):
    with zipfile.ZipFile(place / "x.zip", "w") as packed:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "../secret.txt")
        packed.writestr("file.txt", "1")
    told = tool(place).run("unpack", archive="x.zip", folder="new")
    assert (told["skipped"], everything(place / "new")) == (["link"], ["file.txt"])


# To list a zip or a plain tar nothing is unpacked.
BOMBS = [("unpack", kind) for kind in KINDS] + [("list", kind) for kind in KINDS[2:]]


@pytest.mark.parametrize("action, kind", BOMBS)
def test_a_bomb_does_not_go_off(place, action, kind):
    made(place, {"small.txt": b"1", "bomb.txt": bytes(3_000_000)}, kind=kind)
    archive = tool(place, write_bytes=1_000_000)
    with pytest.raises(ToolError, match=r"unpacks to more|More comes out"):
        archive.run(action, archive=f"x.{kind}", folder="new")
    assert not (place / "new").exists()


def test_a_lie_about_the_size_is_counted(place):
    made(place, {"bomb.txt": bytes(100_000)}, kind="zip")
    data = (place / "x.zip").read_bytes()
    size = (100_000).to_bytes(4, "little")
    (place / "x.zip").write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(ToolError):
        tool(place, write_bytes=50_000).run("unpack", archive="x.zip", folder="new")
    assert not (place / "new").exists()


def test_many_files_are_too_many(place):
    made(place, {f"{one}.txt": b"" for one in range(5)}, kind="zip")
    with pytest.raises(ToolError, match="holds more than 4"):
        tool(place, entries=4).run("unpack", archive="x.zip", folder="new")
    assert not (place / "new").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b\x08 torn", b"PK\x03\x04"])
def test_what_is_no_archive_is_told(place, kind, data):
    (place / f"x.{kind}").write_bytes(data)
    with pytest.raises(ToolError, match="cannot be unpacked"):
        tool(place).run("list", archive=f"x.{kind}")


def test_a_torn_archive_is_told(place):
    tool(place).run("pack", archive="x.tar.gz", files=["src"])
    data = (place / "x.tar.gz").read_bytes()
    (place / "x.tar.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(ToolError, match="cannot be unpacked"):
        tool(place).run("unpack", archive="x.tar.gz", folder="new")
    assert not (place / "new").exists()


@pytest.mark.parametrize(
    "asked, told",
    [
        ({"action": "pack", "archive": "x.rar"}, "no ending of an archive"),
        ({"action": "pack", "archive": "x.zip", "files": ["nothing"]}, "There is no 'nothing'"),
        ({"action": "pack", "archive": "x.zip", "files": ["empty"]}, "no files to pack"),
        ({"action": "list", "archive": "x.zip"}, r"There is no 'x\.zip'"),
        ({"action": "unpack", "archive": "y.zip", "files": ["no"]}, "holds no 'no'"),
        ({"action": "unpack", "archive": "y.zip"}, r"'src/a\.txt' is already there"),
        ({"action": "pack", "archive": "y.zip", "files": ["src"]}, r"'y\.zip' is already there"),
    ],
)
def test_what_cannot_be_done_is_told(place, asked, told):
    (place / "empty").mkdir()
    tool(place).run("pack", archive="y.zip", files=["src"])
    with pytest.raises(ToolError, match=told):
        tool(place).run(**asked)


def test_an_archive_does_not_hold_too_much(place):
    with pytest.raises(ToolError, match="would go into"):
        tool(place, read_bytes=2).run("pack", archive="z.zip", files=["src"])
    assert not (place / "z.zip").exists()


def test_one_file_in_the_way_stops_all(place):
    made(place, {"first.txt": b"1", "second.txt": b"2"}, kind="zip")
    (place / "second.txt").write_text("mine")
    with pytest.raises(ToolError, match="already there"):
        tool(place).run("unpack", archive="x.zip")
    assert not (place / "first.txt").exists()


def test_a_link_out_of_the_target_is_not_unpacked_through(place):
    (place / "new").mkdir()
    (place / "new/link").symlink_to("../src")
    made(place, {"link/evil.txt": b"1"}, kind="zip")
    with pytest.raises(ToolDenied):
        tool(place).run("unpack", archive="x.zip", folder="new")
    assert not (place / "src/evil.txt").exists()
