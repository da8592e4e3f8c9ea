r"""What changed from one text to another.

Law: lines end at `\n` only, so that nothing of the text is lost and `patch` understands
it. Finding the fewest changes of two long texts takes long: that is done in a process of
its own, which can be ended.
"""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.tools.child import in_child
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["Difference", "DiffTool", "difference"]

# Pairs of lines that are looked at here and now, some ten milliseconds.
MOST_PAIRS = 250_000


class Difference(TypedDict):
    """A difference.

    Attributes:
        diff: In unified form; empty where both are the same.
        added: Lines only the second text has.
        removed: Lines only the first one has.
        is_same: Whether they are the same to the last character.
        similarity: 0 for nothing in common, 1 for the same lines.
    """

    diff: str
    added: int
    removed: int
    is_same: bool
    similarity: float


class DiffTool(KitTool):
    """Compares texts."""

    tool_name = "diff"
    facts = Facts(
        category="text",
        examples=(Example(arguments={"before": "one\ntwo\n", "after": "one\n2\n"}),),
        guidance="Give both texts whole.",
    )

    def run(
        self,
        before: str,
        *,
        after: str,
        name: str = "text",
        context: Annotated[int, Field(ge=0, le=100)] = 3,
    ) -> Difference:
        """Compare two texts line by line and get a unified diff.

        Args:
            before: The first text.
            after: The second text.
            name: What the diff calls them.
            context: Unchanged lines shown around each change.
        """
        given = {"before": before, "after": after, "name": name, "context": context}
        if (before.count("\n") + 1) * (after.count("\n") + 1) <= MOST_PAIRS:
            return difference(before, after=after, name=name, context=context)

        limits = self.policy.limits
        found: Difference = in_child(f"{__name__}:difference", limits=limits, **given)
        return found


def difference(before: str, *, after: str, name: str, context: int) -> Difference:
    """Compare two texts."""
    old, new = _lines(before), _lines(after)
    label = " ".join(name.split())
    shown = list(difflib.unified_diff(old, new, f"a/{label}", f"b/{label}", n=context))
    matcher = difflib.SequenceMatcher(None, old, new)
    return {
        "diff": "".join(map(_ended, shown)),
        "added": sum(line.startswith("+") for line in shown[2:]),
        "removed": sum(line.startswith("-") for line in shown[2:]),
        "is_same": before == after,
        "similarity": round(matcher.ratio(), 4),
    }


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
