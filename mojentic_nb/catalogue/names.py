"""From a model's name to the entry that describes it, and from a tag to a size.

Law: exact names and documented endings only. A part of a name never counts:
`my-local-o1ish-model` is not o1, and `gpt-5.6` is not gpt-5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["candidates", "is_cloud", "is_tuned", "parameters_in"]

_DAY = r"(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"
# A snapshot of a model is named by its day: -2026-03-01 (OpenAI), -20251001 (Anthropic),
# @20251001 (Google's cloud), -0613 (OpenAI until 2024); -latest is the newest of them.
_SNAPSHOT = re.compile(rf"(?:[-@]20\d\d-?{_DAY}|-{_DAY}|-latest)$")

# Ollama writes 8x7b in tags and 8x7B, 3.2B or 137M in listings.
_SIZE = re.compile(r"(?<![\w.])(?:(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)


def candidates(name: str, *, has_tags: bool) -> Iterator[str]:
    """Entries that may describe a model, the most exact one first."""
    yield name
    base = name.split(":")[1] if is_tuned(name) else name
    yield base
    yield _SNAPSHOT.sub("", base)
    if has_tags:
        yield name.partition(":")[0]


def is_tuned(name: str) -> bool:
    """Whether this is somebody's fine-tuned model: able as its base, priced otherwise."""
    return name.startswith("ft:") and name.count(":") >= 2


def is_cloud(name: str) -> bool:
    """Whether an Ollama tag runs on Ollama's own machines, where it is not free."""
    return name.partition(":")[2].endswith("cloud")


def parameters_in(text: str) -> float | None:
    """The size in a tag or a listing, in billions of parameters; experts are counted all.

    >>> parameters_in("8x7B"), parameters_in("llama3.2:1b-instruct-q4_0"), parameters_in("137M")
    (56.0, 1.0, 0.137)
    """
    found = _SIZE.search(text)
    if found is None:
        return None

    experts, size, unit = found.groups()
    return int(experts or 1) * float(size) / (1 if unit in "bB" else 1000)
