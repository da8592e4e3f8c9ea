"""The rows whose vectors lie nearest to another one, by the cosine of the angle between.

Law: arithmetic only. A vector of zeros points nowhere, and is like nothing: 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument

if TYPE_CHECKING:
    import numpy

    Matrix = numpy.ndarray[Any, numpy.dtype[numpy.float32]]

__all__ = ["is_vector", "nearest"]


def is_vector(value: Any) -> bool:
    """Whether this is a vector, as a cell of a frame may hold one."""
    if not hasattr(value, "__len__") or isinstance(value, str | bytes | dict):
        return False

    import numpy

    try:
        made = numpy.asarray(value)
    except ValueError:
        return False  # lists of several lengths

    return made.ndim == 1 and made.dtype.kind in "fiu"


def nearest(vectors: Sequence[Any], query: Any, k: int) -> tuple[list[int], list[float]]:
    """The places of the nearest vectors, the nearest first, and how near each is.

    Args:
        vectors: Of one length; None where there is none. Equally near ones keep their order.
        query: What they are compared with.
        k: How many, at most.

    Raises:
        BadArgument: They are not of one length with the query.
    """
    import numpy

    places = [at for at, one in enumerate(vectors) if one is not None]
    if not places:
        return [], []

    wanted = numpy.asarray(query, numpy.float32)
    lengths = {len(vectors[at]) for at in places}
    if lengths != {len(wanted)}:
        raise BadArgument(
            f"The query has {len(wanted)} numbers, and the rows {sorted(lengths)}.",
            hint="Both must be of one embedding model: give its name as model=.",
        )

    matrix = numpy.stack([numpy.asarray(vectors[at], numpy.float32) for at in places])
    likeness = matrix @ wanted
    size = numpy.linalg.norm(matrix, axis=1) * numpy.linalg.norm(wanted)
    near = numpy.divide(likeness, size, out=numpy.zeros_like(likeness), where=size > 0)
    order = numpy.argsort(-near, kind="stable")[:k]
    return [places[at] for at in order], [float(near[at]) for at in order]
