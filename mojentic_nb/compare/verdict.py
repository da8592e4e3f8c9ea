"""What a comparison comes to, in one honest sentence.

Law: pure; reads rows, says no more than they hold. Best and next best with their intervals,
the paired difference with Holm's p, whether that is decisive, and how many items would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

__all__ = [
    "Measured",
    "Value",
    "as_number",
    "count_told",
    "measured",
    "mirrored",
    "p_told",
    "verdict",
]

# Which of the two numbers of a summary is meant: items passed, or the mean score.
Value = Literal["passed", "score"]

_MINUS = "−"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One candidate's number, as a sentence or a chart tells it.

    Attributes:
        name: The candidate.
        middle: Rate or mean.
        lo: Lower bound; NaN where there is none.
        hi: Upper bound; NaN where there is none.
        n: Items.
    """

    name: str
    middle: float
    lo: float
    hi: float
    n: int


def verdict(summary: Any, pairs: Any, *, value: Value = "passed", ranking: Any = ()) -> str:
    """Say in one sentence which model is best, and how sure that is.

    Args:
        summary: `r.summary()` or its rows as mappings.
        pairs: `r.pairs()` or its rows as mappings.
        value: Whether to speak of items `passed` or of the mean `score`: what the pairs are about.
        ranking: `r.bt()` or its rows: what it goes by where no answer has a score.

    Returns:
        One line, without markup.
    """
    tests = _rows(pairs)
    best = sorted(measured(summary, value=value), key=lambda each: (-each.middle, each.name))
    if not best:
        return _by_battles(_rows(ranking))

    if len(best) == 1:
        return f"{_told(best[0], value)} on {_items(best[0].n)}: nothing to compare it with yet."

    first, second = best[:2]
    test = _test_of(tests, first.name, second.name)
    if test is None:
        told = f"{_told(first, value)} vs {_told(second, value)}"
        return f"{told}: not compared on the same items, so nothing is decided."

    return f"{_sentence(first, second, test, value)}{_others(best, tests)}."


def _by_battles(ranking: list[Mapping[str, Any]]) -> str:
    if len(ranking) < 2:
        return "No answer is scored yet: give checks=[...] or judge=..., or vote: r.vote()."

    first, second = sorted(ranking, key=lambda row: int(row["rank"]))[:2]
    count = int(sum(as_number(row["n_battles"]) for row in ranking)) // 2
    told = f"By {count:,} battles {_ranked(first)} vs {_ranked(second)}"
    others = len(ranking) - 2
    beside = f", before {others:,} other{'' if others == 1 else 's'}" if others else ""
    if int(first["rank_hi"]) == 1:
        return f"{told}{beside}: decisive."

    equal = "equal, so " if as_number(first["theta"]) == as_number(second["theta"]) else ""
    return f"{told}{beside}: {equal}not decisive; more items would tell."


def _ranked(row: Mapping[str, Any]) -> str:
    wins, elo, lo, hi = (as_number(row[name]) for name in ("win_rate", "elo", "elo_lo", "elo_hi"))
    return f"{row['model']} wins {100 * wins:.0f} % (Elo {elo:.0f} [{lo:.0f}, {hi:.0f}])"


def _rows(frame: Any) -> list[Mapping[str, Any]]:
    return frame.to_dict("records") if hasattr(frame, "to_dict") else list(frame)


def measured(summary: Any, *, value: Value) -> list[Measured]:
    """The candidates of a summary that have this number, in its order."""
    names = ("pass_rate", "pass_lo", "pass_hi") if value == "passed" else ("mean", "lo", "hi")
    found = []
    for row in _rows(summary):
        middle, lo, hi = (as_number(row.get(name)) for name in names)
        if isfinite(middle):
            count = as_number(row.get("n_items"))
            found.append(
                Measured(
                    name=str(row["candidate"]),
                    middle=middle,
                    lo=lo,
                    hi=hi,
                    n=int(count) if isfinite(count) else 0,
                )
            )

    return found


def as_number(value: Any) -> float:
    """A number of a frame; NaN for any of the ways to have none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _test_of(
    tests: Iterable[Mapping[str, Any]], first: str, second: str
) -> Mapping[str, Any] | None:
    """The test of these two, turned so that the first is `a`."""
    for row in tests:
        if (row["a"], row["b"]) == (first, second):
            return row

        if (row["a"], row["b"]) == (second, first):
            return mirrored(row)

    return None


def mirrored(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A paired test seen from the other side."""
    turned = {"a": row["b"], "b": row["a"], "wins": row.get("losses"), "losses": row.get("wins")}
    signs = {
        "diff": -as_number(row["diff"]),
        "lo": -as_number(row["hi"]),
        "hi": -as_number(row["lo"]),
    }
    return {**row, **turned, **signs}


def _sentence(first: Measured, second: Measured, test: Mapping[str, Any], about: Value) -> str:
    diff, lo, hi = (as_number(test[name]) for name in ("diff", "lo", "hi"))
    n = as_number(test["n"])
    told = f"{_told(first, about)} vs {_told(second, about)} on {_items(int(n))}"
    if not n or not isfinite(diff):
        return f"{told}: no item was answered by both, so nothing is decided"

    interval = f" [{_signed(lo, about)}, {_signed(hi, about)}]" if isfinite(lo) else ""
    sure = f"paired diff {_signed(diff, about)}{interval}, p (Holm) {p_told(test['p_holm'])}"
    return f"{told}, {sure}: {_decision(test, diff)}"


def _decision(test: Mapping[str, Any], diff: float) -> str:
    if test["decisive"]:
        return "decisive"

    if not as_number(test.get("wins")) and not as_number(test.get("losses")):
        return "equal on every item, so not decisive"

    needed = as_number(test.get("n_needed"))
    if not isfinite(needed):
        return "not decisive"

    # What there is may be as many as one would plan for, and the difference still unclear.
    sought = f"{count_told(needed)} items" if needed > as_number(test["n"]) else "more items"
    about = "≈ " if needed > as_number(test["n"]) else ""
    of = "a difference of five points" if diff == 0 else "a difference of this size"
    return f"not decisive; {about}{sought} needed to tell {of}"


def count_told(needed: float) -> str:
    """Two telling digits: nobody plans 613 items from an estimate."""
    digits = max(0, len(str(int(needed))) - 2)
    rounded: int = -(-int(needed) // 10**digits) * 10**digits
    return f"{rounded:,}"


def _others(best: list[Measured], tests: list[Mapping[str, Any]]) -> str:
    """How the rest stand beside the best, in the same sentence."""
    rest = best[2:]
    against = [_test_of(tests, best[0].name, other.name) for other in rest]
    behind = sum(1 for test in against if test is not None and test["decisive"])
    if not rest:
        return ""

    if len(rest) == 1:
        return f"; {rest[0].name} is {'' if behind else 'not '}decisively behind {best[0].name}"

    return f"; {behind:,} of the {len(rest):,} others are decisively behind {best[0].name}"


def _told(each: Measured, about: Value) -> str:
    if not isfinite(each.lo):
        return f"{each.name} {_plain(each.middle, about)}"

    lo, hi = _bare(each.lo, about), _bare(each.hi, about)
    return f"{each.name} {_plain(each.middle, about)} [{lo}, {hi}]"


def _plain(middle: float, about: Value) -> str:
    return f"{100 * middle:.0f} %" if about == "passed" else f"{middle:.3g}"


def _bare(bound: float, about: Value) -> str:
    text = f"{100 * bound:.0f}" if about == "passed" else f"{bound:.3g}"
    return _typeset(text)


def _signed(difference: float, about: Value) -> str:
    text = f"{100 * difference:+.1f}" if about == "passed" else f"{difference:+.3g}"
    return _typeset("0" if float(text) == 0 else text)


def _typeset(number: str) -> str:
    return number.replace("-", _MINUS)


def p_told(value: Any) -> str:
    """A p value with its sign, as it stands after the letter: `= .03`, `< .001`."""
    p = as_number(value)
    if p < 0.001:
        return "< .001"

    return "= 1" if p >= 0.995 else f"= {p:.{3 if p < 0.1 else 2}f}".replace("0.", ".", 1)


def _items(n: int) -> str:
    return f"{n:,} item{'' if n == 1 else 's'}"
