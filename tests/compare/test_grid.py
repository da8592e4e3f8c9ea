"""Cells, their keys, and the order in which they are asked."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb import LLMBroker, OllamaGateway, OpenAIGateway
from mojentic_nb.compare.check_kinds import contains, length
from mojentic_nb.compare.checks import checks_of
from mojentic_nb.compare.grid import Cell, cells_of, in_order, is_local, scored
from mojentic_nb.compare.items import Item
from mojentic_nb.compare.spec import Spec, spec_of
from mojentic_nb.errors import BadArgument


def keys(spec: Spec) -> list[bytes]:
    return [cell.key for cell in cells_of(spec)]


def far(model: str) -> LLMBroker:
    return LLMBroker(model, OpenAIGateway(api_key="sk-1234567", base_url="https://far.example/v1"))


def near(model: str) -> LLMBroker:
    return LLMBroker(model, OllamaGateway("http://127.0.0.1:9"))


@pytest.mark.parametrize(
    "models, names",
    [
        ("demo", ["demo"]),
        (["demo", "demo:other"], ["demo", "demo:other"]),
        ({"a": "demo", "b": "demo"}, ["a", "b"]),
        ([far("gpt")], ["openai:gpt"]),
        (OllamaGateway("http://127.0.0.1:9"), None),
    ],
)
def test_candidates_are_called_what_the_caller_calls_them(models: Any, names: Any) -> None:
    if names is None:
        with pytest.raises(Exception, match=r"ollama|127\.0\.0\.1"):
            spec_of("hi", models)
        return

    assert [one.name for one in spec_of("hi", models).candidates] == names


def test_a_candidates_name_says_what_tells_it_apart() -> None:
    params = {"temperature": [0, 0.7], "max_tokens": 9}
    spec = spec_of({"short": "a", "long": "b"}, ["demo", "demo:x"], params=params)
    names = [one.name for one in spec.candidates]
    assert len(names) == 8
    assert names[0] == "demo · short · temperature=0"
    assert names[-1] == "demo:x · long · temperature=0.7"
    assert spec.candidates[1].config is not None
    assert spec.candidates[1].config.temperature == 0.7
    alone = spec_of("a", "demo", params={"temperature": [0, 1]})
    assert [one.name for one in alone.candidates] == ["temperature=0", "temperature=1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"models": []},
        {"models": 3},
        {"models": ["demo", "demo"]},
        {"repeats": 0},
        {"repeats": 1.5},
        {"repeats": True},
        {"params": {"warmth": 1}},
        {"params": {"temperature": 9}},
        {"params": {"temperature": []}},
        {"params": 3},
        {"checks": [3]},
        {"checks": [contains()]},
        {"judge": 3},
        {"judge": "demo", "models": "demo"},
        {"object_model": 3},
        {"budget": -1},
    ],
)
def test_a_comparison_without_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        spec_of("hi", wrong.pop("models", ["demo", "demo:x"]), **wrong)


def test_every_cell_has_a_key_of_its_own() -> None:
    spec = spec_of(["a", "a", "b"], {"x": "demo", "y": "demo", "z": "demo:z"}, repeats=3)
    assert len(set(keys(spec))) == 27


def test_a_grid_that_grows_keeps_the_keys_it_has() -> None:
    small = set(keys(spec_of(["a", "b"], ["demo"], repeats=2)))
    assert small < set(keys(spec_of(["a", "b", "c"], ["demo", "demo:x"], repeats=3)))
    assert small < set(keys(spec_of(["a", "b", "a"], ["demo"], repeats=2)))


@pytest.mark.parametrize(
    "other",
    [
        {"prompts": "b"},
        {"system": "be brief"},
        {"models": "demo:x"},
        {"params": {"temperature": 0.5}},
        {"object_model": int},
    ],
)
def test_what_makes_another_answer_makes_another_key(other: dict[str, Any]) -> None:
    changed = spec_of(other.pop("prompts", "a"), other.pop("models", "demo"), **other)
    assert keys(spec_of("a", "demo")) != keys(changed)


def test_what_makes_no_other_answer_does_not() -> None:
    spec = spec_of([{"prompt": "a", "expected": "x"}], {"me": "demo"}, checks="x", key="k")
    assert keys(spec) == keys(spec_of("a", "demo"))


def order(spec: Spec) -> list[str]:
    return [
        f"{cell.candidate.broker.model} {cell.item.id}{cell.repeat}"
        for cell in in_order(cells_of(spec))
    ]


def test_a_local_model_answers_everything_before_the_next() -> None:
    asked = order(spec_of(["a", "b"], [near("x"), near("y")], repeats=2))
    assert asked == ["x a0", "x b0", "x a1", "x b1", "y a0", "y b0", "y a1", "y b1"]


def test_models_elsewhere_take_turns_and_repeats_come_last() -> None:
    asked = order(spec_of(["a", "b"], [far("x"), far("y")], repeats=2))
    assert asked == ["x a0", "y a0", "x b0", "y b0", "x a1", "y a1", "x b1", "y b1"]


def test_no_address_waits_for_the_end_of_anothers() -> None:
    asked = order(spec_of(["a", "b", "c"], [near("x"), far("y")]))
    assert asked == ["x a0", "y a0", "x b0", "y b0", "x c0", "y c0"]


@pytest.mark.parametrize(
    "provider, url, local",
    [
        ("ollama", "http://far.example", True),
        ("openai", "http://127.0.0.1:8080/v1", True),
        ("openai", "http://localhost:8080/v1", True),
        ("openai", "http://[::1]:8080/v1", True),
        ("openai", "https://api.openai.com/v1", False),
        ("anthropic", "", False),
    ],
)
def test_what_holds_one_model_at_a_time(provider: str, url: str, local: bool) -> None:
    assert is_local(provider, url) is local


def cell_saying(text: str, checks: Any, own: tuple[Any, ...] = ()) -> Cell:
    from mojentic_nb.batch.task import Result

    spec = spec_of([Item(prompt="q", checks=own)], "demo", checks=checks)
    [cell] = cells_of(spec)
    cell.result = Result(key=cell.key, status="ok", output=text)
    cell.scores = scored(cell, spec.checks)
    return cell


def test_a_cell_passes_what_all_its_checks_pass() -> None:
    assert cell_saying("Paris", ["Paris", "P"]).passed is True
    assert cell_saying("Paris", ["Paris", "Q"]).passed is False
    assert cell_saying("Paris", [len]).passed is None
    assert cell_saying("Paris", []).passed is None
    assert cell_saying("Paris", [len, "Paris"]).passed is True


@pytest.mark.parametrize(
    "checks, score",
    [
        (["Paris", "Q"], 0.5),
        ([lambda text: 0.25], 0.25),
        ([length(at_most=3), "Paris"], 1.0),
        ([len, "Q"], 0.0),
        ([len], 5.0),
        ([], None),
    ],
)
def test_a_cells_score_is_the_mean_of_what_can_be_one(checks: Any, score: Any) -> None:
    assert cell_saying("Paris", checks).score == score


def test_an_items_own_checks_join_the_others() -> None:
    cell = cell_saying("Paris", ["Paris"], own=("Rome", checks_of("is")[0]))
    assert {name: one.passed for name, one in cell.scores.items()} == {
        "contains": True,
        "contains_2": False,
        "contains_3": True,
    }


def test_what_failed_has_no_scores() -> None:
    spec = spec_of("q", "demo", checks="Paris")
    [cell] = cells_of(spec)
    assert scored(cell, spec.checks) == {}
    assert (cell.passed, cell.score, cell.status, cell.output) == (None, None, "pending", "")
