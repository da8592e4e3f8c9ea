"""`--image`: pictures of the notebook, by name, and the one it showed last.

Law: what a cell shows is only looked at as it passes, and one picture is kept. Names are
looked up and never evaluated; what is no name is a path or an address.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.references import NotFound, is_name, references, resolve

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mojentic_nb.media import ImagePart

__all__ = ["LAST_IMAGE", "LastImage", "images_named"]

LAST_IMAGE = "last"
_KINDS = ("image/png", "image/jpeg")


class LastImage:
    """The picture that the notebook showed last, in whatever way it did."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._shown = ""
        self._watched: list[Any] = []

    def watch(self) -> None:
        """Look at what cells show; only a notebook's kernel lets one."""
        for way in (self._shell.display_pub, self._shell.displayhook):
            if hasattr(way, "register_hook"):
                way.register_hook(self._passing)
                self._watched.append(way)

    def unwatch(self) -> None:
        """Look no more."""
        for way in self._watched:
            way.unregister_hook(self._passing)
        self._watched.clear()

    def _passing(self, message: Any) -> Any:
        data = message.get("content", {}).get("data", {})
        kind = next((one for one in _KINDS if isinstance(data.get(one), str)), None)
        if kind is not None:
            self._shown = f"data:{kind};base64,{data[kind]}"

        return message

    def find(self) -> ImagePart:
        """The picture.

        Raises:
            BadArgument: There is none, as far as one can look back from here.
        """
        from mojentic_nb.media import image_of

        if self._shown:
            return image_of(self._shown)

        for found in self._candidates():
            try:
                return image_of(found)
            except BadArgument:
                continue

        raise BadArgument(
            "--image last: no cell has shown a picture since the extension was loaded.",
            hint="Name a figure: --image fig.",
        )

    def _candidates(self) -> Iterable[Any]:
        """An open figure, then the cells' results, the last one first."""
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None and pyplot.get_fignums():
            yield pyplot.gcf()

        results: dict[int, Any] = self._shell.user_ns.get("Out", {})
        for number in sorted(results, reverse=True):
            if not isinstance(results[number], str | bytes):
                yield results[number]


def images_named(
    typed: Iterable[str], namespace: Mapping[str, Any], last: LastImage
) -> list[ImagePart]:
    """The pictures that flags name.

    Raises:
        BadArgument: A name leads to nothing, or to nothing that is a picture.
    """
    return [_named(one, namespace, last) for one in typed]


def _named(typed: str, namespace: Mapping[str, Any], last: LastImage) -> ImagePart:
    from mojentic_nb.media import image_of

    value = _variable(typed, namespace)
    found = value is not None
    if not found and typed == LAST_IMAGE:
        return last.find()

    try:
        return image_of(value if found else typed)
    except BadArgument as problem:
        hint = problem.hint if found else _near(typed, namespace) or problem.hint
        raise BadArgument(f"--image {typed}: {problem.message}", hint=hint) from None


def _variable(typed: str, namespace: Mapping[str, Any]) -> Any:
    if not is_name(typed) or references(f"{{{typed}}}") != [typed]:
        return None

    try:
        return resolve(typed, namespace, builtins_too=False)
    except NotFound:
        return None


def _near(typed: str, namespace: Mapping[str, Any]) -> str:
    if not typed.isidentifier():
        return ""

    public = [name for name in namespace if not name.startswith("_")]
    close = get_close_matches(typed, public, n=1)
    return f"No variable is called so. Did you mean {close[0]}?" if close else ""
