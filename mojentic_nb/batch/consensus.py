"""Several models agree on one answer, or say on what they do not.

Law: every member votes by itself first, and sees the others' reasons, without their names,
only afterwards. A member that fails abstains, and its weight counts for nobody. Nothing is
called agreement that is below the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from mojentic_nb.batch.asking import broker_for
from mojentic_nb.batch.running import run
from mojentic_nb.batch.task import Keys, Result, Task
from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument
from mojentic_nb.messages import LLMMessage
from mojentic_nb.schema import Shape

__all__ = ["Consensus", "Vote", "consensus"]

SYSTEM = (
    "You are one of several members of a panel that has to agree. Answer in as few words as"
    " the question allows, give your reason in a sentence, and name what speaks against the"
    " answer you do not take, if anything does."
)


@dataclass(frozen=True, slots=True)
class Vote:
    """What a member said in a round; `choice` is empty where it abstained."""

    member: str
    choice: str
    reason: str = ""
    objection: str = ""


@dataclass(slots=True)
class Consensus:
    """What came of it.

    Attributes:
        reached: Whether enough of the weight stands behind `choice`.
        choice: The answer with most weight in the last round.
        share: Its part of the weight that voted, 0 to 1.
        rounds: Each round's votes, in the members' order.
        objections: What speaks against it, from those who voted otherwise at the end; why
            a member abstained stands here too.
    """

    reached: bool = False
    choice: str = ""
    share: float = 0.0
    rounds: list[list[Vote]] = field(default_factory=list)
    objections: dict[str, str] = field(default_factory=dict)


def consensus(
    question: str,
    members: Sequence[str | LLMBroker] | Mapping[str, str | LLMBroker],
    *,
    weights: Sequence[float] | None = None,
    choices: Sequence[str] = (),
    threshold: float = 0.75,
    rounds: int = 3,
) -> Consensus:
    """Ask several models until enough of them say the same.

    Args:
        question: What they have to agree on.
        members: Models' names or brokers, or those by a name of your own.
        weights: What each one's vote counts, in their order; by default all the same.
        choices: The answers there are; none for free ones, which are the same where they
            differ in capitals, spaces and a full stop at most.
        threshold: Share of the weight that is agreement.
        rounds: How often they vote at most.

    Returns:
        What came of it, with every round's votes.

    Raises:
        BadArgument: There are no members, or weights, threshold or rounds make no sense.
    """
    for name, several in (("members", members), ("choices", choices)):
        if isinstance(several, str) or not isinstance(several, Sequence | Mapping):
            raise BadArgument(f"{name}={several!r} are not several.", hint='Give ["a", "b"].')
    if not all(isinstance(one, str) for one in (question, *choices)):
        raise BadArgument(f"{question!r}, choices={choices!r}: only text can be agreed on.")
    _check_rounds(threshold, rounds)
    panel = _panel(members, weights)
    shape = Shape(_ballot(choices))
    found = Consensus()
    for _ in range(rounds):
        votes = _round(question, panel, shape, found.rounds)
        found.rounds.append(votes)
        _count(found, votes, panel)
        found.reached = found.share >= threshold
        if found.reached:
            break

    return found


def _check_rounds(threshold: Any, rounds: Any) -> None:
    is_share = isinstance(threshold, int | float) and 0 < threshold <= 1
    if not is_share or not isinstance(rounds, int) or rounds < 1:
        raise BadArgument(f"threshold={threshold!r}, rounds={rounds!r} make no agreement.")


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    broker: LLMBroker
    weight: float


def _panel(members: Any, weights: Sequence[float] | None) -> list[_Member]:
    if isinstance(members, Mapping):
        named = {name: broker_for(one) for name, one in members.items()}
    else:
        named = _numbered(members)
    if not named:
        raise BadArgument("A consensus needs members.", hint='Give ["demo", "ollama:llama3.2"].')

    try:
        counts = [float(one) for one in weights or [1.0] * len(named)]
    except (TypeError, ValueError):
        counts = []
    if len(counts) != len(named) or min(counts) < 0 or not 0 < sum(counts) < inf:
        raise BadArgument(f"weights={weights!r} do not fit {len(named)} members.")

    return [
        _Member(name, broker, weight)
        for (name, broker), weight in zip(named.items(), counts, strict=True)
    ]


def _numbered(members: Sequence[str | LLMBroker]) -> dict[str, LLMBroker]:
    """By their models' names, with a number where several have the same."""
    brokers = list(map(broker_for, members))
    names = [
        one if isinstance(one, str) else f"{broker.gateway.name}:{broker.model}"
        for one, broker in zip(members, brokers, strict=True)
    ]
    return {
        name if names.count(name) == 1 else f"{name} #{names[: at + 1].count(name)}": broker
        for at, (name, broker) in enumerate(zip(names, brokers, strict=True))
    }


def _ballot(choices: Sequence[str]) -> type[BaseModel]:
    kind: Any = Literal[tuple(choices)] if choices else str
    return create_model(
        "Ballot",
        choice=(kind, Field(description="Your answer.")),
        reason=(str, Field("", description="Why, in one sentence.")),
        objection=(str, Field("", description="What speaks against the other answers.")),
    )


def _round(
    question: str, panel: Sequence[_Member], shape: Shape, before: Sequence[Sequence[Vote]]
) -> list[Vote]:
    asked = question if not before else f"{question}\n\n{_discussed(before[-1])}"
    messages = (LLMMessage.system(SYSTEM), LLMMessage.user(asked))
    tasks = [
        Task(
            Keys(member.broker, shape=shape).key(messages, at),
            member.broker,
            messages,
            shape=shape,
            label=at,
        )
        for at, member in enumerate(panel)
    ]
    votes: dict[int, Vote] = {}
    run(tasks, partial(_take, votes, panel))
    return [votes[at] for at in range(len(panel))]


def _take(votes: dict[int, Vote], panel: Sequence[_Member], task: Task, result: Result) -> None:
    name = panel[task.label].name
    if result.ok:
        said = result.value
        votes[task.label] = Vote(name, said.choice, said.reason, said.objection)
    else:
        votes[task.label] = Vote(name, "", objection=f"Abstained: {result.error_message}")


def _discussed(votes: Sequence[Vote]) -> str:
    """The last round as its members see it: reasons without names, in no one's order."""
    said = sorted(
        f"- {vote.choice}: {vote.reason or 'no reason given'}"
        + (f" Against the others: {vote.objection}" if vote.objection else "")
        for vote in votes
        if vote.choice
    )
    return (
        "There is no agreement yet. These answers and reasons were given:\n"
        + "\n".join(said)
        + "\nWeigh them, and answer again."
    )


def _count(found: Consensus, votes: Sequence[Vote], panel: Sequence[_Member]) -> None:
    weights: dict[str, float] = {}
    words: dict[str, str] = {}
    for vote, member in zip(votes, panel, strict=True):
        if vote.choice:
            same = _same(vote.choice)
            weights[same] = weights.get(same, 0.0) + member.weight
            words.setdefault(same, vote.choice)

    whole = sum(weights.values())
    # Of several with the same weight the one that was named first.
    best = max(weights, key=weights.__getitem__, default="")
    found.choice = words.get(best, "")
    found.share = weights[best] / whole if whole else 0.0
    found.objections = {
        vote.member: vote.objection or vote.reason or f"Says {vote.choice}."
        for vote in votes
        if not vote.choice or _same(vote.choice) != best
    }


def _same(choice: str) -> str:
    return " ".join(choice.casefold().rstrip(". ").split())
