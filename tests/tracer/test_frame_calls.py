"""`calls_df`: what is derived, and what stays unknown."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.tracer.frames import Frames
from tests.tracer.kept import Kept
from tests.tracer.spans import a_day, call, id_of, turn


def row_of(*spans):
    return Frames(Kept(spans)).calls_df.iloc[0]


def the_day():
    return Frames(Kept(a_day())).calls_df.set_index("span_id")


def test_times_are_told_in_seconds():
    row = row_of(call(1, None, for_ms=3000, wait_ms=500.0, ttft_ms=500.0, load_ms=150.0))
    assert row[["duration_s", "work_s", "wait_s", "ttft_s", "gen_s", "load_s"]].tolist() == [
        *(3.0, 2.5, 0.5, 0.5, 2.0, 0.15)
    ]
    assert row["tokens_per_s"] == 10.0


def test_what_nobody_measured_is_not_a_number():
    row = row_of(
        call(1, None, wait_ms=None, ttft_ms=None, load_ms=None, cost=None, output_tokens=None)
    )
    unknown = ["wait_s", "ttft_s", "gen_s", "tokens_per_s", "load_s", "cost", "total_tokens"]
    assert row[unknown].isna().all()
    assert row["work_s"] == row["duration_s"] == 1.0


def test_nothing_is_nothing_and_not_unknown():
    row = row_of(call(1, None, cost=0.0, wait_ms=0.0, retries=0, cache_read_tokens=0))
    assert row[["cost", "wait_s", "retries", "cache_read_tokens"]].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("n_chunks, ttft_ms", [(1, 990.0), (0, None), (20, None), (20, 1000.0)])
def test_speed_falls_back_to_what_the_server_measured(n_chunks, ttft_ms):
    row = row_of(call(1, None, n_chunks=n_chunks, ttft_ms=ttft_ms, eval_ms=400.0))
    assert row["tokens_per_s"] == pytest.approx(50.0)


def test_one_piece_says_nothing_of_speed():
    assert row_of(call(1, None, n_chunks=1, ttft_ms=999.0)).isna()["tokens_per_s"]


def test_writing_time_is_unknown_after_a_retry():
    row = row_of(call(1, None, retries=1, for_ms=9000))
    assert row.isna()["gen_s"]
    assert row["ttft_s"] == 0.2


def test_writing_time_is_unknown_where_the_first_piece_came_after_the_end():
    row = row_of(call(1, None, for_ms=1000, ttft_ms=1500.0))
    assert row.isna()["gen_s"]
    assert row["work_s"] == 1.0


def test_settings_come_from_what_was_asked():
    asked = {"temperature": 1, "top_p": 0.9, "seed": 7, "max_tokens": 64, "output_type": "json"}
    row = row_of(call(1, None, params=json.dumps(asked)))
    assert {name: row[name] for name in asked} == asked


@pytest.mark.parametrize(
    "params",
    [
        "{}",
        "",
        "not json",
        "[1]",
        '{"seed": "seven", "temperature": "hot", "max_tokens": 1.5, "output_type": 3}',
        f'{{"seed": {2**80}, "temperature": 1{"0" * 400}, "top_p": true}}',
    ],
)
def test_settings_nobody_can_read_are_unknown(params):
    row = row_of(call(1, None, params=params))
    assert row[["temperature", "top_p", "seed", "max_tokens", "output_type"]].isna().all()


def test_a_cut_answer_is_truncated():
    rows = the_day()
    assert rows.loc[id_of(12), "truncated"]
    assert not rows.loc[id_of(6), "truncated"]
    assert rows["truncated"].isna()[id_of(17)]


def test_only_what_went_well_is_ok():
    rows = the_day()
    assert rows.loc[[id_of(n) for n in (6, 17, 18, 19, 20)], "ok"].tolist() == [
        *(True, False, False, False, True)
    ]


def test_the_kind_around_a_call_is_told():
    rows = the_day()
    assert rows.loc[id_of(11), "kind_of_parent"] == "chat_turn"
    assert rows.isna().loc[id_of(17), "kind_of_parent"]


def test_a_parent_that_is_gone_has_no_kind():
    assert row_of(call(2, 1)).isna()["kind_of_parent"]
    assert row_of(turn(1), call(2, 1, at_ms=1))["kind_of_parent"] == "chat_turn"


def test_an_embedding_counts_its_tokens():
    span = call(1, None, output_tokens=None)
    span.kind = "embeddings"
    assert row_of(span)["total_tokens"] == 40


def test_a_preview_nobody_kept_is_unknown_and_an_empty_one_is_empty():
    assert row_of(call(1, None, response_preview="", response_chars=0))["response_preview"] == ""
    assert row_of(call(1, None, response_preview="", response_chars=None)).isna()[
        "response_preview"
    ]


def test_calls_are_by_start():
    assert Frames(Kept(a_day())).calls_df["start"].is_monotonic_increasing
