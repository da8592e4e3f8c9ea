"""When to ask a server again, and after how long.

The wait is stamina's formula, min(cap, base · 2^(attempt-1)) + jitter, with
Retry-After as its least value. A server that wants a longer wait than
`longest_wait_s` is believed, and the error says so instead of a cell that hangs.
"""

from __future__ import annotations

import random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mojentic_nb.effects import Asking, Call, Proceed, Tell, Wait
from mojentic_nb.errors import GatewayError
from mojentic_nb.events import Retrying

__all__ = ["Retry"]

# Overloaded or passing trouble by definition: RFC 9110 408 and 425, 429, and the 5xx
# of proxies; 529 is Anthropic's "overloaded". A 501 or 505 stays what it is.
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 529})


class Retry(BaseModel):
    """How often and how patiently a failed call is made again.

    Attributes:
        attempts: Calls in all; 1 never repeats.
        base_s: First wait, in seconds; it doubles each time.
        cap_s: Longest wait of our own choosing.
        jitter_s: A random part of up to this is added, so that many clients part.
        longest_wait_s: Longest Retry-After that is waited for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attempts: Annotated[int, Field(ge=1)] = 3
    base_s: Annotated[float, Field(ge=0)] = 0.5
    cap_s: Annotated[float, Field(ge=0)] = 8.0
    jitter_s: Annotated[float, Field(ge=0)] = 0.5
    longest_wait_s: Annotated[float, Field(ge=0)] = 60.0

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Make a call, again where that may help and nothing has been told yet."""
        attempt = 1
        while True:
            try:
                return (yield from proceed(call))
            except GatewayError as error:
                wait_s = self.wait_s(error, attempt=attempt)
                if wait_s is None:
                    raise
                failed = error

            yield Tell(Retrying(failed, attempt, wait_s))
            yield Wait(wait_s)
            attempt += 1

    def wait_s(self, error: GatewayError, *, attempt: int) -> float | None:
        """Seconds to wait before asking again; `None` to give up.

        Args:
            error: How this attempt failed.
            attempt: Calls made so far, from 1.
        """
        if attempt >= self.attempts or error.has_begun or not may_help(error):
            return None

        asked_s = error.retry_after_s or 0.0
        if asked_s > self.longest_wait_s:
            return None

        own_s: float = min(self.cap_s, self.base_s * 2.0 ** (attempt - 1))
        return max(own_s + random.uniform(0, self.jitter_s), asked_s)


def may_help(error: GatewayError) -> bool:
    """Whether the same call could go better a moment later."""
    if error.status is not None:
        return error.status in RETRIED_STATUSES

    return error.may_retry
