"""A message put together from text, files, images and a template.

Law: everything is read when it is added, so a message that was built holds what was seen
then; what is missing, matches nothing or is no use to a model is refused by name. Template
values go in once: what comes out of one is never looked at again. Names are Mojentic's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from glob import glob
from pathlib import Path
from typing import Any, Self

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import (
    LARGEST_DOCUMENT,
    DocumentPart,
    ImagePart,
    document_from,
    image_of,
    quoted,
    read_bytes,
    read_text,
)
from mojentic_nb.messages import LLMMessage, MessageRole

__all__ = ["FileTypeSensor", "MessageBuilder", "fenced", "filled"]

_LANGUAGES = {
    "bash": "bash sh zsh",
    "c": "c h",
    "c++": "cpp c++ cxx cc hpp",
    "clojure": "clj",
    "cobol": "cbl",
    "csharp": "cs",
    "css": "css",
    "csv": "csv",
    "fortran": "f90 f95",
    "fsharp": "fs",
    "go": "go",
    "html": "html htm",
    "java": "java",
    "javascript": "js mjs",
    "json": "json ipynb",
    "julia": "jl",
    "kotlin": "kt",
    "latex": "tex",
    "lua": "lua",
    "markdown": "md markdown",
    "objective-c": "objc",
    "python": "py pyi",
    "r": "r",
    "ruby": "rb",
    "rust": "rs",
    "sql": "sql",
    "swift": "swift",
    "toml": "toml",
    "typescript": "ts",
    "xml": "xml svg",
    "yaml": "yaml yml",
}

IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".gif", ".webp"}

_PATTERN = re.compile(r"[*?[]")
_FENCE = re.compile(r"`{3,}")


class FileTypeSensor:
    """Which language a file is in, by its ending; for the fence around its text."""

    def __init__(self) -> None:
        self.extension_map = {
            ending: language
            for language, endings in _LANGUAGES.items()
            for ending in endings.split()
        }
        self.default_language = "text"

    def add_language(self, extension: str, language: str) -> None:
        """Name the language of an ending, such as `add_language("jl", "julia")`.

        Raises:
            BadArgument: One of them is not one word.
        """
        ending = extension.removeprefix(".").lower()
        for word in (ending, language):
            if not word or "`" in word or word.split() != [word]:
                raise BadArgument(f"{word!r} is not one word.", hint="Such as 'jl' and 'julia'.")

        self.extension_map[ending] = language

    def get_language(self, file_path: str | Path) -> str:
        """The language of a file; `text` where its ending is unknown. Case does not matter."""
        ending = Path(file_path).suffix[1:].lower()
        return self.extension_map.get(ending, self.default_language)


class MessageBuilder:
    """Puts a message together; every method but `build` gives the builder back.

    Args:
        content: The text; it comes after the files.

    Attributes:
        role: Whose message it will be.
        content: The text so far.
        type_sensor: Names the language of each file.
    """

    def __init__(self, content: str | None = None) -> None:
        self.role = MessageRole.User
        self.content = content
        self.type_sensor = FileTypeSensor()
        self._texts: list[tuple[str, str]] = []
        self._parts: list[ImagePart | DocumentPart] = []
        self._seen: set[str] = set()

    def __repr__(self) -> str:
        held = f"{len(self._texts)} files, {len(self._parts)} parts"
        return f"MessageBuilder({self.content!r}, {held})"

    def add_image(self, image_path: Any) -> Self:
        """Add an image: a path, or whatever `LLMMessage.user(images=...)` takes.

        The same image again changes nothing.

        Raises:
            BadArgument: It is missing or no image that models read.
        """
        image = image_of(image_path)
        if (is_path(image_path) and not self._is_new(image_path)) or image in self._parts:
            return self

        self._parts.append(image)
        return self

    def add_file(self, file_path: str | Path) -> Self:
        """Add a text file, in a fence that names its language, or a PDF as a document.

        The same file again changes nothing.

        Raises:
            BadArgument: It is missing, unreadable, over 24 MB, or neither text nor PDF.
        """
        source = quoted(file_path)
        data = read_bytes(file_path, limit=LARGEST_DOCUMENT, may_be_empty=True)
        if not data:
            text = ""
        else:
            document = document_from(data, name=Path(file_path).name, source=source)
            text = document.text
        if not self._is_new(file_path):
            return self

        if data and document.data:
            self._parts.append(document)
        else:
            self._texts.append((str(file_path), text))
        return self

    def add_images(self, *image_paths: Any) -> Self:
        """Add images: paths, patterns such as `figures/**/*.png`, or folders.

        A folder gives every png, jpeg, gif and webp in it, by name.

        Raises:
            BadArgument: One is missing, a pattern or folder has none, or one is no image.
        """
        for given in image_paths:
            for path in found(given, IMAGE_ENDINGS):
                self.add_image(path)

        return self

    def add_files(self, *file_paths: str | Path) -> Self:
        """Add files: paths, patterns such as `src/**/*.py`, or folders.

        A folder gives every file in it, by name, but not those in folders within it nor
        those whose name begins with a dot.

        Raises:
            BadArgument: One is missing, a pattern or folder has none, or one is neither
                text nor PDF.
        """
        for given in file_paths:
            for path in found(given):
                self.add_file(path)

        return self

    def load_content(
        self, file_path: str | Path, template_values: Mapping[str, Any] | None = None
    ) -> Self:
        """Read the text from a file, in place of what was there.

        Args:
            file_path: A text file.
            template_values: What stands for each `{name}` in it: text, a number, or a
                `Path` whose text is read. `{{name}}` is `{name}` itself. Without values
                the text stays as it is.

        Raises:
            BadArgument: The file cannot be read, or names have no value.
        """
        text = read_text(file_path, limit=LARGEST_DOCUMENT)
        if template_values is not None:
            text = filled(text, template_values, source=quoted(file_path))

        self.content = text
        return self

    def build(self) -> LLMMessage:
        """The message: files first, then the text; images and PDFs as its parts.

        Raises:
            BadArgument: Nothing was added.
        """
        blocks = [self._block(path, text) for path, text in self._texts]
        told = blocks if self.content is None else [*blocks, self.content]
        if not told and not self._parts:
            raise BadArgument("The message has neither text, files nor images.")

        return LLMMessage(
            role=self.role,
            content="\n\n".join(told) if told else None,
            parts=tuple(self._parts),
        )

    def _block(self, path: str, text: str) -> str:
        shown = path if path.isprintable() else repr(path)
        return f"File: {shown}\n{fenced(text, language=self.type_sensor.get_language(path))}"

    def _is_new(self, path: str | Path) -> bool:
        """Whether this file is added for the first time, under whichever name."""
        place = os.path.realpath(os.path.expanduser(path))
        is_new = place not in self._seen
        self._seen.add(place)
        return is_new


def is_path(given: Any) -> bool:
    """Whether this names a file on this machine, or several."""
    if not isinstance(given, str):
        return isinstance(given, Path)

    return not given[:8].lower().startswith(("http://", "https://", "data:"))


def fenced(text: str, *, language: str = "") -> str:
    """Put a text into a Markdown fence that nothing inside can close."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{end}{fence}\n"


def found(given: Any, endings: Iterable[str] = ()) -> list[Any]:
    """What a path, pattern or folder stands for, sorted; anything else is itself.

    Args:
        given: A folder, a pattern, or one thing.
        endings: Lower-case endings that count in a folder; none for all.

    Raises:
        BadArgument: A pattern or folder has no such file.
    """
    if not is_path(given):
        return [given]

    # Not Path's own: those raise for what can be no name of a file.
    path = os.path.expanduser(given)
    if os.path.isdir(path):
        return _in_folder(Path(path), set(endings))
    if not _PATTERN.search(path) or os.path.exists(path):
        return [given]

    matches = sorted(one for one in map(Path, glob(path, recursive=True)) if one.is_file())
    if not matches:
        raise BadArgument(
            f"No file matches {quoted(given)}.",
            hint=f"It was looked for from {quoted(Path.cwd())}.",
        )

    return matches


def _in_folder(folder: Path, endings: set[str]) -> list[Path]:
    files = sorted(one for one in folder.iterdir() if one.is_file() and one.name[0] != ".")
    wanted = [one for one in files if not endings or one.suffix.lower() in endings]
    if not wanted:
        kinds = f" {', '.join(sorted(endings))}" if endings else ""
        raise BadArgument(
            f"The folder {quoted(folder)} has no{kinds} file.",
            hint="Folders within it are reached by a pattern such as 'folder/**/*.py'.",
        )

    return wanted


def filled(template: str, values: Mapping[str, Any], *, source: str = "The template") -> str:
    """Put values into a template, in one pass.

    `{name}` becomes the value, `{{name}}` becomes `{name}`; other braces stay.

    Args:
        template: The text.
        values: By name: text, anything with a `str` of its own, or a `Path` to a text file.
        source: What to call the template in errors.

    Raises:
        BadArgument: Names in the template have no value, or a value is no use.
    """
    words = {name: _word(name, value) for name, value in values.items()}
    missing: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        opened, name, closed = match.groups()
        # Braces beyond the pairs are the text's own, such as the ends of JSON objects.
        pairs = min(len(opened), len(closed))
        is_kept = pairs % 2 == 0
        if not is_kept and name not in words:
            missing[name] = None

        inside = f"{{{name}}}" if is_kept else words.get(name, "")
        kept = (pairs - 1) // 2
        return opened[pairs:] + "{" * kept + inside + "}" * kept + closed[pairs:]

    text = _places(words).sub(replace, template)
    if missing:
        raise _unfilled(source, list(missing), list(words))

    return text


def _places(words: Iterable[str]) -> re.Pattern[str]:
    # Possessive, and never within a run of braces: linear whatever the text.
    own = "".join(f"{re.escape(word)}|" for word in words if not word.isidentifier())
    return re.compile(rf"(?<!\{{)(\{{++)({own}[^\W\d]\w*+)(\}}++)")


def _word(name: Any, value: Any) -> str:
    if not isinstance(name, str) or not name or "{" in name or "}" in name:
        raise BadArgument(f"{name!r} cannot be a name in a template.")
    if value is None:
        raise BadArgument(
            f"The template value {name!r} is None.", hint="Give text or leave it out."
        )
    if isinstance(value, Path):
        return read_text(value, limit=LARGEST_DOCUMENT).strip("\r\n")

    return str(value)


def _unfilled(source: str, missing: list[str], known: list[str]) -> BadArgument:
    told = ", ".join(map(repr, missing))
    alike = get_close_matches(missing[0], known, n=1)
    hint = f"Did you mean {missing[0]!r} by {alike[0]!r}?" if alike else ""
    return BadArgument(
        f"{source} has no value for {told}.",
        hint=hint or f"Give it in template_values, or write {{{{{missing[0]}}}}} for the braces.",
    )
