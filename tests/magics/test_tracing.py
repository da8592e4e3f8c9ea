"""`%trace`, `%cost` and `%llm_history` in a real shell, and what an answer's output records."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError

from mojentic_nb import Cassette, DemoGateway, LLMBroker, catalogue
from mojentic_nb.tracer import Picture, TracerSystem, current_tracer, use_tracer
from tests.loopback import Answer
from tests.magics.conftest import Notebook


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """No tracer of another test."""
    use_tracer(None)
    yield
    use_tracer(None)


@pytest.fixture
def worked(notebook: Notebook) -> Notebook:
    """Two cells: a plain question, and one with a tool."""
    notebook.ok("%llm -q What is 2 + 3?")
    notebook.ok("%llm -q --tools calculator Use the calculator for 2 + 3")
    notebook.said()
    return notebook


def plain(notebook: Notebook, line: str) -> str:
    """What a line shows, in text; it must be the one thing it shows."""
    before = len(notebook.outputs)
    notebook.ok(line)
    (shown,) = notebook.outputs[before:]
    return shown.plain


def refused(notebook: Notebook, line: str) -> str:
    before = len(notebook.outputs)
    error = notebook.run(line).error_in_exec
    assert isinstance(error, UsageError)
    assert notebook.outputs[before:] == []
    assert "\n" not in str(error)
    return str(error)


# pictures -------------------------------------------------------------------


def test_the_last_cell_is_shown_once_and_returned(worked: Notebook) -> None:
    lines = plain(worked, "%trace").splitlines()
    assert lines[0].startswith("cell ")
    assert "2 calls · 1 tool" in lines[0]
    assert [line[:10] for line in lines[1:]] == ["turn", "├─ demo · ", "├─ calcula", "└─ demo · "]
    assert isinstance(worked["_"], Picture)
    assert worked.last.data["text/html"].startswith("<div")
    assert worked.said()[0].count("├─") == 0


def test_no_time_and_no_id_where_a_test_looks_on(worked: Notebook) -> None:
    first = plain(worked, "%trace all")
    assert " ms" not in first
    assert plain(worked, "%trace all --tree") == first
    worked.ok("%llm_config footer=on")
    assert " ms" in plain(worked, "%trace all") or " s " in plain(worked, "%trace all")
    assert plain(worked, "%trace all --stable") == first


def test_a_replays_times_are_shown(notebook: Notebook, tmp_path: Path) -> None:
    broker = LLMBroker("demo", DemoGateway(pace_s=0.01))
    with Cassette(tmp_path / "a.jsonl"):
        broker.generate("What is the capital of France?")
    shown = []
    for _ in range(2):
        current_tracer().clear()
        with Cassette(tmp_path / "a.jsonl", mode="replay"):
            broker.generate("What is the capital of France?")
        shown.append(plain(notebook, "%trace all"))
    assert shown[0] == shown[1]
    assert "until the first token" in shown[0]


def test_what_is_meant(worked: Notebook) -> None:
    tool_cell = max(span.cell_exec or 0 for span in current_tracer().spans())
    first = plain(worked, f"%trace cell {tool_cell - 1}")
    assert first.startswith(f"cell {tool_cell - 1} · 1 call ·")
    assert plain(worked, f"%trace {tool_cell - 1}") == first
    assert "3 calls" in plain(worked, "%trace all")
    assert plain(worked, "%trace session").startswith("this conversation · 3 calls")
    assert "3 calls" in plain(worked, "%trace session what is 2")
    reply = worked["_llm"]
    assert "2 calls · 1 tool" in plain(worked, f"%trace {reply.correlation_id}")
    span = current_tracer().spans()[0]
    assert "1 call · " in plain(worked, f"%trace {span.span_id}")


def test_a_persons_own_short_id_is_one(notebook: Notebook) -> None:
    notebook.ok("from mojentic_nb import LLMBroker")
    notebook.ok("LLMBroker('demo').generate('hello', correlation_id='run 1'.replace(' ', '-'))")
    assert "1 call" in plain(notebook, "%trace run-1")


def test_it_goes_into_a_variable_quietly(worked: Notebook) -> None:
    before = len(worked.outputs)
    worked.ok("%trace -q --tree -o picture")
    assert len(worked.outputs) == before
    assert worked["picture"].shape == "tree"
    worked.ok("p = %trace -q")
    assert worked["p"].bars == worked["picture"].bars


def test_nothing_yet_says_what_would_fill_it(notebook: Notebook) -> None:
    assert plain(notebook, "%trace") == "no calls traced yet: run a %%llm cell"
    assert plain(notebook, "%cost") == "no calls traced yet: run a %%llm cell"
    assert len(notebook.ok("%llm_history")) == 0


def test_a_picture_for_places_without_html(worked: Notebook) -> None:
    plain(worked, "%trace --png")
    assert set(worked.last.data) == {"image/png", "text/plain"}
    assert b64decode(worked.last.data["image/png"])[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    "line, told",
    [
        ("cell 77", "cell=77: nothing was traced there."),
        ("cell two", "%trace cell two: that names nothing."),
        ("sesion", "Did you mean %trace session?"),
        ("latency", "Did you mean %trace plot latency?"),
        ("session nope", "there is no conversation of that name. There are: 'What is 2 + 3?'"),
        ("0123456789abcdef", "nothing was traced there"),
        ("plot", "Which chart? There are latency,"),
        ("plot latncy", "Did you mean latency?"),
        ("plot latency --by model", "takes no --by"),
        ("plot tokens --by day", "--by day: there are model, cell, session."),
        ("dashboard now", "nothing follows it"),
        ("--by model", "--by is for %trace plot tokens"),
        ("--tre", "Did you mean --tree?"),
        ("on and on", "nothing follows on and off"),
        ("-o 2", "that is not a name a variable can have"),
    ],
)
def test_a_slip_is_one_line(worked: Notebook, line: str, told: str) -> None:
    assert told in refused(worked, f"%trace {line}")


def test_the_flags_are_shown(notebook: Notebook) -> None:
    for name, known in (("trace", "--stable"), ("cost", "--by"), ("llm_history", "--session")):
        notebook.ok(f"%{name} --help")
        assert known in notebook.said()[0]
        assert known in notebook.shell.find_line_magic(name).__doc__


# settings and charts --------------------------------------------------------


def test_off_and_on(worked: Notebook) -> None:
    worked.ok("%trace off")
    assert worked.said()[0] == "Tracing is off; what was traced stays.\n"
    worked.ok("%llm -q hello")
    assert "3 calls" in plain(worked, "%trace all")
    worked.ok("from mojentic_nb import current_tracer\n%trace on\ncurrent_tracer().disable()")
    worked.ok("%trace on")
    worked.ok("%llm -q hello")
    assert "4 calls" in plain(worked, "%trace all")


def test_what_was_traced_before_goes_into_the_file(worked: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "my trace.db"
    worked.ok(f'%trace store "{path}"')
    assert worked.said()[0] == f"The trace is kept in {path}.\n"
    worked.ok("%llm -q hello")
    tracer = current_tracer()
    found = tracer.sql("select kind, count(*) as n from span group by kind order by kind")
    assert list(zip(found["kind"], found["n"], strict=True)) == [
        *(("chat_turn", 1), ("llm", 4), ("tool", 1)),
    ]
    assert tracer.sql("select title from session")["title"].tolist() == ["What is 2 + 3?"]
    assert tracer.sql("select count(*) as n from message")["n"][0] >= 6
    worked.ok("%trace store none")
    assert worked.said()[0].endswith("The trace is kept in memory.\n")
    later = TracerSystem(store=path)
    assert len(later.calls_df) == 4
    later.close()


def test_a_chart_is_shown_once(worked: Notebook) -> None:
    assert plain(worked, "%trace plot tokens --by cell -o ax") == "chart: tokens"
    assert worked["ax"] is worked["_"]
    assert worked.last.data["image/png"]
    assert plain(worked, "%trace dashboard") == "chart: dashboard"
    worked.ok("%llm_config footer=on")
    assert "tokens" in plain(worked, "%trace plot tokens")
    worked.ok("from matplotlib import pyplot\nopen_figures = pyplot.get_fignums()")
    assert worked["open_figures"] == []


# money ----------------------------------------------------------------------


@pytest.fixture
def priced() -> Iterator[None]:
    catalogue.register_model("demo", "demo-large", price={"input": 5, "output": 25})
    yield
    catalogue.register_model("demo", "demo-large", price={"input": 0, "output": 0})


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.usefixtures("priced")
def test_cost_by_model_the_dearest_first(notebook: Notebook) -> None:
    notebook.ok("%llm -q hello")
    LLMBroker("demo-large", DemoGateway(pace_s=0)).generate("What is 2 + 3?")
    head, _, dear, free, total = rows(plain(notebook, "%cost"))
    assert head == ["model", "calls", "tokens", "in", "tokens", "out", "cost"]
    assert (dear[0], dear[1], dear[-1]) == ("demo:demo-large", "1", "$0.00073")
    assert (free[0], free[-1]) == ("demo", "$0")
    assert (total[0], total[1], total[-1]) == ("total", "2", "$0.00073")
    assert "<table>" in notebook.last.data["text/html"]


@pytest.mark.usefixtures("priced")
def test_a_call_that_the_budget_refused_cost_nothing(notebook: Notebook) -> None:
    notebook.ok("%llm_config budget_usd=0.000001")
    notebook.run("%llm -q -m demo:demo-large hello")
    *_, refused_call, _total = rows(plain(notebook, "%cost"))
    assert refused_call == ["demo:demo-large", "1", "–", "–", "–"]


def test_an_unknown_price_is_a_dash_and_is_told(ollama: Notebook, loopback, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{loopback.url}/v1")
    loopback.script(Answer("fine"), Answer("fine"))
    ollama.ok("%llm -q -m openai:our-own hello")
    text = plain(ollama, "%cost")
    assert text.startswith("1 call has no known price\n")
    assert [row[-1] for row in rows(text)[-2:]] == ["–", "–"]
    ollama.ok("%cost -q -o frame")
    assert ollama["frame"]["cost"].isna().all()
    assert str(ollama["frame"]["calls"].dtype) == "Int64"


def test_cost_by_cell_and_by_conversation(worked: Notebook) -> None:
    lines = plain(worked, "%cost --by cell").splitlines()
    assert [line.split("] ")[-1][:26] for line in lines[2:-1]] == [
        "%llm -q What is 2 + 3?    ",
        "%llm -q --tools calculator",
    ]
    worked.ok("%llm_config forget\n%llm -q And now?\n%llm -q --fresh Alone?")
    named = [line.split("  ")[0] for line in plain(worked, "%cost --by session").splitlines()]
    assert named[2:] == ["What is 2 + 3?", "And now?", "none", "total"]
    worked.ok("%cost --by session -q -o frame")
    assert worked["frame"]["calls"].tolist() == [3, 1, 1]


def test_what_the_budget_leaves(worked: Notebook) -> None:
    worked.ok("%llm_config budget_usd=0.5 budget_tokens=10_000")
    assert plain(worked, "%cost").startswith("budget: $0.50 and 10,000 tok left\n")
    worked.ok("%llm_config budget_usd=none budget_tokens=none")
    assert plain(worked, "%cost").startswith("model ")


@pytest.mark.parametrize(
    "line, told",
    [("--by day", "there are model"), ("much", "only flags are taken"), ("--b", "--by")],
)
def test_a_slip_in_cost(worked: Notebook, line: str, told: str) -> None:
    assert told in refused(worked, f"%cost {line}")


# what was said --------------------------------------------------------------


def test_the_conversation_is_a_frame(worked: Notebook) -> None:
    frame = worked.ok("%llm_history -o said")
    assert frame is worked["said"]
    assert list(frame.columns) == ["cell", "role", "text", "tool", "model", "characters"]
    assert frame["role"].tolist() == ["user", "assistant", "user", "assistant", "tool", "assistant"]
    assert frame["tool"].tolist() == ["", "", "", "calculator", "calculator", ""]
    assert frame["model"].tolist() == ["", "demo", "", "demo", "", "demo"]
    assert frame["text"][0] == "What is 2 + 3?"
    assert frame["cell"].nunique() == 2


def test_another_conversation_and_all_of_them(worked: Notebook) -> None:
    worked.ok("%llm_config forget\n%llm -q And now?\n%llm -q --fresh Alone?")
    assert worked.ok("%llm_history")["text"][0] == "And now?"
    assert len(worked.ok("%llm_history --session what")) == 6
    everything = worked.ok("%llm_history --all")
    assert everything["conversation"].fillna("none").unique().tolist() == [
        *("What is 2 + 3?", "And now?", "none"),
    ]
    assert len(everything) == 10


@pytest.mark.parametrize("switch", ["%trace off", "%llm_config trace_capture=none"])
def test_what_was_not_traced_is_told_by_the_conversation(notebook: Notebook, switch: str) -> None:
    notebook.ok(f"{switch}\n%llm -q What is 2 + 3?")
    frame = notebook.ok("%llm_history")
    assert frame["role"].tolist() == ["user", "assistant"]
    assert frame["characters"].tolist() == [len(text) for text in frame["text"]]
    assert str(frame["cell"].dtype) == "Int64"


@pytest.mark.parametrize(
    "line, told",
    [("now", "only flags are taken"), ("--all --session x", "exclude"), ("--session x", "name")],
)
def test_a_slip_in_history(worked: Notebook, line: str, told: str) -> None:
    assert told in refused(worked, f"%llm_history {line}")


def test_a_conversation_is_one_session_until_it_is_forgotten(worked: Notebook) -> None:
    worked.ok("%%structured age int\nAda is 36.")
    worked.ok("%llm -q --fresh Alone?\n%llm_config reset\n%llm_config model=demo\n%llm -q New.")
    sessions = [span.session_id for span in current_tracer().spans() if span.is_call]
    first, last = sessions[0], sessions[-1]
    assert sessions == [first, first, first, "", "", last]
    assert first != last != ""
    frame = current_tracer().sessions_df
    assert frame["title"].tolist() == ["What is 2 + 3?", "New."]
    assert frame["n_calls"].tolist() == [3, 1]


# what an output records -----------------------------------------------------


@pytest.mark.usefixtures("priced")
def test_an_answers_output_says_how_it_came(notebook: Notebook) -> None:
    notebook.ok("%llm hello")
    reply = notebook["_llm"]
    about = notebook.last.about
    assert about["model"] == "demo"
    assert about["usage"]["output_tokens"] == reply.usage.output_tokens
    assert about["correlation_id"] == reply.correlation_id
    assert about["ttft_s"] is not None
    assert about["cost_usd"] is None  # free, as everything local: nobody has to be told
    assert "1 call" in plain(notebook, f"%trace {about['correlation_id']}")
    notebook.ok("%%structured age int\nAda is 36.")
    assert notebook.last.about["correlation_id"] != about["correlation_id"]


@pytest.mark.usefixtures("priced")
def test_an_answer_tells_its_price_and_a_free_one_is_silent(notebook: Notebook) -> None:
    notebook.ok("%llm_config footer=on")
    dear = plain(notebook, "%llm -m demo:demo-large What is 2 + 3?").splitlines()[-1]
    dollars = notebook.last.about["cost_usd"]
    assert dear.endswith(f" tok · ${dollars:.5f}")
    assert dollars == pytest.approx(current_tracer().calls_df["cost"].iloc[-1])
    assert "$" not in plain(notebook, "%llm What is 2 + 3?").splitlines()[-1]


@pytest.mark.parametrize("words", ["", "all", "cell 3", "3", "session"])
def test_a_widget_shows_the_same(notebook, words):
    notebook.ok("%llm -m demo -q hello")
    notebook.ok(f"%trace widget {words} -o made")
    assert type(notebook["made"]).__name__ == "TraceWidget"
    notebook["made"].close()


def test_a_widget_of_nothing_traced_is_refused(notebook):
    notebook.ok("%llm -m demo -q hello")
    assert notebook.run("%trace widget nope").error_in_exec is not None


def test_older_spans_that_are_gone_are_told(notebook: Notebook) -> None:
    use_tracer(TracerSystem(ring=2))
    for _ in range(3):
        notebook.ok("%llm -q hello")
    assert "without 1 older span" in plain(notebook, "%trace all")
    assert "without 1 older span" in plain(notebook, "%cost")


def test_a_file_has_all_of_this_run(notebook: Notebook, tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db", ring=2)
    use_tracer(tracer)
    for _ in range(3):
        notebook.ok("%llm -q hello")
    assert "3 calls" in plain(notebook, "%trace all")
    total = plain(notebook, "%cost").splitlines()[-1]
    assert total.split()[:2] == ["total", "3"]
    assert "1 call ·" in plain(notebook, "%trace")
    tracer.close()
