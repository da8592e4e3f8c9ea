"""Imports point down, and a library stays in its room."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.floors import (
    DOORS,
    FLOORS,
    LAZY_LIBRARIES,
    LOADED_ON_FIRST_USE,
    ROOMS_OF_LIBRARIES,
    floor_of,
)
from tests.house.source import PACKAGE, Import, files, imports, shown

MODULES = files("mojentic_nb")
TOP = len(FLOORS) - 1


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def room_imported(found: Import) -> str:
    parts = found.target.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def complaint(found: Import) -> str | None:
    """Why this import of ours is not allowed, or None."""
    here, there = room_of(found.file), room_imported(found)
    low, high = floor_of(here), floor_of(there)
    if here == there or low is None or high is None:
        return None
    if high < low or (here, there) in DOORS:
        return None
    if high == low and FLOORS[low].shared:
        return None

    direction = "up" if high > low else "sideways"
    return (
        f"{found.where} imports {found.target}: {direction}, "
        f"from {FLOORS[low].name} to {FLOORS[high].name}"
    )


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_point_down(path):
    ours = [found for found in imports(path) if found.top == PACKAGE.name]
    assert [why for found in ours if (why := complaint(found))] == []


def test_every_room_stands_on_a_floor():
    homeless = sorted({room_of(path) for path in MODULES if floor_of(room_of(path)) is None})
    assert homeless == [], f"place {homeless} on a floor in tests/house/floors.py, with a thought"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_library_stays_in_its_room(path):
    def strays(found: Import) -> bool:
        rooms = ROOMS_OF_LIBRARIES.get(found.top)
        if rooms is None or shown(path).startswith(rooms):
            return False

        # The front door may *name* IPython's shell in a signature.
        return not (found.for_types and floor_of(room_of(path)) == TOP)

    assert [f"{f.where} imports {f.target}" for f in imports(path) if strays(f)] == []


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_heavy_libraries_are_imported_on_first_use(path):
    def heavy(found: Import) -> bool:
        return found.top in LAZY_LIBRARIES and not found.lazy and not found.for_types

    eager = [f"{f.where} imports {f.target} at the top" for f in imports(path) if heavy(f)]
    assert shown(path).startswith(LOADED_ON_FIRST_USE) or eager == []


# What a declared dependency brings with it, and under which name it is imported.
BROUGHT_ALONG = {
    "IPython": "ipython",
    "annotated_types": "pydantic",
    "comm": "ipykernel",
    "markdown_it": "markdown-it-py",
    "pydantic_core": "pydantic",
    "referencing": "jsonschema",
    "traitlets": "ipython",
    "typing_extensions": "pydantic",
}
# Offered, never needed: imported lazily, with a hint where they are missing.
OPTIONAL = {
    "bpe_openai",
    "distributed",
    "nest_asyncio",
    "nest_asyncio2",
    "numpy",
    "opentelemetry",
    "psycopg",
    "yaml",
}


def declared() -> set[str]:
    """The base dependencies of pyproject.toml, without their versions."""
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    needs = tomllib.loads(text)["project"]["dependencies"]
    return {re.split(r"[^\w.-]", need)[0] for need in needs}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_every_library_is_declared(path):
    ours = {PACKAGE.name, "", *sys.stdlib_module_names, *OPTIONAL}
    foreign = {found.top for found in imports(path)} - ours
    assert {name for name in foreign if BROUGHT_ALONG.get(name, name) not in declared()} == set()


def test_the_rules_can_fail():
    up = Import(
        file=PACKAGE / "errors.py", line=1, target="mojentic_nb.broker", lazy=True, for_types=False
    )
    sideways = Import(
        file=PACKAGE / "bus.py", line=1, target="mojentic_nb.views", lazy=False, for_types=True
    )
    down = Import(
        file=PACKAGE / "broker.py", line=1, target="mojentic_nb.bus", lazy=False, for_types=False
    )
    assert "up" in (complaint(up) or "")
    assert "sideways" in (complaint(sideways) or "")
    assert complaint(down) is None
