"""From what was typed to what is sent: prompt file, earlier cells, persona, images.

Law: everything here is read and checked before anything is sent. The parts stand in one
order: earlier cells, the prompt file, the words of the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import Flags
from mojentic_nb.magics.earlier import earlier
from mojentic_nb.magics.personas import persona
from mojentic_nb.magics.prompt import worded

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Composed", "composed", "system_of"]

# A prompt is read by a person before it is by a model; what is larger is no prompt.
_LARGEST_FILE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A prompt that is complete.

    Attributes:
        used: What was put in, by reference, in a few words.
    """

    text: str
    used: Mapping[str, str] = field(default_factory=dict)


def composed(
    shell: InteractiveShell, flags: Flags, text: str, namespace: Mapping[str, Any], *, name: str
) -> Composed:
    """Put the parts of a prompt together.

    Args:
        shell: Whose cells `--context` means.
        flags: Of the call.
        text: As typed.
        namespace: The notebook's variables.
        name: What our magic is called here.

    Raises:
        BadArgument: A file cannot be read.
    """
    from_file = worded(_file(flags.file), namespace, raw=flags.raw) if flags.file else None
    own = worded(text, namespace, raw=flags.raw)
    words = [one.text for one in (from_file, own) if one is not None and one.text.strip()]
    used = {**(from_file.used if from_file else {}), **own.used}
    if not flags.context or not words:
        return Composed(text="\n\n".join(words), used=used)

    cells = earlier(shell, flags.context, name=name)
    return Composed(text="\n\n".join([cells, *words] if cells else words), used=used)


def _file(typed: str) -> str:
    path = Path(typed).expanduser()
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8-sig") if size <= _LARGEST_FILE else None
    except FileNotFoundError:
        raise BadArgument(f"--file {typed}: there is no such file.", hint=_near(path)) from None
    except UnicodeDecodeError:
        raise BadArgument(f"--file {typed}: this is not text in UTF-8.") from None
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise BadArgument(f"--file {typed}: it cannot be read ({why}).") from None

    if text is None:
        raise BadArgument(f"--file {typed}: {size:,} bytes are no prompt.")

    return text


def _near(path: Path) -> str:
    try:
        there = [one.name for one in path.parent.iterdir() if one.is_file()]
    except OSError:
        return ""

    close = get_close_matches(path.name, there, n=1)
    return f"Did you mean {path.parent / close[0]}?" if close else ""


def system_of(flags: Flags, usual: str | None) -> str | None:
    """The system message of a call: the persona's, then the flag's; else the usual one.

    Raises:
        BadArgument: There is no such persona.
    """
    own = [persona(flags.persona)] if flags.persona else []
    if flags.system is not None:
        own.append(flags.system)

    return "\n\n".join(own) if own else usual
