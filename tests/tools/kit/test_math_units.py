"""Quantities in other units."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.math_units import UnitConvertTool
from tests.tools.kit.calls import called, examples_of


@pytest.mark.parametrize("kind, arguments", examples_of(UnitConvertTool))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments)["value"] > 0


@pytest.mark.parametrize(
    "value, before, after, wanted",
    [
        (1, "inch", "cm", 2.54),
        (1, "mile", "km", 1.609344),
        (100, "°C", "°F", 212),
        (-40, "celsius", "fahrenheit", -40),
        (0, "kelvin", "degC", -273.15),
        (90, "km/h", "m/s", 25),
        (1, "GiB", "MiB", 1024),
        (1, "kg*m/s^2", "N", 1),
        (1, "m²", "cm²", 10_000),
        (0.1, "m", "cm", 10),
    ],
)
def test_conversions_are_exact(value, before, after, wanted):
    assert (
        called(UnitConvertTool(), value=value, from_unit=before, to_unit=after)["value"] == wanted
    )


@pytest.mark.parametrize(
    "value, before, after, words",
    [
        (1, "m", "s", "same thing"),
        (1, "furlongish", "m", "no unit 'furlongish'"),
        (1, "EUR", "USD", "no unit"),
        (1, "", "m", "cannot be read"),
        (1, "m" * 100, "m", "cannot be read"),
        (1, "m**9**9**9", "m", "cannot be read"),
        (1, "m^(9^(9^9))", "m", "cannot be read"),
        (1, "m**999999999", "m", "cannot be read"),
        (1, "__import__('os')", "m", "cannot be read"),
        (1, "__import__", "m", "no unit|cannot be"),
        (1, "m..m", "m", "cannot be"),
        (1, "m(", "m", "cannot be"),
        (1e308, "km", "pm", "too large"),
        (1, "dBm", "mW", "cannot be"),
    ],
)
def test_what_is_no_conversion_is_refused(value, before, after, words):
    with pytest.raises(ToolError, match=words):
        called(UnitConvertTool(), value=value, from_unit=before, to_unit=after)
