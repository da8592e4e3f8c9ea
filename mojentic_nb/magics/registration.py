"""Coming into a shell, and leaving it without a trace.

Law: a name that belongs to somebody else is never taken: ours then gets another, and the
person is told which. What is added here is removed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojentic_nb import preferences
from mojentic_nb.errors import BadArgument
from mojentic_nb.magics import questions
from mojentic_nb.magics.llm import LLMMagics
from mojentic_nb.magics.prompt import note

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["register", "unregister"]

OURS = LLMMagics.__name__
FALLBACK_PREFIX = "mojentic_"

# Our functions, by the kinds of magic they are.
KINDS = {
    "llm": ("line", "cell"),
    "structured": ("cell",),
    "compare": ("line", "cell"),
    "llm_fix": ("line",),
    "llm_cassette": ("line",),
    "llm_config": ("line",),
    "llm_models": ("line",),
    "llm_tools": ("line",),
    "llm_history": ("line",),
    "llm_chat": ("line",),
    "trace": ("line",),
    "cost": ("line",),
}

# Of the settings one is called as a magic is, and a class has one thing of a name.
METHODS = {"trace": "traced"}


def register(shell: InteractiveShell) -> None:
    """Add our magics, unless they are there."""
    if OURS in shell.magics_manager.registry:
        return

    magics = LLMMagics(shell, **_named_beforehand())
    shell.magics_manager.registry[OURS] = magics
    for name in KINDS:
        _add(shell, magics, name, magics.name if name == "llm" else name)

    magics.observe(lambda change: _rename(shell, magics, change), names="name")
    shell.events.register("post_run_cell", magics.once.forget)
    magics.last_image.watch()
    magics.asking.begin()
    magics.watching.begin()
    questions.add(shell)
    _add_completer(shell, magics)
    magics.warn_of_nested_loops()


def _named_beforehand() -> dict[str, str]:
    """The name that the environment or a settings file gives the magic."""
    try:
        return {"name": preferences.value("name").value}
    except BadArgument:
        # Told by the first call and by the doctor: a broken file must not break %load_ext.
        return {}


def _tables(shell: InteractiveShell, name: str) -> list[dict[str, Any]]:
    return [shell.magics_manager.magics[kind] for kind in KINDS[name]]


def _add(shell: InteractiveShell, magics: LLMMagics, name: str, wanted: str) -> None:
    found = [table[wanted] for table in _tables(shell, name) if wanted in table]
    others = [one for one in found if getattr(one, "__self__", None) is not magics]
    chosen = f"{FALLBACK_PREFIX}{wanted}" if others else wanted
    if others:
        _warn_of_taken_name(wanted, chosen, others[0])

    for table in _tables(shell, name):
        table[chosen] = getattr(magics, METHODS.get(name, name))


def _warn_of_taken_name(wanted: str, chosen: str, other: Any) -> None:
    home = str(getattr(other, "__module__", "") or "another extension").partition(".")[0]
    note(
        f"%{wanted} already belongs to {home} and stays so; ours is %{chosen}. "
        f"Set {preferences.variables('name')[0]}, or %config {OURS}.name = '…', for another name."
    )


def _rename(shell: InteractiveShell, magics: LLMMagics, change: Any) -> None:
    """`%config LLMMagics.name = "ask"`: the magic moves."""
    _remove(shell, magics, "llm")
    _add(shell, magics, "llm", change.new)


def _remove(shell: InteractiveShell, magics: Any, name: str) -> None:
    for table in _tables(shell, name):
        for known in [key for key, one in table.items() if _is_ours(one, magics, name)]:
            del table[known]


def _is_ours(found: Any, magics: Any, name: str) -> bool:
    return getattr(found, "__self__", None) is magics and found.__name__ == METHODS.get(name, name)


def unregister(shell: InteractiveShell) -> None:
    """Remove our magics, completer, event and transformers."""
    magics = shell.magics_manager.registry.pop(OURS, None)
    if not isinstance(magics, LLMMagics):
        return

    for name in KINDS:
        _remove(shell, magics, name)

    magics.unobserve_all()
    magics.leave()
    magics.asking.end()
    magics.watching.end()
    shell.events.unregister("post_run_cell", magics.once.forget)
    _take_out_cassette()
    questions.remove(shell)
    _remove_completer(shell, magics)
    configurables: list[Any] = shell.configurables
    configurables[:] = [one for one in configurables if one is not magics]


def _take_out_cassette() -> None:
    from mojentic_nb.magics.cassette import take_out

    take_out()


def _add_completer(shell: InteractiveShell, magics: LLMMagics) -> None:
    from mojentic_nb.magics.completion import matcher_of

    matcher = matcher_of(magics)
    if matcher is not None and shell.Completer is not None:
        shell.Completer.custom_matchers.append(matcher)


def _remove_completer(shell: InteractiveShell, magics: LLMMagics) -> None:
    matchers = getattr(shell.Completer, "custom_matchers", [])
    matchers[:] = [one for one in matchers if getattr(one, "of_magics", None) is not magics]
