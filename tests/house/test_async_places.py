"""`async def` stands only where a loop is driven; everything else is plain Python.

Why: behaviour written twice drifts apart. A new entry here needs the question answered
"why can this not be an effect of the turn?".
"""

from __future__ import annotations

import ast

import pytest

from tests.house.source import PACKAGE, files, functions, shown

MAY = {
    "mojentic_nb/background.py",
    "mojentic_nb/batch/asking.py",
    "mojentic_nb/batch/call.py",
    "mojentic_nb/batch/dask_office.py",
    "mojentic_nb/batch/engines.py",
    "mojentic_nb/batch/errand.py",
    "mojentic_nb/batch/running.py",
    "mojentic_nb/chat/line.py",
    "mojentic_nb/chat/session.py",
    "mojentic_nb/compare/asking.py",
    "mojentic_nb/compare/driving.py",
    "mojentic_nb/broker.py",
    "mojentic_nb/clock.py",
    "mojentic_nb/drive.py",
    "mojentic_nb/plan.py",
    "mojentic_nb/setting.py",
    "mojentic_nb/gateways/cassette_road.py",
    "mojentic_nb/gateways/demo.py",
    "mojentic_nb/tools/calling.py",
    "mojentic_nb/tools/runners.py",
}
TRANSPORTS = "mojentic_nb/gateways/transport"


@pytest.mark.parametrize("path", files("mojentic_nb"), ids=shown)
def test_async_def_only_where_a_loop_is_driven(path):
    found = [name for name, node in functions(path) if isinstance(node, ast.AsyncFunctionDef)]
    allowed = shown(path) in MAY or shown(path).startswith(TRANSPORTS)
    assert allowed or found == []


def test_the_list_names_files_that_exist():
    assert [name for name in sorted(MAY) if not (PACKAGE.parent / name).is_file()] == []
