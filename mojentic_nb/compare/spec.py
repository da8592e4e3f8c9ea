"""What is compared: candidates, each a model with a wording and settings, and how often.

Law: everything is checked here, before anything is asked. A candidate has one name, which is
the same in every table and chart; the name says no more than it takes to tell candidates apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import product
from typing import Any

from pydantic_core import to_json

from mojentic_nb.batch.asking import broker_for
from mojentic_nb.broker import LLMBroker
from mojentic_nb.compare.checks import Check, checks_of
from mojentic_nb.compare.items import Item, Wording, messages_of, read_prompts
from mojentic_nb.compare.judge import PairwiseJudge, judge_of
from mojentic_nb.config import CompletionConfig, Sampling, merged
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.hooks.budget import Budget
from mojentic_nb.messages import LLMMessage
from mojentic_nb.schema import Shape

__all__ = ["Candidate", "Spec", "spec_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """One of those that are compared.

    Attributes:
        name: What it is called everywhere; differs from every other's.
        wording: How it is asked.
        model: The model's name, as the caller gave it.
        broker: Whom to ask.
        params: Settings it was given, by name.
        config: What they come to; None for the broker's own.
    """

    name: str
    wording: Wording
    model: str
    broker: LLMBroker
    params: Mapping[str, Any] = field(default_factory=dict)
    config: CompletionConfig | None = None

    @property
    def provider(self) -> str:
        """Such as `openai`."""
        return str(self.broker.gateway.name)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Provider, address and model: equal for two that are the same model."""
        gateway = self.broker.gateway
        return gateway.name, gateway.url, self.broker.model


@dataclass(frozen=True, eq=False, kw_only=True)
class Spec:
    """A comparison, before anything is asked.

    Attributes:
        items: What is asked; the unit of every rate.
        candidates: Who is compared, models before wordings before settings.
        repeats: How often each candidate is asked about each item.
        checks: Looked at on every answer.
        judge: Compares answers two by two; None for nobody.
        judge_broker: The judge, under the same budget.
        key: What the comparison is kept under; empty for one made of its prompts.
        system: Before every prompt.
        tools: What the models may call.
        shape: What each answer has to look like; None for text.
        seed: Of everything drawn at random in its statistics.
    """

    items: Sequence[Item]
    candidates: Sequence[Candidate]
    repeats: int = 1
    checks: Sequence[Check] = ()
    judge: PairwiseJudge | None = None
    judge_broker: LLMBroker | None = None
    key: str = ""
    system: str = ""
    tools: Any = None
    shape: Shape | None = None
    seed: int = 0

    @property
    def comparison_id(self) -> str:
        """What votes and scores are kept under: the key, or what is asked."""
        told = self.key or [
            [item.id, item.text, _plain(item.vars)] for item in self.items
        ] + sorted({str(one.wording.template) for one in self.candidates})
        return blake2b(to_json([self.system, told], fallback=str), digest_size=8).hexdigest()

    @property
    def param_names(self) -> list[str]:
        """Settings that some candidate was given, in order."""
        return list(dict.fromkeys(name for one in self.candidates for name in one.params))

    @property
    def varied_names(self) -> list[str]:
        """Those of them in which candidates differ."""
        return _varied([one.params for one in self.candidates])

    def messages(self, candidate: Candidate, item: Item) -> tuple[LLMMessage, ...]:
        """What a candidate is asked about an item."""
        return messages_of(candidate.wording, item, system=self.system)

    def told(self) -> dict[str, Any]:
        """The comparison in plain data, to be kept with it."""
        return {
            "key": self.key,
            "items": [item.id for item in self.items],
            "candidates": [
                {
                    "name": one.name,
                    "model": one.model,
                    "provider": one.provider,
                    "prompt": one.wording.label,
                    "template": one.wording.template,
                    "params": _plain(one.params),
                }
                for one in self.candidates
            ],
            "repeats": self.repeats,
            "checks": [check.name for check in self.checks],
            "judge": None if self.judge_broker is None else self.judge_broker.model,
            "seed": self.seed,
        }

    def judge_is_candidate(self) -> str:
        """The name of the candidate that judges itself, if there is one."""
        broker = self.judge_broker
        if broker is None:
            return ""

        judging = broker.gateway.name, broker.gateway.url, broker.model
        return next((one.name for one in self.candidates if one.identity == judging), "")


def spec_of(
    prompts: Any,
    models: Any,
    *,
    items: Any = None,
    repeats: int = 1,
    params: Any = None,
    system: str | None = None,
    checks: Any = (),
    judge: Any = None,
    budget: Budget | float | None = None,
    engine: Any = None,
    object_model: Any = None,
    **rest: Any,
) -> Spec:
    """Read the arguments of `compare`; see there.

    Raises:
        BadArgument: One makes no sense; nothing was asked.
    """
    _must_be_times(repeats)
    if not isinstance(system or "", str):
        raise BadArgument(f"system={system!r} is no text.")

    wordings, rows = read_prompts(prompts, items)
    kept = budget if budget is None or isinstance(budget, Budget) else Budget(usd=budget)
    brokers = _brokers(models, kept, engine)
    judging = judge_of(judge)
    spec = Spec(
        items=rows,
        candidates=_candidates(wordings, brokers, _grid(params)),
        repeats=repeats,
        system=system or "",
        checks=checks_of(checks),
        judge=judging,
        judge_broker=None
        if judging is None
        else broker_for(judging.model, budget=kept, engine=engine),
        shape=None if object_model is None else Shape(object_model),
        **rest,
    )
    _look_over(spec)
    return spec


def _must_be_times(repeats: Any) -> None:
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 1:
        raise BadArgument(f"repeats={repeats!r} is no number of times.", hint="Give 1 or more.")


def _look_over(spec: Spec) -> None:
    for check in spec.checks:
        if check.needs_expected and all(item.expected is None for item in spec.items):
            raise BadArgument(
                f"The check {check.name!r} has nothing to look for: no item has an 'expected'.",
                hint="Give it its text, or each item an expected answer.",
            )

    for item in spec.items:
        checks_of(item.checks)
        for candidate in spec.candidates:
            spec.messages(candidate, item)

    if spec.judge is not None and len(spec.candidates) < 2:
        raise BadArgument("A judge compares two answers, and here is one candidate.")


def _brokers(models: Any, budget: Budget | None, engine: Any) -> dict[str, LLMBroker]:
    if isinstance(models, str | LLMBroker | LLMGateway):
        models = [models]
    if isinstance(models, Mapping):
        pairs = [(str(label), model) for label, model in models.items()]
    elif isinstance(models, Iterable):
        pairs = [("", model) for model in models]
    else:
        raise BadArgument(f"models={models!r} names no model.", hint='Write ["demo", "ollama"].')

    found: dict[str, LLMBroker] = {}
    for label, model in pairs:
        given = LLMBroker(gateway=model) if isinstance(model, LLMGateway) else model
        broker = broker_for(given, budget=budget, engine=engine)
        name = label or (model if isinstance(model, str) else _named(broker))
        if name in found:
            raise BadArgument(
                f"Two models are called {name!r}.",
                hint='Give names of your own: {"first": …, "second": …}.',
            )
        found[name] = broker

    if not found:
        raise BadArgument("models is empty: there is nobody to ask.")

    return found


def _named(broker: LLMBroker) -> str:
    name = broker.gateway.name
    return name if broker.model == name else f"{name}:{broker.model}"


def _grid(params: Any) -> list[dict[str, Any]]:
    """Every combination of settings; one empty one where there are none."""
    if params is None:
        return [{}]
    if isinstance(params, Mapping):
        _must_be_settings(params)
        choices = [_several(value) for value in params.values()]
        return [dict(zip(params, values, strict=True)) for values in product(*choices)]
    if isinstance(params, Sequence) and params and all(isinstance(p, Mapping) for p in params):
        for one in params:
            _must_be_settings(one)
        return [dict(one) for one in params]

    raise BadArgument(
        f"params={params!r} are no settings.", hint='Such as {"temperature": [0, 0.7]}.'
    )


def _several(value: Any) -> list[Any]:
    values = list(value) if isinstance(value, list | tuple | range) else [value]
    if not values:
        raise BadArgument("params has a setting with no value to try.")

    return values


def _must_be_settings(params: Mapping[Any, Any]) -> None:
    unknown = [name for name in params if name not in Sampling.__annotations__]
    if unknown:
        raise BadArgument(
            f"{unknown[0]!r} is not a setting of a completion.", hint="See help(CompletionConfig)."
        )


def _candidates(
    wordings: Sequence[Wording], brokers: Mapping[str, LLMBroker], grid: Sequence[dict[str, Any]]
) -> list[Candidate]:
    varied = _varied(grid)
    made = []
    for (model, broker), wording, params in product(brokers.items(), wordings, grid):
        parts = [model] if len(brokers) > 1 or (len(wordings) == 1 and not varied) else []
        parts += [wording.label] if len(wordings) > 1 else []
        parts += [f"{name}={params[name]}" for name in varied if name in params]
        made.append(
            Candidate(
                name=" · ".join(parts),
                wording=wording,
                model=model,
                broker=copy(broker),
                params=params,
                config=merged(broker.config, params) if params else None,
            )
        )

    names = [one.name for one in made]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadArgument(f"Two candidates are the same: {twice!r}.", hint="Leave one out.")

    return made


def _varied(grid: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for one in grid for name in one)
    return [name for name in names if len({str(one.get(name)) for one in grid}) > 1]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): value if _is_plain(value) else str(value) for name, value in values.items()}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
