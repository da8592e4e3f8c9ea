"""`df.llm`: a column asked about, row by row."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Literal

import numpy
import pandas
import pytest
from pandas.testing import assert_frame_equal
from pydantic import BaseModel

import mojentic_nb as mj
from mojentic_nb.batch.answers import Interrupted
from mojentic_nb.errors import BadArgument, GatewayError
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway
from tests.batch.asking import asked_of, broker_at
from tests.loopback import Answer, Loopback

FRAME = pandas.DataFrame(
    {"text": ["Ann is 3.", None, "Bob is 40.", "Ann is 3."], "n": [1, 2, 3, 4]},
    index=[7, 7, 1, 0],
)


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Person(BaseModel):
    name: str
    age: int
    mood: Literal["good", "bad"]
    tags: list[str]


ANN = '{"name": "Ann", "age": 3, "mood": "good", "tags": ["x"]}'
INDEXES = {
    "equal entries": [7, 7, 1],
    "several levels": pandas.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)]),
    "times": pandas.to_datetime(["2026-01-03", "2026-01-01", "2026-01-01"]),
    "names": pandas.Index(["x", "y", "z"], name="who"),
}


def echoing() -> Any:
    """A policy by which the model says what it was asked."""
    from dataclasses import replace

    class Echo:
        def around_model(self, call: Any, proceed: Any) -> Any:
            answer = yield from proceed(call)
            return replace(answer, text=call.request.messages[-1].content.upper())

    return Echo()


def test_each_row_has_its_answer_and_one_without_text_is_not_asked(loopback: Loopback) -> None:
    before = FRAME.copy()
    answers = FRAME.llm.generate("Say {text}", broker_at(loopback, policies=[echoing()]))
    assert answers.dtype == "string"
    assert answers.index.equals(FRAME.index)
    assert answers.tolist() == ["SAY ANN IS 3.", pandas.NA, "SAY BOB IS 40.", "SAY ANN IS 3."]
    assert asked_of(loopback) == {"Say Ann is 3.": 2, "Say Bob is 40.": 1}
    assert_frame_equal(FRAME, before)


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_any_index_is_kept(index: Any) -> None:
    frame = pandas.DataFrame({"text": ["a", "b", "c"]}, index=index)
    for made in (
        frame.llm.generate("{text}", "demo"),
        frame.llm.generate("{text}", "demo", into="new"),
        frame.llm.structured(Literal["x", "y"], "{text}", "demo"),
        frame.llm.embed("text", "demo"),
    ):
        assert made.index.equals(frame.index)
        assert made.index.names == frame.index.names


def test_the_result_says_what_it_came_to_and_survives_pickling(loopback: Loopback) -> None:
    answers = FRAME.llm.generate("{text}", broker_at(loopback))
    told = answers.attrs["mojentic_nb"]
    counts = [told[name] for name in ("rows", "asked", "ok", "errors", "stored")]
    assert counts == [4, 3, 3, 0, 0]
    assert told["tokens"] == 3 * (11 + 7)
    assert told["status"] == "complete"
    assert pickle.loads(pickle.dumps(answers)).attrs == answers.attrs
    assert FRAME.llm.generate("{text}", broker_at(loopback)).attrs["mojentic_nb"]["stored"] == 3
    assert len(loopback.requests) == 3


def test_into_makes_a_new_frame_with_the_answers_and_why_there_is_none(loopback: Loopback) -> None:
    loopback.script(Answer("one"), Answer.error(400, "no such thing"), Answer("three"))
    frame = FRAME.assign(other=1.5)
    made = frame.llm.generate("{text}", broker_at(loopback), into="label", concurrency=1)
    assert list(frame.columns) == ["text", "n", "other"]
    assert list(made.columns) == ["text", "n", "other", "label", "label_error"]
    assert made["label"].tolist() == ["one", pandas.NA, pandas.NA, "three"]
    assert made["label_error"].isna().tolist() == [True, True, False, True]
    assert "no such thing" in made["label_error"].tolist()[2]
    assert made.dtypes[["n", "other"]].tolist() == frame.dtypes[["n", "other"]].tolist()


def test_without_into_a_failed_row_is_warned_of(loopback: Loopback) -> None:
    loopback.script(Answer.error(400, "no such thing"))
    with pytest.warns(RuntimeWarning, match=r"1 of 3 rows have no answer.*no such thing.*into="):
        answers = FRAME.llm.generate("{text}", broker_at(loopback), concurrency=1)
    assert answers.isna().tolist() == [True, True, False, False]
    assert answers.attrs["mojentic_nb"]["errors"] == 1


def test_what_failed_is_asked_again_and_nothing_else(loopback: Loopback) -> None:
    loopback.script(Answer.error(400, "no such thing"))
    FRAME.llm.generate("{text}", broker_at(loopback), into="a", concurrency=1)
    made = FRAME.llm.generate("{text}", broker_at(loopback), into="a")
    assert made["a"].notna().tolist() == [True, False, True, True]
    assert len(loopback.requests) == 4


def test_rows_that_the_budget_does_not_allow_say_so(loopback: Loopback) -> None:
    broker = broker_at(loopback, budget=mj.Budget(tokens=200))
    loopback.script(Answer("one", usage=(100, 100)))
    made = FRAME.llm.generate("{text}", broker, into="a", concurrency=1, max_tokens=100)
    assert made["a"].notna().sum() == 1
    assert made["a_error"].notna().tolist() == [False, False, True, True]
    assert made.attrs["mojentic_nb"]["status"] == "stopped"


def test_a_filtered_view_is_fine_and_its_frame_stays_as_it_is() -> None:
    frame = FRAME.copy()
    made = frame[frame["n"] > 2].llm.generate("{text}", "demo", into="label")
    assert made["n"].tolist() == [3, 4]
    assert list(frame.columns) == ["text", "n"]
    made["label"] = "mine"  # its own, not a view: pandas would warn, and warnings are errors


def test_an_empty_frame_and_one_of_missing_values_ask_nothing(loopback: Loopback) -> None:
    for frame in (FRAME.iloc[:0], FRAME.iloc[1:2]):
        broker = broker_at(loopback)
        assert frame.llm.generate("{text}", broker).isna().all()
        made = frame.llm.structured(Person, "{text}", broker)
        assert made["age"].dtype == "Int64"
        assert made["name"].isna().all()
        assert len(made) == len(frame)
    assert loopback.requests == []


def test_a_function_makes_prompts(loopback: Loopback) -> None:
    broker = broker_at(loopback)
    FRAME.llm.generate(lambda row: f"{row['n']}?" if row["n"] > 2 else None, broker)
    assert asked_of(loopback) == {"3?": 1, "4?": 1}


def test_a_wrong_column_is_refused_before_anything_is_asked(loopback: Loopback) -> None:
    with pytest.raises(BadArgument, match=r"'txt'.*Did you mean 'text'"):
        FRAME.llm.generate("{txt}", broker_at(loopback))
    assert loopback.requests == []


def test_objects_become_columns(loopback: Loopback) -> None:
    loopback.script(Answer(ANN), Answer('{"name": "Bob"}'), *[Answer("no")] * 9)
    made = FRAME.llm.structured(Person, "Read: {text}", broker_at(loopback), concurrency=1)
    assert list(made.columns) == ["text", "n", "name", "age", "mood", "tags", "error"]
    assert made.dtypes.astype(str).tolist()[2:] == [
        *("string", "Int64", "category", "object", "string")
    ]
    assert made.iloc[0][["name", "age", "mood"]].tolist() == ["Ann", 3, "good"]
    assert made["tags"].tolist()[:2] == [["x"], None]
    assert made["error"].isna().tolist() == [True, True, False, False]
    assert "ObjectError" in made["error"].tolist()[2]
    assert made["age"].isna().tolist() == [False, True, True, True]


def test_a_new_column_never_takes_an_old_ones_place(loopback: Loopback) -> None:
    frame = FRAME.assign(age=0)
    with pytest.raises(BadArgument, match=r"a column 'age' already.*prefix="):
        frame.llm.structured(Person, "{text}", broker_at(loopback))
    assert loopback.requests == []
    made = frame.llm.structured(Person, "{text}", "demo", prefix="p_")
    assert list(made.columns)[2:] == ["age", "p_name", "p_age", "p_mood", "p_tags", "p_error"]


@pytest.mark.parametrize("into", [3, "", ["a"]])
def test_a_column_without_a_name_is_refused_before_anything_is_asked(
    loopback: Loopback, into: Any
) -> None:
    with pytest.raises(BadArgument, match="into="):
        FRAME.llm.generate("{text}", broker_at(loopback), into=into)
    with pytest.raises(BadArgument, match="into="):
        FRAME.llm.embed("text", embedder_at(loopback), into=into)
    assert loopback.requests == []


def test_a_shape_belongs_to_structured() -> None:
    with pytest.raises(BadArgument, match=r"df.llm.structured"):
        FRAME.llm.generate("{text}", "demo", object_model=Person)
    with pytest.raises(BadArgument, match=r"df.llm.generate"):
        FRAME.llm.structured(None, "{text}", "demo")
    with pytest.raises(BadArgument, match="prefix=3"):
        FRAME.llm.structured(Person, "{text}", "demo", prefix=3)


def test_an_interrupt_keeps_what_is_done(loopback: Loopback) -> None:
    class Impatient:
        calls = 0

        def around_model(self, call: Any, proceed: Any) -> Any:
            self.calls += 1
            if self.calls == 3:
                import signal
                import threading

                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return (yield from proceed(call))

    loopback.script(Answer("one"), Answer("two"), Answer("late", delay=30))
    with pytest.raises(Interrupted):
        FRAME.llm.generate("{text}", broker_at(loopback, policies=[Impatient()]), concurrency=1)
    FRAME.llm.generate("{text}", broker_at(loopback))
    assert len(loopback.requests) in (3, 4)  # the third may not have gone out


# vectors -------------------------------------------------------------------------------


def embedder_at(loopback: Loopback) -> EmbeddingsGateway:
    gateway = mj.OpenAIGateway(api_key="sk-batch-secret", base_url=f"{loopback.url}/v1")
    return EmbeddingsGateway("small", gateway=gateway)


def embedded(loopback: Loopback) -> list[str]:
    """Texts that arrived to be embedded."""
    return [text for seen in loopback.requests for text in seen.body["input"]]


def test_equal_texts_are_embedded_once_and_kept(loopback: Loopback) -> None:
    frame = pandas.DataFrame({"text": ["a", None, "b", "a", " "]}, index=[1, 1, 2, 3, 4])
    vectors = frame.llm.embed("text", embedder_at(loopback))
    assert embedded(loopback) == ["a", "b"]
    assert vectors.index.equals(frame.index)
    assert [one is None for one in vectors] == [False, True, False, False, True]
    assert vectors.iloc[0].dtype == numpy.float32
    assert (vectors.iloc[0] == vectors.iloc[3]).all()
    assert vectors.iloc[0] is not vectors.iloc[3]

    more = pandas.concat([frame, pandas.DataFrame({"text": ["c"]})])
    again = more.llm.embed("text", embedder_at(loopback))
    assert embedded(loopback) == ["a", "b", "c"]
    assert (again.iloc[0] == vectors.iloc[0]).all()


def test_many_texts_go_in_few_requests_and_what_came_is_kept(loopback: Loopback) -> None:
    frame = pandas.DataFrame({"text": [f"text {n}" for n in range(300)]})
    fails = Answer.error(400, "enough")
    loopback.script_path("/v1/embeddings", fails)
    with pytest.raises(GatewayError, match="enough"):
        frame.llm.embed("text", embedder_at(loopback))
    frame.llm.embed("text", embedder_at(loopback))
    assert len(loopback.requests) == 1 + 3
    frame.llm.embed("text", embedder_at(loopback))
    assert len(loopback.requests) == 1 + 3
    frame.llm.embed("text", embedder_at(loopback), store=None)
    assert len(loopback.requests) == 1 + 3 + 3


def test_vectors_may_be_a_column_of_a_template_and_shorter(loopback: Loopback) -> None:
    made = FRAME.llm.embed("{n}: {text}", "demo", into="v", dimensions=8)
    assert list(made.columns) == ["text", "n", "v"]
    assert [None if one is None else len(one) for one in made["v"]] == [8, None, 8, 8]
    lengths = [numpy.linalg.norm(one) for one in made["v"] if one is not None]
    assert all(length == 0 or length == pytest.approx(1) for length in lengths)
    with pytest.raises(BadArgument, match="dimensions=300: the model's vectors have 256"):
        FRAME.llm.embed("text", "demo", dimensions=300)


def test_no_dimensions_are_refused_before_anything_is_asked(loopback: Loopback) -> None:
    with pytest.raises(BadArgument, match="dimensions=0"):
        FRAME.llm.embed("text", embedder_at(loopback), dimensions=0)
    assert loopback.requests == []


def test_the_nearest_rows_come_first_on_their_own_index() -> None:
    frame = pandas.DataFrame(
        {"text": ["the sea is blue", "dogs bark", None, "a blue sea", "the sea is blue"]},
        index=[3, 3, 2, 1, 0],
    )
    found = frame.llm.similar("text", "the sea is blue", 3, "demo")
    assert found.index.tolist() == [3, 0, 1]
    assert found["similarity"].tolist()[:2] == pytest.approx([1, 1], abs=1e-6)
    assert found["similarity"].is_monotonic_decreasing
    assert list(frame.columns) == ["text"]
    assert len(frame.llm.similar("text", "sea", 99, "demo")) == 4

    kept = frame.assign(v=frame.llm.embed("text", "demo"))
    again = kept.llm.similar("v", "the sea is blue", 3, "demo")
    assert again.index.tolist() == [3, 0, 1]
    by_vector = kept.llm.similar("v", kept["v"].iloc[1], 1)
    assert by_vector["text"].tolist() == ["dogs bark"]


@pytest.mark.parametrize(
    "asked, told",
    [
        ({"column": "txt", "query": "a"}, "Did you mean 'text'"),
        ({"column": "text", "query": "a", "k": 0}, "k=0 is no whole number"),
        ({"column": "text", "query": " "}, "query is empty"),
        ({"column": "text", "query": 3}, "no query"),
        ({"column": "text", "query": [1.0, 2.0]}, "2 numbers"),
        ({"column": 3, "query": "a"}, "no column"),
        ({"column": "tags", "query": [1.0, 2.0]}, "2 numbers"),
        ({"column": "text", "query": ["a", "b"]}, "no query"),
        ({"column": "text", "query": "a", "model": 3}, "no embedding model"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(BadArgument) as caught:
        FRAME.assign(tags=[["x", "y"]] * 4).llm.similar(**{"model": "demo", **asked})
    assert told in str(caught.value)


def test_the_accessor_shows_what_it_can() -> None:
    assert repr(FRAME.llm) == "df.llm for 4 rows: generate, structured, embed, similar"
