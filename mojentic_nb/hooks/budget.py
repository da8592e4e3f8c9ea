"""A bound on what calls may cost, in dollars, in tokens, or both.

Law: what a call could cost at most is held for it before it is sent, and a call for which
that is not left is not sent. So calls that run at once cannot overspend together. What it
really cost is settled when it is over, however it ended. A provider that says nothing of
its tokens, or what cannot be, is not believed: our own estimate counts, and an event says so.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from mojentic_nb.catalogue import ModelCard, card, cost_usd
from mojentic_nb.effects import Asking, Call, Proceed, Stopped, Tell
from mojentic_nb.errors import (
    BadArgument,
    BudgetExceeded,
    DeadlineExceeded,
    GatewayError,
    GatewayTimeout,
)
from mojentic_nb.events import BudgetSpent, Usage, UsageDoubted
from mojentic_nb.hooks.belief import believed, estimated
from mojentic_nb.hooks.weight import prompt_tokens, text_tokens

__all__ = ["Budget", "Money"]

# What is held for the answer of a call that names no bound itself, and what the call is
# then bound to: some providers take 100,000 tokens and more for a "no bound".
UNSAID_TOKENS = 16_384

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """Dollars and tokens; `None` for the one that a budget does not bound."""

    usd: float | None = None
    tokens: int | None = None

    def __str__(self) -> str:
        usd = [] if self.usd is None else [f"${self.usd:.4f}".rstrip("0").rstrip(".")]
        tokens = [] if self.tokens is None else [f"{self.tokens:,} tokens"]
        return " and ".join(usd + tokens)


class Budget:
    """What may be spent, by everybody who is given this object, together.

    A call whose `max_tokens` could cost more than is left is bound to what is left, and
    one that names none to that or to 16,384 tokens.

    Args:
        usd: Dollars, by the prices of the catalogue (`register_model` adds one).
        tokens: Tokens, in and out.

    Raises:
        BadArgument: There is no bound, or one is below 0.
    """

    def __init__(self, *, usd: float | None = None, tokens: int | None = None) -> None:
        if usd is None and tokens is None:
            raise BadArgument("A Budget needs usd=, tokens= or both.")
        for name, value in (("usd", usd), ("tokens", tokens)):
            if value is not None and (isinstance(value, bool) or not value >= 0):
                raise BadArgument(f"{name}={value!r} is not a number from 0 up.")

        self.usd = usd
        self.tokens = tokens
        self._lock = threading.Lock()
        self._spent_usd = self._held_usd = 0.0
        self._spent_tokens = self._held_tokens = 0

    def __repr__(self) -> str:
        return f"Budget({self.spent} spent, {self.remaining} left)"

    @property
    def spent(self) -> Money:
        """What has been spent, in the units of its bounds."""
        usd = None if self.usd is None else self._spent_usd
        return Money(usd, None if self.tokens is None else self._spent_tokens)

    @property
    def remaining(self) -> Money:
        """What is left; what calls under way may still need is not."""
        with self._lock:
            return self._left()

    def _left(self) -> Money:
        usd = tokens = None
        if self.usd is not None:
            usd = max(0.0, self.usd - self._spent_usd - self._held_usd)
        if self.tokens is not None:
            tokens = max(0, self.tokens - self._spent_tokens - self._held_tokens)

        return Money(usd, tokens)

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Hold what the call may cost, make it, and settle what it did cost."""
        known = card(call.gateway.name, call.request.model)
        if self.usd is not None:
            known = priced(known, call)
        prompt = prompt_tokens(call.request)
        if self._is_close(prompt, known):
            prompt = counted(call)
        # Made before, so that no interrupt can leave anything held.
        held = Held()
        used = Usage(input_tokens=0, output_tokens=0)
        is_estimate = True
        try:
            self._hold(held, prompt, call.request.config.max_tokens, known)
            answer = yield from proceed(bound(call, held.output_tokens))
            used, is_estimate = believed(answer, prompt, held.output_tokens, known)
            if is_estimate:
                yield Tell(UsageDoubted(answer.usage, used))
        except GatewayError as error:
            if may_cost(error):
                used = estimated(prompt, text_tokens(error.partial))
            raise
        except Stopped as gone:
            used = estimated(prompt, text_tokens(gone.text))
            raise
        finally:
            spent = self._settle(held, used, known)

        yield Tell(spent if is_estimate else replace(spent, is_estimate=False))
        return answer

    def _is_close(self, prompt: int, known: ModelCard) -> bool:
        """Whether a quick estimate is too rough for what is left."""
        left = self.remaining
        if left.tokens is not None and prompt * 4 > left.tokens:
            return True

        each = known.price.at(prompt).input or 0.0
        return left.usd is not None and prompt * each * 4 > left.usd * MILLION

    def _hold(self, held: Held, prompt: int, wanted: int | None, known: ModelCard) -> None:
        """Set aside what a call may cost.

        Args:
            held: Where it is written down.
            prompt: Tokens of the request.
            wanted: Tokens the answer may have, if the caller says.
            known: The model, with its price.

        Raises:
            BudgetExceeded: So much is not left.
        """
        price = known.price.at(prompt)
        wanted = wanted or min(UNSAID_TOKENS, known.output_tokens or UNSAID_TOKENS)
        with self._lock:
            left = self._left()
            output = wanted
            if left.tokens is not None:
                output = min(output, left.tokens - prompt)
            if left.usd is not None:
                output = min(output, _affordable(left.usd, prompt, price.input, price.output))
            if output < 1:
                raise self._exceeded(prompt, known, left)

            usage = Usage(input_tokens=prompt, output_tokens=output)
            held.output_tokens, held.tokens = output, prompt + output
            held.usd = 0.0 if self.usd is None else cost(usage, known)
            self._held_usd += held.usd
            self._held_tokens += held.tokens

    def _settle(self, held: Held, used: Usage, known: ModelCard) -> BudgetSpent:
        """Give back what was held, and take what was used."""
        tokens = used.total_tokens or 0
        usd = None if self.usd is None else cost(used, known)
        with self._lock:
            self._held_usd = max(0.0, self._held_usd - held.usd)
            self._held_tokens -= held.tokens
            self._spent_usd += usd or 0.0
            self._spent_tokens += tokens
            left = self._left()

        return BudgetSpent(usd, tokens, left.usd, left.tokens, True)

    def _exceeded(self, prompt: int, known: ModelCard, left: Money) -> BudgetExceeded:
        least = Usage(input_tokens=prompt, output_tokens=1)
        price = Money(
            None if self.usd is None else cost(least, known),
            None if self.tokens is None else prompt + 1,
        )
        bounds = Money(self.usd, self.tokens)
        held = " Calls under way hold the rest." if self._held_tokens else ""
        return BudgetExceeded(
            f"This call costs at least {price}, and {left} of {bounds} are left.{held}",
            hint="Give a larger Budget, or ask for less; nothing was sent.",
        )


@dataclass(slots=True)
class Held:
    """What is set aside for one call under way."""

    output_tokens: int = 0
    usd: float = 0.0
    tokens: int = 0


def cost(used: Usage, known: ModelCard) -> float:
    """Dollars of a call; what came from a cache of unknown price was read as all else."""
    found = cost_usd(used, known)
    if found is None:
        plain = Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens)
        found = cost_usd(plain, known)

    return found or 0.0


def may_cost(error: GatewayError) -> bool:
    """Whether a provider may want money for a call that failed so.

    For an answer that had begun it does, and where it was only silent it may be reading
    still. What was refused, or never sent (it names no gateway), costs nothing.
    """
    if isinstance(error, DeadlineExceeded) and error.is_early:
        return False

    return error.has_begun or (isinstance(error, GatewayTimeout) and bool(error.gateway))


def _affordable(usd: float, prompt: int, each_in: float | None, each_out: float | None) -> int:
    """Tokens of an answer that can be paid after the prompt was."""
    left = usd - prompt * (each_in or 0.0) / MILLION
    if left < 0 or (left == 0 and (each_in or each_out)):
        return 0

    return int(left * MILLION / each_out) if each_out else UNSAID_TOKENS * 1000


def bound(call: Call, tokens: int) -> Call:
    """The call with an answer of so many tokens at most."""
    config = call.request.config
    if config.max_tokens is not None and config.max_tokens <= tokens:
        return call

    config = config.model_copy(update={"max_tokens": tokens})
    return replace(call, request=replace(call.request, config=config))


def priced(known: ModelCard, call: Call) -> ModelCard:
    """A card whose price is known.

    Raises:
        BadArgument: It is not, so that a budget in dollars cannot be kept.
    """
    if known.price.input is not None and known.price.output is not None:
        return known

    name = call.gateway.name
    raise BadArgument(
        f"What {name}:{call.request.model} costs is not known, so a budget in dollars cannot hold.",
        hint=f"Tell its price with register_model({name!r}, {call.request.model!r}, "
        'price={"input": …, "output": …}), or give a budget in tokens=.',
    )


def counted(call: Call) -> int:
    """The tokens of a request, as exactly as this machine can."""
    from mojentic_nb.tokens import TokenizerGateway

    request = call.request
    tokens = TokenizerGateway(request.model).count_messages(request.messages, tools=request.tools)
    return int(tokens) + (text_tokens(str(request.schema)) if request.schema else 0)
