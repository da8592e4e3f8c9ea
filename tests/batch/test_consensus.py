"""Several models agree, or say on what they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

import mojentic_nb as mj
from mojentic_nb import LLMBroker
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.retry import Retry
from tests.batch.asking import broker_at
from tests.loopback import Answer, Loopback

consensus = mj.batch.consensus


class Panel:
    """Three members, each at a server of its own, which says what it says in each round."""

    def __init__(self) -> None:
        self.servers = [Loopback() for _ in range(3)]

    def start(self) -> None:
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    def say(self, member: int, *choices: str) -> None:
        for choice in choices:
            ballot = {"choice": choice, "reason": f"{choice} it is", "objection": f"not {choice}?"}
            self.servers[member].script(Answer(json.dumps(ballot)))

    @property
    def members(self) -> dict[str, LLMBroker]:
        once = Retry(attempts=1)
        return {
            name: broker_at(server, retry=once)
            for name, server in zip("abc", self.servers, strict=True)
        }

    def asked(self, member: int, at: int) -> str:
        text: str = self.servers[member].requests[at].body["messages"][-1]["content"]
        return text


@pytest.fixture
def panel() -> Iterator[Panel]:
    made = Panel()
    made.start()
    yield made
    made.stop()


WEIGHTS = (0.5, 0.3, 0.2)


def test_enough_weight_at_once_is_one_round(panel: Panel) -> None:
    for member, choice in enumerate(["Paris", "paris.", "Lyon"]):
        panel.say(member, choice)
    found = consensus("Capital?", panel.members, weights=WEIGHTS)
    assert (found.reached, found.choice, found.share) == (True, "Paris", 0.8)
    assert len(found.rounds) == 1
    assert found.objections == {"c": "not Lyon?"}


def test_below_the_threshold_they_hear_each_other_and_vote_again(panel: Panel) -> None:
    panel.say(0, "Paris", "Paris")
    panel.say(1, "Lyon", "Paris")
    panel.say(2, "Lyon", "Lyon")
    found = consensus("Capital?", panel.members, weights=WEIGHTS, threshold=0.75)
    assert (found.reached, found.choice, len(found.rounds)) == (True, "Paris", 2)
    assert found.share == pytest.approx(0.8)
    assert panel.asked(0, 0) == "Capital?"
    second = panel.asked(0, 1)
    assert "Lyon: Lyon it is" in second
    assert "Paris: Paris it is" in second


def test_after_the_last_round_what_is_open_is_named(panel: Panel) -> None:
    for member, choice in enumerate(["Paris", "Lyon", "Nice"]):
        panel.say(member, *[choice] * 3)
    found = consensus("Capital?", panel.members, weights=WEIGHTS, threshold=0.75, rounds=3)
    assert (found.reached, found.choice, found.share) == (False, "Paris", 0.5)
    assert len(found.rounds) == 3
    assert found.objections == {"b": "not Lyon?", "c": "not Nice?"}
    assert all(len(server.requests) == 3 for server in panel.servers)


def test_who_fails_abstains_and_says_why(panel: Panel) -> None:
    panel.say(0, "Paris")
    panel.say(1, "Paris")
    panel.servers[2].script(Answer.error(400, "no mind today"))
    found = consensus("Capital?", panel.members, weights=WEIGHTS)
    assert (found.reached, found.share) == (True, 1.0)
    assert "no mind today" in found.objections["c"]
    assert found.rounds[0][2].choice == ""


def test_a_panel_that_cannot_be_reached_agrees_on_nothing(panel: Panel) -> None:
    for server in panel.servers:
        server.require_key = "another"
    found = consensus("Capital?", panel.members, rounds=1)
    assert (found.reached, found.choice, found.share) == (False, "", 0.0)
    assert list(found.objections) == ["a", "b", "c"]
    assert all(why.startswith("Abstained: ") for why in found.objections.values())


def test_choices_bind_the_form_of_the_answer(panel: Panel) -> None:
    for member in range(3):
        panel.say(member, "yes")
    consensus("Ship it?", panel.members, choices=["yes", "no"])
    told = json.dumps(panel.servers[0].requests[0].body)
    assert '"enum": ["yes", "no"]' in told


def test_members_of_one_model_have_names_of_their_own() -> None:
    found = consensus("Red or blue?", ["demo", "demo"], choices=["red", "blue"], rounds=1)
    assert [vote.member for vote in found.rounds[0]] == ["demo #1", "demo #2"]


@pytest.mark.parametrize(
    "how",
    [
        {"members": []},
        {"members": "demo"},
        {"members": None},
        {"choices": "yes"},
        {"weights": [1.0]},
        {"weights": [-1.0, 2.0]},
        {"weights": [0.0, 0.0]},
        {"weights": ["a", "b"]},
        {"weights": {"demo": 1.0}},
        {"weights": 3},
        {"weights": [1.0, float("inf")]},
        {"threshold": 0.0},
        {"threshold": 1.5},
        {"threshold": "most"},
        {"threshold": None},
        {"rounds": 0},
        {"rounds": 1.5},
        {"rounds": "a"},
        {"choices": [1, 2]},
        {"members": [3]},
        {"members": {"a": 3}},
        {"question": 3},
    ],
)
def test_nonsense(how: dict[str, object]) -> None:
    asked = {"question": "Capital?", "members": ["demo", "demo"], **how}
    with pytest.raises(BadArgument):
        consensus(**asked)
