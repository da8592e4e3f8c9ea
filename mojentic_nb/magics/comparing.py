"""One `%%compare` call: the same prompt to several models, their answers side by side.

Law: the call stands alone, outside the conversation. Each model is asked as any cell would
ask it: under this notebook's budget, policies and cassette. Asked anew at each run, unless
a key says that answers are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import Flags
from mojentic_nb.magics.names import LAST, bind, check_name
from mojentic_nb.magics.publishing import publish
from mojentic_nb.magics.surroundings import is_attended

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison
    from mojentic_nb.magics.asking import Desk

__all__ = ["compared"]

# A line that parts a cell into several prompts, as between the slides of a talk.
_PARTED = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)


def compared(desk: Desk, flags: Flags, text: str, namespace: Mapping[str, Any]) -> Comparison:
    """Ask, show, bind and return.

    Raises:
        BadArgument: A flag makes no sense, or there is no prompt; nothing was asked.
        Interrupted: The reader interrupted; what had come is bound, and kept under a key.
    """
    from mojentic_nb.compare.asking import compare
    from mojentic_nb.compare.comparison import Interrupted
    from mojentic_nb.magics.asking import completion_config, is_timed
    from mojentic_nb.magics.composing import system_of

    check_name(flags.out, desk.shell.user_ns)
    prompts = [one.strip() for one in _PARTED.split(text) if one.strip()]
    if not prompts:
        raise BadArgument("There is no prompt.", hint="Write it under %%compare.")

    models = {name: desk.session.broker(name) for name in _models(flags)}
    settings = completion_config(desk.session.settings, flags)
    try:
        made = compare(
            prompts,
            models,
            repeats=flags.repeats or 1,
            checks=[_check(one, namespace) for one in flags.check],
            judge=flags.judge and desk.session.broker(flags.judge),
            system=system_of(flags, desk.session.value("system")) or "",
            params={name: getattr(settings, name) for name in sorted(settings.model_fields_set)},
            key=flags.key,
            store="auto" if flags.key else None,
            progress=None if is_attended(desk.shell) and not flags.quiet else False,
        )
    except Interrupted as stopped:
        _bind(desk, flags, stopped.comparison)
        raise

    _bind(desk, flags, made)
    if not flags.quiet:
        publish(_shown(made, stable=not is_timed(desk)))
    desk.once.shown(made, type(made).__name__)
    return made


def _models(flags: Flags) -> Sequence[str]:
    typed = [one.strip() for one in (flags.model or "").split(",")]
    names = list(dict.fromkeys(one for one in typed if one))
    if len(names) < 2:
        raise BadArgument(
            "A comparison needs at least two models.",
            hint="Write %%compare -m demo,ollama:llama3.2 without spaces.",
        )

    return names


def _bind(desk: Desk, flags: Flags, made: Comparison) -> None:
    bind(desk.shell, LAST, made)
    bind(desk.shell, flags.out, made)


def _shown(made: Comparison, *, stable: bool) -> dict[str, str]:
    sides, told = made.grid(stable=stable)._repr_mimebundle_(), made.show(stable=stable)
    return {
        "text/html": f"{sides['text/html']}\n{told._repr_html_()}",
        "text/plain": f"{sides['text/plain']}\n\n{told!r}",
    }


def _check(typed: str, namespace: Mapping[str, Any]) -> Any:
    """A check as it was typed: a kind with its value, or a function's name."""
    kind, colon, value = typed.partition(":")
    if colon and (make := _kinds().get(kind)):
        return make(value)

    found = namespace.get(typed)
    if callable(found):
        return found

    known = ", ".join(f"{one}:…" for one in _kinds())
    raise BadArgument(
        f"--check {typed}: there is no such check or function.", hint=f"There are {known}."
    )


def _kinds() -> dict[str, Callable[[str], Any]]:
    from mojentic_nb.compare import check_kinds as kinds

    def number(value: str) -> float:
        try:
            return float(value)
        except ValueError:
            raise BadArgument(f"--check takes a number here, not {value!r}.") from None

    return {
        "contains": kinds.contains,
        "not_contains": kinds.not_contains,
        "regex": kinds.regex,
        "equals": kinds.equals,
        "one_of": lambda value: kinds.one_of(*value.split(",")),
        "numeric": lambda value: kinds.numeric(number(value)),
        "length": lambda value: kinds.length(at_most=number(value)),
    }
