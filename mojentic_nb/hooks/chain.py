"""How policies stand around a call of the model.

Law: a policy is a generator function of the call and of what comes next, `proceed`, as
in any middleware: it may change the call, wait, tell, answer by itself, call again or
elsewhere, and sees the answer or the error on its way back. It performs nothing: it
yields effects. It costs nothing per piece of an answer, since pieces do not pass here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Protocol

from mojentic_nb.effects import Asking, Call, Proceed

__all__ = ["ModelPolicy", "chained"]


class ModelPolicy(Protocol):
    """Something that stands around every call of the model."""

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Make the call by way of `proceed`, or do without."""


def chained(policies: Iterable[ModelPolicy], last: Proceed) -> Proceed:
    """Put policies around a step, the first one outermost."""
    for policy in reversed([one for one in policies if hasattr(one, "around_model")]):
        last = partial(policy.around_model, proceed=last)

    return last
