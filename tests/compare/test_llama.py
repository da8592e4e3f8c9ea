"""A whole comparison against a real model server: grid, judge, statistics."""

from __future__ import annotations

import pytest

from mojentic_nb import CompletionConfig, LLMBroker, OpenAIGateway
from mojentic_nb.compare.asking import compare
from mojentic_nb.compare.check_kinds import length
from mojentic_nb.compare.judge import PairwiseJudge
from tests.real_server import LlamaServer

pytestmark = pytest.mark.llama


def test_a_real_model_against_itself(llama: LlamaServer) -> None:
    broker = LLMBroker("tiny", OpenAIGateway(api_key="none", base_url=f"{llama.url}/v1"))
    # Its verdicts are cut short: a model of noise may fill a reason without end.
    judge = PairwiseJudge(broker, orders="one", config=CompletionConfig(max_tokens=8, seed=1))
    with pytest.warns(UserWarning, match="candidate itself"):
        r = compare(
            ["Say one.", "Say two."],
            {"tiny": broker},
            params={"temperature": [0.2, 0.8], "max_tokens": 6, "seed": 7},
            checks=[length(at_least=1)],
            judge=judge,
            store=None,
        )

    assert r.status == "complete"
    assert r.df.status.tolist() == ["ok"] * 4
    assert r.df.output_tokens.between(1, 6).all()
    assert r.summary().n_items.tolist() == [2, 2]
    assert r.pairs().n.tolist() == [2]
    found = r.judged()
    assert (found.failed, found.unread) == (0, found.n)
    assert len(r.battles()) == 2
    assert r.verdict() in repr(r)
