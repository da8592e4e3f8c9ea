"""`%llm_tools`: which tools there are, and what one of them does.

Law: looks and shows; no tool is made unless it is asked for by its name.
"""

from __future__ import annotations

from mojentic_nb.magics.publishing import publish, table
from mojentic_nb.tools import registry
from mojentic_nb.tools.registry import ToolCard
from mojentic_nb.views.markdown import inline

__all__ = ["show_tools"]


def show_tools(words: str) -> None:
    """Show every tool, those that have to do with some words, or one by its name."""
    shelf = registry.house_registry()
    if words.startswith("@"):
        from mojentic_nb.tools.toolbox import named

        found = [card for card in shelf.catalogue() if card.name in set(named(words, shelf))]
    elif words in shelf:
        _show_one(words)
        return
    else:
        found = shelf.search(words) if words else shelf.catalogue()

    if not found:
        note = f"No tool has to do with {inline(words)}."
        publish({"text/markdown": note, "text/plain": f"No tool has to do with {words!r}."})
        return

    table(("tool", "category", "effects", "what it does"), [_row(card) for card in found])


def _row(card: ToolCard) -> tuple[str, str, str, str]:
    effects = [*card.effects, *["asks first"] * card.is_destructive]
    return card.name, card.category, ", ".join(effects) or "–", card.summary


def _show_one(name: str) -> None:
    made = registry.get(name)
    needed = set(made.spec.parameters.get("required", ()))
    rows = [
        (
            given,
            _kind(schema),
            "" if given in needed else "optional",
            str(schema.get("description", "")),
        )
        for given, schema in made.spec.parameters.get("properties", {}).items()
    ]
    publish({"text/plain": f"{name}: {made.description}", "text/markdown": made.description})
    if rows:
        table(("parameter", "type", "", "what it is"), rows)


def _kind(schema: dict[str, object]) -> str:
    options = schema.get("anyOf")
    if isinstance(options, list):
        return " or ".join(_kind(one) for one in options)

    return str(schema.get("type", "any"))
