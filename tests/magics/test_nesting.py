"""`nest_asyncio=on` where it cannot be; where it can, tests/kernel/test_next_cell.py has it."""

from __future__ import annotations

import asyncio
import sys

import pytest
from IPython.core.error import UsageError

from tests.magics.test_settings import rows


def refused(notebook, cell):
    ran = notebook.run(cell)
    assert isinstance(ran.error_in_exec, UsageError), ran.error_in_exec
    return str(ran.error_in_exec)


def test_without_the_package_it_says_what_to_install(notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "nest_asyncio2", None)
    before = asyncio.run
    told = refused(notebook, "%llm_config nest_asyncio=on temperature=1")
    assert 'Run  pip install "mojentic-nb[nest]"' in told
    assert asyncio.run is before
    notebook.ok("%llm_config")
    table = rows(notebook)
    assert (table["nest_asyncio"], table["temperature"]) == ("off default", "– default")


def test_over_the_original_it_is_not_laid(notebook, monkeypatch):
    def run(main):
        return None

    run.__module__ = "nest_asyncio"
    monkeypatch.setattr(asyncio, "run", run)
    assert "Restart the kernel" in refused(notebook, "%llm_config nest_asyncio=on")


def test_a_mistake_beside_it_leaves_it_undone(notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "nest_asyncio2", None)
    assert "temperature='7'" in refused(notebook, "%llm_config nest_asyncio=on temperature=7")


@pytest.mark.parametrize("value", ["maybe", "1"])
def test_it_is_on_or_off(notebook, value):
    told = refused(notebook, f"%llm_config nest_asyncio={value}")
    assert f"nest_asyncio='{value}': on or off is wanted" in told


def test_off_is_what_it_is(notebook):
    notebook.ok("%llm_config nest_asyncio=off")
    notebook.ok("%llm_config nest_asyncio=none")
