"""Packing files into an archive and unpacking one.

Law: an archive is not believed: what it says of names, sizes and links is checked, each
file is counted as it comes out, and nothing is made but files and folders inside.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, BinaryIO, Literal, NamedTuple

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.file_tool import FileTool
from mojentic_nb.tools.folder import Folder

__all__ = ["ArchiveDone", "ArchiveTool", "ArchivedFile"]

_SUFFIXES = {".tar": "", ".tar.gz": "gz", ".tgz": "gz", ".tar.bz2": "bz2", ".tar.xz": "xz"}
_LIBRARIES = {"gz": "gzip", "bz2": "bz2", "xz": "lzma"}
_PIECE_BYTES = 65_536


class ArchivedFile(TypedDict):
    """A file in an archive.

    Attributes:
        path: Its name there.
        bytes: Its size unpacked.
    """

    path: str
    bytes: int


class ArchiveDone(TypedDict):
    """What was done.

    Attributes:
        archive: The archive.
        files: What is in it, was put in, or came out.
        skipped: Links, devices and folders of its own, which are never made.
    """

    archive: str
    files: list[ArchivedFile]
    skipped: list[str]


class _Member(NamedTuple):
    name: str
    size: int
    is_file: bool
    is_folder: bool
    opened: Callable[[], IO[bytes] | None]


class ArchiveTool(FileTool):
    """Packs and unpacks archives."""

    tool_name = "archive"
    facts = Facts(
        category="file",
        effects=frozenset({"reads", "writes"}),
        examples=(
            Example(arguments={"action": "list", "archive": "data.zip"}),
            Example(arguments={"action": "pack", "archive": "out.tar.gz", "files": ["src"]}),
            Example(arguments={"action": "unpack", "archive": "data.zip", "folder": "data"}),
        ),
        guidance="List an archive before unpacking it. Files that are there are not replaced.",
    )

    def run(
        self,
        action: Literal["list", "pack", "unpack"],
        *,
        archive: str,
        files: list[str] | None = None,
        folder: str = ".",
    ) -> ArchiveDone:
        """List, pack or unpack a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz archive.

        Args:
            action: What to do.
            archive: The archive, relative to the folder.
            files: Files and folders to pack, or names to unpack; left out, all of them.
            folder: Where to unpack to.
        """
        inside, kind = self.folder, _kind(archive)
        if action == "pack":
            done, skipped = self._packed(inside, archive, kind, files or ["."]), list[str]()
        elif action == "list":
            done, skipped = self._listed(inside, archive, kind)
        else:
            done, skipped = self._unpacked(inside, archive, kind, files, folder)

        return {"archive": inside.shown(archive), "files": done, "skipped": skipped}

    def _members(self, inside: Folder, archive: str, kind: str) -> Iterator[_Member]:
        """What an archive holds, one after the other, as far as it is to be believed."""
        limits = self.policy.limits
        opened = io.BytesIO(inside.read_bytes(archive))
        with _telling(archive), _opened(opened, kind, limits.write_bytes) as found:
            for count, one in enumerate(found):
                if count == limits.entries:
                    raise ToolError(f"{archive!r} holds more than {limits.entries} files.")
                yield one

    def _listed(
        self, inside: Folder, archive: str, kind: str
    ) -> tuple[list[ArchivedFile], list[str]]:
        done: list[ArchivedFile] = []
        skipped: list[str] = []
        for one in self._members(inside, archive, kind):
            if one.is_file:
                done.append({"path": one.name, "bytes": one.size})
            elif not one.is_folder:
                skipped.append(one.name)

        return done, skipped

    def _unpacked(
        self, inside: Folder, archive: str, kind: str, wanted: list[str] | None, into: str
    ) -> tuple[list[ArchivedFile], list[str]]:
        """Take everything out before anything is written: all of it fits, or none is made."""
        out: dict[str, tuple[str, bytes]] = {}
        skipped: list[str] = []
        missing, left = set(wanted or ()), self.policy.limits.write_bytes
        for one in self._members(inside, archive, kind):
            if wanted is not None and one.name not in wanted:
                continue
            missing.discard(one.name)
            if one.is_file:
                target = _target(inside, into, one.name)
                if target in out or inside.kind(target):
                    raise ToolError(f"{target!r} is already there.", hint="Unpack elsewhere.")
                with _telling(archive):
                    data = _content(one, left)
                left -= len(data)
                out[target] = one.name, data
            elif not one.is_folder:
                skipped.append(one.name)
        if missing:
            raise ToolError(f"{archive!r} holds no {min(missing)!r}.", hint="List it first.")

        for target, (_, data) in out.items():
            inside.write_bytes(target, data, replace=False, folders=True)

        return [{"path": name, "bytes": len(data)} for name, data in out.values()], skipped

    def _packed(
        self, inside: Folder, archive: str, kind: str, files: list[str]
    ) -> list[ArchivedFile]:
        limits = self.policy.limits
        packed, done, total = io.BytesIO(), list[ArchivedFile](), 0
        with _packing(packed, kind) as put:
            for path in dict.fromkeys(_to_pack(inside, files)):
                data = inside.read_bytes(path)
                total += len(data)
                if total > limits.read_bytes or len(done) == limits.entries:
                    raise ToolError(
                        f"More than {limits.read_bytes} bytes or {limits.entries} files would go"
                        f" into {archive!r}.",
                        hint="Pack less, or in several archives.",
                    )
                put(path, data)
                done.append({"path": path, "bytes": len(data)})
        if not done:
            raise ToolError("There are no files to pack.", hint="List the folder first.")

        inside.write_bytes(archive, packed.getvalue(), replace=False, folders=True)
        return done


def _kind(archive: str) -> str:
    lower = archive.lower()
    if lower.endswith(".zip"):
        return "zip"
    for suffix, packing in _SUFFIXES.items():
        if lower.endswith(suffix):
            return packing or "tar"

    raise ToolError(
        f"{archive!r} has no ending of an archive.", hint=f"Use .zip, {', '.join(_SUFFIXES)}."
    )


@contextmanager
def _telling(archive: str) -> Iterator[None]:
    try:
        yield
    except ToolError:
        raise
    except Exception as problem:  # a stranger's bytes: Python's readers raise many kinds
        raise ToolError(f"{archive!r} cannot be unpacked: {problem}.") from None


class _Counted(io.RawIOBase):
    """What comes out of a packed stream, up to a bound: few bytes may unpack to any number."""

    def __init__(self, packed: IO[bytes], most: int) -> None:
        super().__init__()
        self._packed, self._left = packed, most

    def read(self, size: int = -1) -> bytes:
        data = self._packed.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ToolError("The archive unpacks to more than is allowed.")

        return data


@contextmanager
def _opened(opened: io.BytesIO, kind: str, most: int) -> Iterator[Iterator[_Member]]:
    if kind == "zip":
        with zipfile.ZipFile(opened) as found:
            yield (_of_zip(found, one) for one in found.infolist())
        return

    unpacked: IO[bytes] = opened
    if kind != "tar":
        unpacked = import_module(_LIBRARIES[kind]).open(opened)
    # Twice, for the headers; looked through from its beginning, each member as it comes.
    with tarfile.open(fileobj=_Counted(unpacked, 2 * most + 100_000), mode="r|") as packed:
        yield (_of_tar(packed, one) for one in packed)


def _of_zip(found: zipfile.ZipFile, one: zipfile.ZipInfo) -> _Member:
    mode = one.external_attr >> 16
    is_special = (mode & 0o170000) not in (0, 0o100000, 0o040000)
    is_file = not one.is_dir() and not is_special
    return _Member(one.filename, one.file_size, is_file, one.is_dir(), lambda: found.open(one))


def _of_tar(packed: tarfile.TarFile, one: tarfile.TarInfo) -> _Member:
    return _Member(one.name, one.size, one.isreg(), one.isdir(), lambda: packed.extractfile(one))


def _content(one: _Member, left: int) -> bytes:
    """What comes out, counted: the size an archive tells may be a lie."""
    data = bytearray()
    opened = one.opened()
    if opened is None:
        return b""

    with opened:
        while piece := opened.read(_PIECE_BYTES):
            data += piece
            if len(data) > left:
                raise ToolError(
                    f"More comes out than may be written, at {one.name!r}; unpacking stopped.",
                    hint="Name the files that are wanted.",
                )

    return bytes(data)


def _target(inside: Folder, into: str, name: str) -> str:
    if name.startswith("/") or ".." in name.split("/"):
        raise ToolDenied(f"The archive's {name[:200]!r} would be unpacked elsewhere.")

    start = inside.resolved(into)
    if not inside.resolved(start / name).is_relative_to(start):
        raise ToolDenied(f"The archive's {name[:200]!r} would be unpacked elsewhere.")

    return inside.shown(start / name)


def _to_pack(inside: Folder, files: list[str]) -> Iterator[str]:
    for path in files:
        if inside.kind(path) != "folder":
            yield inside.shown(path)
            continue
        for entry in inside.walked("**/*", under=path):
            if entry.kind == "file":
                yield entry.shown


@contextmanager
def _packing(packed: BinaryIO, kind: str) -> Iterator[Callable[[str, bytes], None]]:
    if kind == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
            yield made.writestr
        return

    packing = "" if kind == "tar" else kind
    with tarfile.open(fileobj=packed, mode=f"w:{packing}") as tar:  # type: ignore[call-overload]

        def put(name: str, data: bytes) -> None:
            one = tarfile.TarInfo(name)
            one.size = len(data)
            tar.addfile(one, io.BytesIO(data))

        yield put
