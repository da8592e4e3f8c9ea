"""Charts in a real kernel: each is shown, and so is whatever the person draws afterwards."""

from __future__ import annotations

import pytest

from tests.kernel.kernels import Kernel

CHARTS = {
    "a trace's": "current_tracer().plot.latency();",
    "a comparison's": "r.plot.forest();",
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS.keys())
def test_the_first_chart_of_a_kernel_leaves_figures_shown(kernel: Kernel, chart: str) -> None:
    ran = kernel.run(
        "from mojentic_nb import compare, current_tracer\n"
        "r = compare(['What is 2+2?', 'Hi'], ['demo', 'demo:x'], checks=['4'], store=None)"
    )
    assert ran.status == "ok"
    for cell in (chart, chart, "from matplotlib import pyplot\npyplot.plot([1, 2]);"):
        ran = kernel.run(cell)
        assert ["image/png" in one["data"] for one in ran.displays] == [True], cell
