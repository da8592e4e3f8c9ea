"""An object of 100 kB that arrives in small pieces, beside reading it once when it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable

from pydantic import BaseModel

from benchmarks.bench import Row, Subject, beside
from mojentic_nb.partial import Growth
from mojentic_nb.schema import Shape

# A token is about four letters.
LETTERS_A_PIECE = 4


class Person(BaseModel):
    """One of many."""

    name: str
    age: int


PEOPLE = [{"name": f"Ada Lovelace {place}", "age": place % 90} for place in range(2500)]
TEXT = json.dumps({"value": PEOPLE})
PIECES = [TEXT[start : start + LETTERS_A_PIECE] for start in range(0, len(TEXT), LETTERS_A_PIECE)]


def read_whole(shape: Shape) -> Callable[[], int]:
    """What `generate_object` does with an answer: parse and validate it."""

    def run() -> int:
        shape.read(TEXT)
        return 1

    return run


def grown(shape: Shape) -> Callable[[], int]:
    """What `generate_object_stream` does with it before: every snapshot made."""

    def run() -> int:
        growth = Growth(shape)
        for piece in PIECES:
            if growth.add(piece):
                growth.value()
        return 1

    return run


def growing_objects() -> list[Row]:
    """CPU of an object's growth, for all of it."""
    shape = Shape(list[Person])
    subjects = [Subject("read once", read_whole(shape)), Subject("grown", grown(shape))]
    return beside(f"object of {len(TEXT) // 1000} kB", subjects, bars={"grown": 5})
