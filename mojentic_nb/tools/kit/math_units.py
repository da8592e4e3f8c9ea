"""From one unit to another.

Law: exact decimals within, so an inch is 2.54 cm; a unit's text is looked at before the
library reads it, because it would also work out a tower of powers.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["Converted", "UnitConvertTool"]

_UNIT = re.compile(r"[^\W\d_][\w°µμΩÅ ]*|[\w°µμΩÅ ./*^()²³⁻¹%-]+")
_LARGE_POWER = re.compile(
    r"(?:\*\*|\^)\s*\(?\s*[-+]?\s*\d{3,}|(?:\*\*|\^)[^*^/]*(?:\*\*|\^)|\d{4,}"
)
MOST_CHARS = 80


class Converted(TypedDict):
    """A quantity in its new unit.

    Attributes:
        value: How much.
        unit: The unit's full name.
    """

    value: float
    unit: str


class UnitConvertTool(KitTool):
    """Converts quantities."""

    tool_name = "unit_convert"
    facts = Facts(
        category="math",
        examples=(
            Example(arguments={"value": 26.2, "from_unit": "mile", "to_unit": "km"}),
            Example(arguments={"value": 100, "from_unit": "degC", "to_unit": "degF"}),
            Example(arguments={"value": 1, "from_unit": "kWh", "to_unit": "MJ"}),
        ),
        guidance="Use names or symbols such as meter, km/h, degC; currencies are not units.",
        needs="tools",
    )

    def run(
        self, value: Annotated[float, Field(allow_inf_nan=False)], *, from_unit: str, to_unit: str
    ) -> Converted:
        """Convert a quantity to another unit: lengths, masses, temperatures, energies, data.

        Args:
            value: How much.
            from_unit: Its unit, such as mile, km/h, degC or kg*m/s^2.
            to_unit: The unit wanted.
        """
        pint = needed("pint", extra="tools")
        for unit in (from_unit, to_unit):
            _check(unit)

        try:
            amount = _registry(pint).Quantity(Decimal(repr(value)), from_unit.strip())
            return _told(amount.to(to_unit.strip()))
        except pint.UndefinedUnitError as problem:
            raise ToolError(
                f"There is no unit {_names(problem)}.",
                hint="Use an English name or its symbol, such as meter, mi, degC, kWh.",
            ) from None
        except pint.DimensionalityError as problem:
            raise ToolError(
                f"{from_unit!r} cannot become {to_unit!r}: {problem}.",
                hint="Both units have to measure the same thing.",
            ) from None
        except ToolError:
            raise
        except Exception as problem:  # its parser raises many kinds; all mean one thing
            raise ToolError(
                f"{value!r} {from_unit!r} cannot be converted to {to_unit!r}: {problem}"[:300],
                hint="Write units as km/h or kg*m/s^2.",
            ) from None


@cache
def _registry(pint: Any) -> Any:
    # It takes most of a second to read; one serves all.
    return pint.UnitRegistry(non_int_type=Decimal)


def _check(unit: str) -> None:
    is_unit = len(unit) <= MOST_CHARS and _UNIT.fullmatch(unit.strip())
    if not is_unit or _LARGE_POWER.search(unit):
        raise ToolError(
            f"{unit[:MOST_CHARS]!r} cannot be read as a unit.",
            hint="Write a name or symbol, such as mile, km/h, degC or kg*m/s^2.",
        )


def _names(problem: Any) -> str:
    names = problem.unit_names
    return repr(names) if isinstance(names, str) else ", ".join(map(repr, names))


def _told(amount: Any) -> Converted:
    value = float(amount.magnitude)
    if not math.isfinite(value):
        raise ToolError("The result is too large to be written down.")

    return {"value": value, "unit": str(amount.units)}
