"""The one door to the front end.

Law: what is shown goes through here as plain MIME bundles, and nothing is added to them.
"""

from __future__ import annotations

from os import urandom
from typing import Any

import IPython.display

__all__ = ["Changing", "publish", "replace", "table"]

# IPython's functions are untyped; here is where that ends.
_display: Any = IPython.display.display
_update: Any = IPython.display.update_display

METADATA_KEY = "mojentic_nb"


def publish(
    bundle: dict[str, Any],
    *,
    about: dict[str, Any] | None = None,
    display_id: str = "",
) -> None:
    """Show a bundle in the running cell.

    Args:
        bundle: Representations by MIME type.
        about: Goes into the output's metadata, under our own key.
        display_id: What `replace` will find it by; empty where it stays as it is.
    """
    more = {} if about is None else {"metadata": {METADATA_KEY: about}}
    _display(bundle, raw=True, display_id=display_id or None, **more)


def replace(display_id: str, bundle: dict[str, str], *, about: dict[str, Any] | None) -> None:
    """Show another bundle in the place of one published before."""
    more = {} if about is None else {"metadata": {METADATA_KEY: about}}
    _update(bundle, display_id=display_id, raw=True, **more)


class Changing:
    """One output of the running cell that is drawn again and again.

    Its id is chosen here, so that an interrupt between the first message and its note that
    it went makes no second output of it.

    Attributes:
        is_open: Whether it is on the screen.
    """

    def __init__(self) -> None:
        # Not from `ids`: those of a replay are the same again, and other cells have them.
        self._id = urandom(16).hex()
        self.is_open = False

    def show(self, bundle: dict[str, str], about: dict[str, Any] | None = None) -> None:
        """Show this in the place of what is there."""
        if self.is_open:
            replace(self._id, bundle, about=about)
        else:
            publish(bundle, about=about, display_id=self._id)
            self.is_open = True


def table(columns: tuple[str, ...], rows: list[Any], *, caption: str = "") -> None:
    """Show a small table, with its text twin."""
    from mojentic_nb.views.table import html_table, text_table

    text = text_table(columns, rows)
    told = f"{caption}\n{text}" if caption else text
    publish({"text/html": html_table(columns, rows, caption), "text/plain": told})
