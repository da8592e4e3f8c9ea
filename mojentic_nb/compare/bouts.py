"""Battles as numbers: who met whom, with what score, about which item.

Law: pure. Battles about one item go together. What was never compared, directly or through
others, is refused by name; what has no bound is found before anything is climbed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mojentic_nb.errors import BadArgument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Bout", "Bouts", "check_connected", "once_an_item", "read_bouts", "unbounded", "wins_of"]


class Bout(NamedTuple):
    """A battle as numbers: two answers to one item, and which was better.

    Attributes:
        a: One model.
        b: The other.
        score: 1 where `a` won, 0 where `b` did, 0.5 for a tie.
        item: What they answered; battles about one item go together. None stands alone.
    """

    a: str
    b: str
    score: float
    item: Hashable = None


@dataclass(frozen=True, slots=True)
class Bouts:
    """Battles as arrays.

    Attributes:
        names: Of the models.
        first: Place of one of the two, battle by battle.
        second: Place of the other.
        score: 1 where the first won, 0 where the second did, 0.5 for a tie.
        item: Place of what the battle is about.
        items: How many of these there are.
    """

    names: tuple[str, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    score: NDArray[np.float64]
    item: NDArray[np.intp]
    items: int


def read_bouts(battles: Iterable[Bout | Sequence[Any]]) -> Bouts:
    """Read battles.

    Raises:
        BadArgument: Fewer than two items, a score outside 0 to 1, or a model against itself.
    """
    import numpy as np

    rows = [tuple(battle) for battle in battles]
    places: dict[str, int] = {}
    items: dict[Hashable, int] = {}
    codes = []
    for row in rows:
        a, b, _, item = row if len(row) == 4 else (*row, None)
        if a == b:
            raise BadArgument(f"{a!r} against itself", hint="A battle is between two models.")

        about = ("alone", len(items)) if item is None else ("item", item)
        codes.append(
            (
                places.setdefault(a, len(places)),
                places.setdefault(b, len(places)),
                items.setdefault(about, len(items)),
            )
        )

    score = np.array([row[2] for row in rows], dtype=np.float64)
    if not np.all((score >= 0) & (score <= 1)):
        wrong = score[~((score >= 0) & (score <= 1))][0]
        raise BadArgument(f"score={wrong}", hint="1 where a won, 0 where b did, 0.5 for a tie.")

    if len(items) < 2:
        raise BadArgument(
            f"Battles about {len(items)} item{'' if len(items) == 1 else 's'} make no ranking.",
            hint="A ranking needs two items at least: judge or vote on more of them.",
        )

    met = np.array(codes, dtype=np.intp)
    return Bouts(tuple(places), met[:, 0], met[:, 1], score, met[:, 2], len(items))


def wins_of(fought: Bouts, weight: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """How often each (row) beat each (column), ties as half."""
    import numpy as np

    count = len(fought.names)
    share = fought.score if weight is None else fought.score * weight
    rest = 1 - fought.score if weight is None else (1 - fought.score) * weight
    forth = np.bincount(fought.first * count + fought.second, share, count * count)
    back = np.bincount(fought.second * count + fought.first, rest, count * count)
    won: NDArray[np.float64] = np.add(forth, back, dtype=np.float64)
    return won.reshape(count, count)


def once_an_item(fought: Bouts) -> NDArray[np.float64]:
    """Weights with which all battles of one pair about one item count as one."""
    import numpy as np

    low, high = np.minimum(fought.first, fought.second), np.maximum(fought.first, fought.second)
    count = len(fought.names)
    key = (fought.item * count + low) * count + high
    _, place, times = np.unique(key, return_inverse=True, return_counts=True)
    return 1.0 / times[place]


def check_connected(fought: Bouts) -> None:
    """See that a chain of battles leads from everybody to everybody.

    Raises:
        BadArgument: There are groups that nothing connects; the message names them.
    """
    met = wins_of(fought)
    groups = _components((met + met.T) > 0)
    if len(groups) == 1:
        return

    said = "; ".join(", ".join(fought.names[place] for place in group) for group in groups)
    raise BadArgument(
        f"No battle connects these groups of models: {said}.",
        hint="Compare at least one model of each group with one of another, or rank each alone.",
    )


def _components(links: NDArray[np.bool_]) -> list[list[int]]:
    reach = _reach(links | links.T)
    found = {tuple(row.nonzero()[0].tolist()) for row in reach}
    return [list(group) for group in sorted(found)]


def _reach(links: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Who gets to whom over any number of links: Warshall 1962."""
    import numpy as np

    reach = links | np.eye(len(links), dtype=np.bool_)
    for through in range(len(links)):
        reach |= np.outer(reach[:, through], reach[through])

    return reach


def unbounded(beat: NDArray[np.bool_]) -> list[list[int]]:
    """Groups of which one never lost to another, best first; none where all is bounded.

    Ford 1957: the likelihood has its maximum where every model beat every other, if only
    through a chain of others.
    """
    reach = _reach(beat)
    both = reach & reach.T
    groups = {tuple(row.nonzero()[0].tolist()) for row in both}
    if len(groups) == 1:
        return []

    return [list(group) for group in sorted(groups, key=lambda g: -int(reach[g[0]].sum()))]
