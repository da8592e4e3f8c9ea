"""What a comparison's statistics cost: a ranking of 20 models, and their paired tests.

Law: the same invented battles and answers every time. It is all one thread, so CPU seconds are
what a person waits: 10 000 battles over 20 models in under 0.2 s.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.bench import Row, Subject, beside
from mojentic_nb.compare.bouts import Bout
from mojentic_nb.compare.means import bootstrap_difference
from mojentic_nb.compare.paired import pair_tests
from mojentic_nb.compare.ranking import bradley_terry

__all__ = ["statistics_rows"]

MODELS = [f"model {number}" for number in range(20)]
BATTLES = 10_000
ITEMS = 500

# Seconds that 10 000 battles may take.
BAR = 0.2


def battles() -> list[Bout]:
    """Battles about items, some of them ties, won more often by the model named first."""
    random = Random(1)
    found = []
    for number in range(BATTLES):
        first, second = random.sample(range(len(MODELS)), 2)
        is_won = random.random() < 0.5 + 0.02 * (second - first)
        score = 0.5 if random.random() < 0.1 else float(is_won)
        found.append(Bout(MODELS[first], MODELS[second], score, number % ITEMS))

    return found


def answers() -> dict[str, list[float | None]]:
    """Right or wrong, for each model and item."""
    random = Random(2)
    return {
        model: [float(random.random() < 0.9 - place / 40) for _ in range(ITEMS)]
        for place, model in enumerate(MODELS)
    }


def once(work: Callable[[], object]) -> Callable[[], int]:
    def run() -> int:
        work()
        return 1

    return run


def statistics_rows() -> list[Row]:
    """CPU seconds of each, as shares of 0.2 s."""
    fought, scores = battles(), answers()
    alone = [bout._replace(item=None) for bout in fought]
    first, second = scores[MODELS[0]], scores[MODELS[1]]
    subjects = [
        Subject("ranking, by item", once(lambda: bradley_terry(fought))),
        Subject("ranking, each battle alone", once(lambda: bradley_terry(alone))),
        Subject("190 paired tests of 500 items", once(lambda: pair_tests(scores))),
        Subject("bootstrap, 10 000 draws", once(lambda: bootstrap_difference(first, second))),
    ]
    told = "statistics, 10 000 battles over 20 models"
    rows = beside(told, subjects, rounds=5)
    return [Row(row.what, row.name, row.seconds, row.seconds / BAR, 1.0) for row in rows]
