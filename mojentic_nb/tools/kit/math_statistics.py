"""What a list of numbers is like.

Law: exact sums, as `statistics` of Python makes them; what is missing is counted, never
taken for 0.
"""

from __future__ import annotations

import math
import statistics
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["Line", "StatisticsTool", "Summary"]

Numbers = list[int | float | None]


class Line(TypedDict):
    """How two lists go together.

    Attributes:
        correlation: Pearson's, from -1 to 1.
        slope: Of the least-squares line of the second list over the first.
        intercept: Of the same line.
    """

    correlation: float
    slope: float
    intercept: float


class Summary(TypedDict):
    """What is told of a list; what needs more numbers than there are is null."""

    count: int
    missing: int
    sum: float
    mean: float
    median: float
    modes: list[float]
    minimum: float
    maximum: float
    range: float
    standard_deviation: float | None
    variance: float | None
    population_standard_deviation: float
    first_quartile: float | None
    third_quartile: float | None
    line: Line | None


class StatisticsTool(KitTool):
    """Describes numbers."""

    tool_name = "statistics"
    facts = Facts(
        category="math",
        examples=(
            Example(arguments={"numbers": [2, 4, 4, 5, 10]}),
            Example(
                arguments={"numbers": [1, 2, 3], "others": [2.1, 3.9, 6.2]},
                says="with the line through pairs of numbers",
            ),
        ),
        guidance="Give numbers only; null stands for a missing one.",
    )

    def run(
        self,
        numbers: Annotated[Numbers, Field(min_length=1)],
        *,
        others: Numbers | None = None,
    ) -> Summary:
        """Describe a list of numbers: mean, median, spread, quartiles and more.

        With a second list of the same length also their correlation and the least-squares line.

        Args:
            numbers: The numbers; null is a missing one and left out.
            others: The second value of each pair.
        """
        known = _known(numbers)
        if not known:
            raise ToolError("There is no number in the list.", hint="Give at least one.")

        try:
            return _summary(known, missing=len(numbers) - len(known), line=_line(numbers, others))
        except OverflowError:
            raise ToolError("The numbers are too large to be summed up as floats.") from None


def _is_known(value: int | float | None) -> bool:
    return value is not None and (isinstance(value, int) or math.isfinite(value))


def _known(numbers: Numbers) -> list[int | float]:
    return [one for one in numbers if one is not None and _is_known(one)]


def _summary(known: list[int | float], *, missing: int, line: Line | None) -> Summary:
    is_several = len(known) > 1
    quartiles = statistics.quantiles(known, n=4, method="inclusive") if is_several else None
    return {
        "count": len(known),
        "missing": missing,
        "sum": _total(known),
        "mean": statistics.mean(known),
        "median": statistics.median(known),
        "modes": statistics.multimode(known) if len(set(known)) < len(known) else [],
        "minimum": min(known),
        "maximum": max(known),
        "range": max(known) - min(known),
        "standard_deviation": statistics.stdev(known) if is_several else None,
        "variance": statistics.variance(known) if is_several else None,
        "population_standard_deviation": statistics.pstdev(known),
        "first_quartile": quartiles[0] if quartiles else None,
        "third_quartile": quartiles[2] if quartiles else None,
        "line": line,
    }


def _total(known: list[int | float]) -> int | float:
    return sum(known) if all(isinstance(one, int) for one in known) else math.fsum(known)


def _line(numbers: Numbers, others: Numbers | None) -> Line | None:
    if others is None:
        return None
    if len(others) != len(numbers):
        raise ToolError(
            f"There are {len(numbers)} numbers and {len(others)} others.",
            hint="Both lists need the same length; write null for what is missing.",
        )

    pairs = [pair for pair in zip(numbers, others, strict=True) if all(map(_is_known, pair))]
    first = [float(pair[0] or 0) for pair in pairs]
    second = [float(pair[1] or 0) for pair in pairs]
    try:
        fit = statistics.linear_regression(first, second)
        return {
            "correlation": statistics.correlation(first, second),
            "slope": fit.slope,
            "intercept": fit.intercept,
        }
    except statistics.StatisticsError as problem:
        raise ToolError(
            f"The two lists have no line: {problem}.", hint="Give pairs that differ."
        ) from None
