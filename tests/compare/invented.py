"""A comparison that never ran: frames as `r.df` and its kin have them, the same every time.

Law: columns are those of the comparison's own frames; numbers are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, cached_property
from math import exp
from typing import Any

from mojentic_nb.compare.frame_battles import BATTLES, RANKING
from mojentic_nb.compare.frame_summary import PAIRS, POWER, SUMMARY
from mojentic_nb.compare.means import mean_interval
from mojentic_nb.compare.paired import pair_tests
from mojentic_nb.compare.power import power_rows
from mojentic_nb.compare.ranking import bradley_terry
from mojentic_nb.compare.rates import rate_interval
from mojentic_nb.compare.samples import mean_of
from mojentic_nb.tracer.columns import Kind, frame_of
from tests.compare.numbers import chances

MODELS = (
    "gemma3:27b-instruct-q4_K_M",
    "llama3.2:latest",
    "gpt-4o-mini",
    "claude-3-5-haiku-20241022",
    "qwen2.5-coder:32b-instruct-fp16-with-a-long-name",
    "phi4",
    "mistral-small",
    "deepseek-r1:8b",
)
CELLS: dict[str, Kind] = {
    "item_id": "id",
    "prompt": "category",
    "model": "category",
    "repeat": "count",
    "status": "category",
    "output": "text",
    "duration_s": "measure",
    "wait_s": "measure",
    "output_tokens": "count",
    "cost": "measure",
    "cached": "flag",
    "cold": "flag",
    "passed": "flag",
    "score": "measure",
    "candidate": "category",
}


class Invented:
    """Frames of a comparison of so many models on so many items.

    Args:
        models: Their names, the best first.
        items: How many.
        repeats: Of each item.
        value: What the pairs are about.
        missing: Share of cells that failed or were skipped.
        judged: Whether there are battles.
        is_flat: Every model answers alike.
        priced: Whether costs are known.
        gap: How much better each is than the next, in log odds.
    """

    def __init__(
        self,
        models: Sequence[str] = MODELS[:3],
        *,
        items: int = 40,
        repeats: int = 3,
        value: str = "passed",
        missing: float = 0.0,
        judged: bool = True,
        is_flat: bool = False,
        priced: bool = True,
        gap: float = 0.45,
        seed: int = 1,
    ) -> None:
        self.models, self.value, self.judged = models, value, judged
        self._rows: list[dict[str, Any]] = []
        chance = chances(seed)
        for item in range(items):
            ease = 5 * (next(chance) - 0.35)
            for place, model in enumerate(models):
                for repeat in range(repeats):
                    draws = [next(chance) for _ in range(6)]
                    odds = 1 / (1 + exp(-ease - (0 if is_flat else gap) * (1.5 - place)))
                    luck = (item * 7919 % 97) / 97 if is_flat else draws[0]
                    row = _cell(model, item, repeat, draws, passed=luck < odds, place=place)
                    if draws[5] < missing:
                        row |= {"status": "error" if draws[5] < missing / 2 else "skipped"}
                        row |= dict.fromkeys(("output", "output_tokens", "passed", "score"))
                    self._rows.append(row if priced else row | {"cost": None})

    @cached_property
    def df(self) -> Any:
        columns = {name: [row[name] for row in self._rows] for name in CELLS}
        return frame_of("comparison/1", CELLS, columns)

    @cache  # noqa: B019
    def by_item(self, value: str) -> dict[str, list[float | None]]:
        found: dict[str, dict[str, list[float]]] = {model: {} for model in self.models}
        for row in self._rows:
            own = found[row["model"]].setdefault(row["item_id"], [])
            if row[value] is not None:
                own.append(float(row[value]))

        return {
            model: [mean_of(repeats) if repeats else None for repeats in items.values()]
            for model, items in found.items()
        }

    @cache  # noqa: B019
    def summary(self) -> Any:
        schema: dict[str, Kind] = {"prompt": "category", "model": "category", **SUMMARY}
        schema["candidate"] = "id"
        rows = []
        for model in self.models:
            rate = rate_interval(self.by_item("passed")[model])
            mean = mean_interval(self.by_item("score")[model])
            row: dict[str, Any] = dict.fromkeys(schema)
            row |= {"prompt": "as given", "model": model, "candidate": model, "n_items": rate.n}
            row |= {"mean": mean.mean, "lo": mean.lo, "hi": mean.hi}
            row |= {"pass_rate": rate.rate, "pass_lo": rate.lo, "pass_hi": rate.hi}
            rows.append(row)

        return frame_of("summary/1", schema, {name: [row[name] for row in rows] for name in schema})

    @cache  # noqa: B019
    def tests(self) -> list[Any]:
        return pair_tests(self.by_item(self.value))

    def pairs(self) -> Any:
        rows = [asdict(test) for test in self.tests()]
        frame = frame_of("pairs/1", PAIRS, {name: [row[name] for row in rows] for name in PAIRS})
        frame.attrs["value"] = self.value
        return frame

    def power(self) -> Any:
        rows = [asdict(row) for row in power_rows(self.tests())]
        return frame_of("power/1", POWER, {name: [row[name] for row in rows] for name in POWER})

    @cache  # noqa: B019
    def bouts(self) -> list[dict[str, Any]]:
        chance = chances(99)
        passes = self.by_item("score")
        found = []
        for place in range(len(next(iter(passes.values()), [])) if self.judged else 0):
            for number, a in enumerate(self.models):
                for b in self.models[number + 1 :]:
                    one, other, luck = passes[a][place], passes[b][place], next(chance)
                    if one is None or other is None or next(chance) < 0.3:
                        continue
                    score = 0.5 if luck < 0.2 else float(one + luck - 0.6 > other)
                    outcome = {1.0: "a", 0.0: "b", 0.5: "tie"}[score]
                    row = dict.fromkeys(BATTLES) | {"item_id": f"item {place}", "a": a, "b": b}
                    found.append(row | {"score": score, "outcome": outcome, "created": 0})

        return found

    def battles(self) -> Any:
        rows = self.bouts()
        return frame_of("battles/1", BATTLES, {name: [r[name] for r in rows] for name in BATTLES})

    def bt(self) -> Any:
        found = bradley_terry(
            (row["a"], row["b"], row["score"], row["item_id"]) for row in self.bouts()
        )
        columns = {name: [getattr(one, name) for one in found.strengths] for name in RANKING}
        frame = frame_of("ranking/1", RANKING, columns)
        frame.attrs["warning"] = found.warning
        return frame


def _cell(
    model: str, item: int, repeat: int, draws: Sequence[float], *, passed: bool, place: int
) -> dict[str, Any]:
    words = int(20 + 200 * draws[1] + (60 if passed else 0))
    return {
        "item_id": f"item {item}",
        "prompt": "as given",
        "model": model,
        "repeat": repeat,
        "status": "ok",
        "output": "word " * words,
        "duration_s": (0.4 + draws[2] ** 3 * 4) * (1 + 0.6 * (7 - place) % 4),
        "wait_s": 0.0,
        "output_tokens": words,
        "cost": 0.0001 * (8 - place) ** 2 * (0.5 + draws[3]),
        "cached": draws[4] < 0.05,
        "cold": item == 0 and repeat == 0,
        "passed": passed,
        "score": round(0.55 * passed + 0.4 * draws[3], 3),
        "candidate": model,
    }
