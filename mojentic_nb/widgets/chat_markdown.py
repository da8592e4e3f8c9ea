"""A model's Markdown as it grows, as HTML that a page may show.

Law: a text that grows is read again from its last block only.
"""

from __future__ import annotations

from mojentic_nb.views.rendered import last_block, rendered

__all__ = ["Growing"]


class Growing:
    """The HTML of a text that grows at its end.

    Attributes:
        text: All of it so far.
        drawn: Characters of its last block as they were last written.
    """

    def __init__(self) -> None:
        self.text = ""
        self.drawn = 0
        self._whole = 0

    @property
    def tail(self) -> str:
        """What is not in a whole block yet."""
        return self.text[self._whole :]

    def add(self, text: str) -> None:
        """The text goes on."""
        # Lines are counted as the reader counts them.
        self.text += text.replace("\r\n", "\n").replace("\r", "\n")

    def take(self) -> tuple[str, str]:
        """Write what changed since the last time.

        Returns:
            The HTML of the blocks that are whole now, and that of the last one, which takes
            the place of the last one before.
        """
        tail = self.tail
        at = last_block(tail)
        whole = rendered(tail[:at]) if at else ""
        self._whole += at
        self.drawn = len(tail) - at
        return whole, rendered(tail[at:])
