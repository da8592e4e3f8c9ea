"""Where conversations are kept in these tests: real files, and a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mojentic_nb.state.sql_store import SQLStore
from tests.state import rooms

# What an address leaves out would come from here.
PERSONAL = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE", "PGOPTIONS")


@pytest.fixture(scope="session")
def postgres() -> Iterator[object]:
    """A real PostgreSQL server; each xdist worker starts its own when first asked."""
    pytest.importorskip("psycopg", reason='pip install "mojentic-nb[postgres]"')

    from tests.state import postgres as real

    programs = real.find()
    if programs is None:
        pytest.skip(real.HOW_TO_GET_IT)

    with real.PostgresServer(programs) as server:
        yield server


@pytest.fixture(autouse=True)
def nobodys_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PERSONAL:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["sqlite", "postgres"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> rooms.Room:
    """An empty place that any number of stores may open."""
    if request.param == "sqlite":
        return rooms.Room("sqlite", str(tmp_path / "sessions.db"))

    return rooms.Room("postgres", request.getfixturevalue("postgres").room())


@pytest.fixture
def store(room: rooms.Room) -> Iterator[SQLStore]:
    with room.open() as store:
        yield store
