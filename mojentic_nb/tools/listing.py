"""Writes down what the built-in tools tell of themselves.

Law: the tools are the source; what is written is only read. `python -m
mojentic_nb.tools.listing` writes `kit/listing.json`, and in a checkout `docs/tools.md`; a
test keeps both true.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from mojentic_nb.tools import kit
from mojentic_nb.tools.facts import CATEGORIES
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.registry import ToolCard, card_of

__all__ = ["cards", "kinds", "main", "written"]


def kinds() -> list[type[KitTool]]:
    """Every built-in tool's class, by category and name."""
    found = {kind.tool_name: kind for module in _modules() for kind in _in(module)}
    order = {category: place for place, category in enumerate(CATEGORIES)}
    return sorted(found.values(), key=lambda kind: (order[kind.facts.category], kind.tool_name))


def _modules() -> Iterator[str]:
    for one in pkgutil.iter_modules(kit.__path__):
        yield f"{kit.__name__}.{one.name}"


def _in(module: str) -> Iterator[type[KitTool]]:
    for thing in vars(import_module(module)).values():
        is_tool = isinstance(thing, type) and issubclass(thing, KitTool)
        if is_tool and thing.__module__ == module and "tool_name" in vars(thing):
            yield thing


def cards() -> list[ToolCard]:
    """The cards of all of them."""
    return [card_of(kind(), home=f"{kind.__module__}:{kind.__name__}") for kind in kinds()]


def written() -> str:
    """What `listing.json` has to say."""
    lines = [json.dumps(asdict(card), ensure_ascii=False) for card in cards()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main() -> None:
    """Write the listing, and the page where there is one."""
    from mojentic_nb.tools.pages import page

    Path(kit.__path__[0], "listing.json").write_text(written(), encoding="utf-8")
    docs = Path(__file__).parents[2] / "docs"
    if docs.is_dir():
        (docs / "tools.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
