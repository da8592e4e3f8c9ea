"""The floors of the house, lowest first. A new module is placed here, with a thought.

An import may point into its own room or to a lower floor. Rooms on one floor do not know
each other, except the flat files of a *shared* floor, which are one room in several files.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Rooms that stand at the same height."""

    name: str
    rooms: frozenset[str]
    shared: bool = False  # its rooms may import each other


def floor(name: str, rooms: str, *, shared: bool = False) -> Floor:
    return Floor(name=name, rooms=frozenset(rooms.split()), shared=shared)


FLOORS = (
    floor(
        "L0 values",
        "messages events config schema errors clock request effects media composers catalogue "
        "tokens preferences partial ids place sqlite_opening sqlite_sharing forking quick usage "
        "whole_file",
        shared=True,
    ),
    floor("L1 telling", "hooks bus views"),
    floor("L2 rooms", "gateways tools tracer state"),
    floor(
        "L3 the turn",
        "turn drive setting plan background broker one_question reply structured chat",
        shared=True,
    ),
    floor("L4 uses", "batch compare agents workflows bridges scripting"),
    floor("L5 widgets", "widgets"),
    floor("L6 magics", "magics"),
    floor("L7 the front door", "__init__ __main__ arrival_of_pandas doctor", shared=True),
)

# Doors between rooms of one floor: (from, to).
DOORS = {("workflows", "agents"), ("compare", "batch")}

# Libraries that belong to a room: a file outside it may not even import them lazily.
ROOMS_OF_LIBRARIES = {
    "IPython": ("mojentic_nb/magics/",),
    "ipykernel": ("mojentic_nb/magics/",),
    "nest_asyncio": ("mojentic_nb/magics/",),
    "nest_asyncio2": ("mojentic_nb/magics/",),
    "anywidget": ("mojentic_nb/widgets/",),
    "ipywidgets": ("mojentic_nb/widgets/",),
    "traitlets": ("mojentic_nb/widgets/", "mojentic_nb/magics/"),
    "httpx2": ("mojentic_nb/gateways/transport", "mojentic_nb/tools/web"),
    "aiohttp": ("mojentic_nb/gateways/transport",),
    "psycopg": ("mojentic_nb/state/postgres_",),
    "pandas": (
        *(f"mojentic_nb/{room}/" for room in "magics tools tracer chat compare batch".split()),
        "mojentic_nb/arrival_of_pandas",  # which waits for an import that is under way
    ),
    "dask": ("mojentic_nb/batch/",),
    "distributed": ("mojentic_nb/batch/",),
    # Never: two HTTP stacks, or a provider's client, would be a second seam to the network.
    "httpx": (),
    "requests": (),
    "urllib3": (),
    "openai": (),
    "anthropic": (),
    "ollama": (),
}

# Libraries that cost a newcomer's first second: imported inside functions only.
LAZY_LIBRARIES = {
    "aiohttp",
    "anywidget",
    "dask",
    "distributed",
    "httpx2",
    "ipywidgets",
    "matplotlib",
    "numpy",
    "pandas",
    "psycopg",
    "tiktoken",
    "tqdm",
}

# A module that is itself loaded on first use may import its heavy library at the top.
LOADED_ON_FIRST_USE = ("mojentic_nb/widgets/", "mojentic_nb/gateways/transport")


def floor_of(room: str) -> int | None:
    """The height of a room, or None for one nobody has placed."""
    return next((height for height, floor in enumerate(FLOORS) if room in floor.rooms), None)
