"""A bound on what calls may cost, in dollars, in tokens, or both.

Law: what a call could cost at most is held for it before it is sent, and a call for which
that is not left is not sent. So calls that run at once cannot overspend together. What it
really cost is settled when it is over, however it ended. A provider that says nothing of
its tokens, or what cannot be, is not believed: our own estimate counts, and an event says so.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pydantic_core import to_json

from mojentic_nb.catalogue import ModelCard, Price, card, cost_usd
from mojentic_nb.config import CompletionConfig
from mojentic_nb.effects import Asking, Call, Proceed, Stopped, Tell
from mojentic_nb.errors import (
    BadArgument,
    BudgetExceeded,
    DeadlineExceeded,
    GatewayError,
    GatewayGarbled,
    GatewayTimeout,
    GatewayTorn,
)
from mojentic_nb.events import BudgetSpent, Usage, UsageDoubted
from mojentic_nb.hooks.belief import believed, estimated
from mojentic_nb.hooks.weight import answer_tokens, prompt_tokens, text_tokens

__all__ = ["Budget", "Money"]

# A quick estimate of a request is at most so many times too low (`weight`); where that could
# matter, it is counted. Without a model's own ranks a count may be a fifth too low.
ROUGHLY = 4
ESTIMATE_LOW = 1.25

MILLION = 1_000_000
NOTHING = Usage(input_tokens=0, output_tokens=0)


class Money(NamedTuple):
    """Dollars and tokens; `None` for the one that a budget does not bound."""

    usd: float | None = None
    tokens: int | None = None

    def __str__(self) -> str:
        usd = [] if self.usd is None else [dollars(self.usd)]
        tokens = [] if self.tokens is None else [f"{self.tokens:,} tokens"]
        return " and ".join(usd + tokens)


def dollars(usd: float) -> str:
    """An amount to read: four places, and two digits of what is less than that."""
    places = 4 if usd >= 0.01 or not usd else 1 - math.floor(math.log10(usd))
    shown = f"{usd:.{places}f}"
    return f"${shown.rstrip('0').rstrip('.')}" if "." in shown else f"${shown}"


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
        if not is_amount(usd, int | float):
            raise BadArgument(f"usd={usd!r} is not a number from 0 up.")
        if not is_amount(tokens, int):
            raise BadArgument(f"tokens={tokens!r} is not a whole number from 0 up.")

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
            known = priced(known, call.gateway.name, call.request.model)
        # Made before, so that no interrupt can leave anything held.
        held = Held()
        used = NOTHING
        is_estimate = True
        failed: GatewayError | None = None
        try:
            prompt = self._hold(held, call, known)
            answer = yield from proceed(bound(call, held.output_tokens))
            used, is_estimate = believed(answer, prompt, held.output_tokens, known)
        except GatewayError as error:
            failed = error
            if may_cost(error):
                used = estimated(prompt, text_tokens(error.thinking + error.partial))
        except Stopped as gone:
            used = estimated(prompt, text_tokens(gone.text))
            raise
        finally:
            spent = self._settle(held, used, known, is_estimate=is_estimate)

        if failed is not None:
            if spent.tokens:
                yield Tell(spent)
            raise failed

        if is_estimate:
            yield Tell(UsageDoubted(answer.usage, used))
        yield Tell(spent)
        return answer

    def _hold(self, held: Held, call: Call, known: ModelCard) -> int:
        """Set aside what a call may cost; gives the tokens of its request.

        Raises:
            BudgetExceeded: So much is not left.
        """
        prompt = prompt_tokens(call.request)
        if not self._set_aside(held, prompt, call, known, is_rough=True):
            prompt = counted(call)
            self._set_aside(held, prompt, call, known, is_rough=False)

        return prompt

    def _set_aside(
        self, held: Held, prompt: int, call: Call, known: ModelCard, *, is_rough: bool
    ) -> bool:
        """Set aside what a call may cost; False where that is too near for a rough count.

        Args:
            held: Where it is written down.
            prompt: Tokens of the request.
            call: With the tokens its answer may have, if the caller says.
            known: The model, with its price.
            is_rough: The request may be up to `ROUGHLY` times `prompt`.
        """
        config = call.request.config
        answers = config.n or 1
        wanted = answer_tokens(call.request, known.output_tokens)
        most = prompt * ROUGHLY if is_rough else prompt
        each_in, each_out = dearest(known.price.at(most), config)
        with self._lock:
            left = self._left()
            output = wanted
            if left.tokens is not None:
                output = min(output, left.tokens - most)
            if left.usd is not None and most * each_in + output * each_out > left.usd * MILLION:
                output = affordable(left.usd, most * each_in, each_out)
            if is_rough and output < wanted:
                return False
            if output < answers:
                raise self._exceeded(prompt, each_in, each_out, left)

            held.output_tokens, held.tokens = output, prompt + output
            held.usd = (prompt * each_in + output * each_out) / MILLION
            self._held_usd += held.usd
            self._held_tokens += held.tokens
            return True

    def _settle(
        self, held: Held, used: Usage, known: ModelCard, *, is_estimate: bool
    ) -> BudgetSpent:
        """Give back what was held, and take what was used."""
        tokens = used.total_tokens or 0
        usd = None if self.usd is None else cost(used, known)
        with self._lock:
            self._held_usd = max(0.0, self._held_usd - held.usd)
            self._held_tokens -= held.tokens
            self._spent_usd += usd or 0.0
            self._spent_tokens += tokens
            left = self._left()

        return BudgetSpent(usd, tokens, left.usd, left.tokens, is_estimate)

    def _exceeded(
        self, prompt: int, each_in: float, each_out: float, left: Money
    ) -> BudgetExceeded:
        price = Money(
            None if self.usd is None else (prompt * each_in + each_out) / MILLION,
            None if self.tokens is None else prompt + 1,
        )
        bounds = Money(self.usd, self.tokens)
        held = " Calls under way hold the rest." if self._held_tokens else ""
        return BudgetExceeded(
            f"This call costs at least {price}, and {left} of {bounds} are left.{held}",
            hint="Give a larger Budget, or ask for less; nothing was sent.",
        )


def is_amount(value: Any, kind: Any) -> bool:
    """Whether this can be a bound, or is None."""
    if value is None:
        return True

    return isinstance(value, kind) and not isinstance(value, bool) and value >= 0


@dataclass(slots=True)
class Held:
    """What is set aside for one call under way."""

    output_tokens: int = 0
    usd: float = 0.0
    tokens: int = 0


def cost(used: Usage, known: ModelCard) -> float:
    """Dollars of a call; what came from a cache of unknown price was read as all else."""
    if not (used.cached_tokens or used.cache_write_tokens):
        read, written = used.input_tokens or 0, used.output_tokens or 0
        price = known.price.at(read)
        return (read * (price.input or 0.0) + written * (price.output or 0.0)) / MILLION

    found = cost_usd(used, known)
    if found is None:
        plain = Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens)
        found = cost_usd(plain, known)

    return found or 0.0


def may_cost(error: GatewayError) -> bool:
    """Whether a provider may want money for a call that failed so.

    For an answer that had begun it does; and where it fell silent, broke off or made no
    sense it may have read, and written, all the same. What was refused, or never sent (it
    names no gateway), costs nothing.
    """
    if isinstance(error, DeadlineExceeded) and error.is_early:
        return False

    may_have_read = isinstance(error, GatewayTimeout | GatewayTorn | GatewayGarbled)
    return error.has_begun or (may_have_read and bool(error.gateway))


def dearest(price: Price, config: CompletionConfig) -> tuple[float, float]:
    """Dollars of a million tokens in and out, where nothing comes from a cache."""
    each_in = price.input or 0.0
    if config.cache_prompt:
        each_in = max(each_in, price.cache_write or 0.0)

    return each_in, price.output or 0.0


def affordable(usd: float, read: float, each_out: float) -> int:
    """Tokens of an answer that can be paid after the request was; `read` in millionths."""
    left = usd * MILLION - read
    return int(left / each_out) if left > 0 and each_out else 0


# By identity, since the calls of a broker mostly have one and the same: the last one that
# was bound, how, and what came of it. One tuple, so that threads see all of it or none.
_last: list[tuple[CompletionConfig | None, int, CompletionConfig | None]] = [(None, 0, None)]


def bounded(config: CompletionConfig, tokens: int) -> CompletionConfig:
    """The same settings with another bound; settings never change, so they may be shared."""
    known, had, made = _last[0]
    if made is None or known is not config or had != tokens:
        made = config.model_copy(update={"max_tokens": tokens})
        _last[0] = (config, tokens, made)

    return made


def bound(call: Call, tokens: int) -> Call:
    """The call with an answer of so many tokens at most."""
    config = call.request.config
    tokens //= config.n or 1  # the bound is each answer's
    if config.max_tokens is not None and config.max_tokens <= tokens:
        return call

    request = replace(call.request, config=bounded(config, tokens))
    return Call(request=request, gateway=call.gateway, round=call.round)


def priced(known: ModelCard, name: str, model: str) -> ModelCard:
    """A card whose price is known, of a provider's model.

    Raises:
        BadArgument: It is not, so that a budget in dollars cannot be kept.
    """
    if known.price.input is not None and known.price.output is not None:
        return known

    raise BadArgument(
        f"What {name}:{model} costs is not known, so a budget in dollars cannot hold.",
        hint="Tell its price, in dollars per million tokens, such as: from mojentic_nb.catalogue "
        f"import register_model; register_model({name!r}, {model!r}, "
        'price={"input": 0.5, "output": 2.0}). Or give a Budget(tokens=…).',
    )


def counted(call: Call) -> int:
    """The tokens of a request, as exactly as this machine can."""
    from mojentic_nb.tokens import TokenizerGateway

    request = call.request
    tokenizer = TokenizerGateway(request.model)
    tokens = int(tokenizer.count_messages(request.messages, tools=request.tools))
    if request.schema is not None:
        tokens += int(tokenizer.count(to_json(request.schema, fallback=str).decode()))

    return int(tokens * ESTIMATE_LOW) + 1 if tokenizer.is_estimate else tokens
