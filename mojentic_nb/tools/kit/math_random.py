"""Chance that can be repeated.

Law: every draw has a seed and tells it; the same seed and arguments give the same draw.
Nothing here is a secret: for those there is `secret_token`.
"""

from __future__ import annotations

import random
import secrets
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["Draw", "RandomSampleTool"]

# JavaScript's and JSON's safe whole numbers.
MOST = 2**53


class Draw(TypedDict):
    """What was drawn.

    Attributes:
        sample: The items or numbers, in the order drawn.
        seed: Gives the same draw again.
    """

    sample: list[Any]
    seed: int


class RandomSampleTool(KitTool):
    """Draws at random."""

    tool_name = "random_sample"
    facts = Facts(
        category="math",
        examples=(
            Example(arguments={"items": ["red", "green", "blue"], "count": 2, "seed": 7}),
            Example(
                arguments={"low": 1, "high": 6, "count": 5, "may_repeat": True}, says="five dice"
            ),
        ),
        guidance="Give items, or low and high. To draw more than there are set may_repeat.",
    )

    def run(
        self,
        items: list[Any] | None = None,
        *,
        low: Annotated[int, Field(ge=-MOST, le=MOST)] | None = None,
        high: Annotated[int, Field(ge=-MOST, le=MOST)] | None = None,
        count: Annotated[int, Field(ge=1)] = 1,
        may_repeat: bool = False,
        weights: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] | None = None,
        seed: int | None = None,
    ) -> Draw:
        """Draw items of a list, or whole numbers, at random. A seed gives the same draw again.

        Args:
            items: What to draw from.
            low: Instead of items: the smallest number.
            high: Instead of items: the largest number.
            count: How many to draw.
            may_repeat: Whether the same item may be drawn again.
            weights: How likely each item is, relative to the others; repeats are allowed then.
            seed: Any whole number; left out, a new one is taken and told.
        """
        if count > self.policy.limits.entries:
            raise ToolError(f"count={count}: at most {self.policy.limits.entries} can be drawn.")

        source = _source(items, low, high)
        own = secrets.randbelow(MOST) if seed is None else seed
        chance = random.Random(own)
        if weights is not None:
            return {"sample": _weighted(chance, source, weights, count), "seed": own}
        if may_repeat:
            return {"sample": [chance.choice(source) for _ in range(count)], "seed": own}
        if count > len(source):
            raise ToolError(
                f"{count} cannot be drawn from {len(source)}.", hint="Set may_repeat to true."
            )

        return {"sample": chance.sample(source, count), "seed": own}


def _source(items: list[Any] | None, low: int | None, high: int | None) -> list[Any] | range:
    if (items is None) == (low is None and high is None):
        raise ToolError(
            "There is not one thing to draw from.", hint="Give items, or both low and high."
        )
    if items is not None:
        if not items:
            raise ToolError("There are no items to draw from.")
        return items

    if low is None or high is None or low > high:
        raise ToolError(f"low={low} and high={high} are no range.", hint="low ≤ high.")

    return range(low, high + 1)


def _weighted(
    chance: random.Random, source: list[Any] | range, weights: list[float], count: int
) -> list[Any]:
    if len(weights) != len(source) or not 0 < sum(weights) < float("inf"):
        raise ToolError(
            f"{len(weights)} weights do not fit {len(source)} items.",
            hint="Give one weight for each item, not all of them 0.",
        )

    return chance.choices(source, weights, k=count)
