"""What holds for a session's calls: budget, cache, fallback, deadline, cassette, prices."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from mojentic_nb import catalogue
from mojentic_nb.errors import BudgetExceeded
from mojentic_nb.events import Usage
from mojentic_nb.gateways import cassette_scope
from mojentic_nb.magics.brokers import Brokers
from mojentic_nb.magics.costs import cost_of, left
from tests.loopback import Answer, ToolUse
from tests.magics.test_settings import rows

PRICED = {"input": 1000.0, "output": 2000.0}


@pytest.fixture
def here(ollama, loopback, monkeypatch, tmp_path):
    """The shell, in a folder of its own, with a model that costs money and answers."""
    monkeypatch.chdir(tmp_path)
    catalogue.register_model("openai", "dear", price=PRICED)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{loopback.url}/v1")
    ollama.ok("%llm_config model=openai:dear footer=on max_tokens=5")
    loopback.script(*[Answer("ok", usage=(10, 5))] * 5)
    return ollama


def test_a_price_that_nobody_knows_is_not_nothing():
    usage = Usage(input_tokens=1000, output_tokens=1000)
    catalogue.register_model("openai", "dear", price=PRICED)
    assert cost_of("openai:dear", usage) == pytest.approx(3.0)
    assert cost_of("openai:nobody-knows", usage) is None
    assert cost_of("openai:dear", Usage()) is None
    assert cost_of("demo:demo", usage) is None


def test_the_quiet_line_tells_the_price_and_the_table_the_sum(here):
    here.ok("%llm --fresh one")
    assert here.last.plain.splitlines()[-1].endswith("10 → 5 tok · $0.020")
    here.ok("%llm --fresh two")
    here.ok("%llm_config")
    assert rows(here)["so"] == "far 2 calls, 20 → 10 tok, $0.040"


def test_a_budget_is_the_sessions_and_refuses_what_is_beyond(here, loopback):
    here.ok("%llm_config budget_usd=0.05")
    here.ok("%llm --fresh one")
    assert here.last.plain.splitlines()[-1].endswith("· $0.020 · $0.030 left")
    here.ok("%llm_config budget_usd=0.021")
    ran = here.run("%llm --fresh two")
    assert isinstance(ran.error_in_exec, BudgetExceeded)
    assert len(loopback.requests) == 1
    here.ok("%llm_config budget_usd=1 budget_tokens=100")
    here.ok("%llm --fresh -m openai:dear three")
    assert here.last.plain.splitlines()[-1].endswith("$0.96 and 70 tok left")
    here.ok("%llm_config budget_usd=none budget_tokens=none")
    here.ok("%llm --fresh four")
    assert "left" not in here.last.plain


def test_a_budget_in_dollars_needs_a_price(here):
    here.ok("%llm_config budget_usd=1")
    ran = here.run("%llm -m openai:nobody-knows hi")
    assert isinstance(ran.error_in_exec, UsageError)
    assert "costs is not known" in str(ran.error_in_exec)


def test_nothing_is_left_to_say_without_a_budget():
    assert left(None) == ""


def test_a_cache_answers_the_second_time(here, loopback):
    here.ok("%llm_config cache=answers.db")
    first = here.ok("%llm --fresh one")
    second = here.ok("%llm --fresh one")
    assert (first, second.is_cached, len(loopback.requests)) == (second, True, 1)
    assert here.last.plain.splitlines()[-1].endswith("· cached")
    assert here.last.about["is_cached"] is True
    here.ok("%llm_config")
    assert rows(here)["so"].endswith("$0.020")


def test_a_fallback_answers_and_is_said_to(here, loopback):
    loopback.clear()
    loopback.script(Answer("no", status=501))
    here.ok("%llm_config fallback=demo")
    reply = here.ok("%llm --fresh Hello")
    assert reply.startswith("Hello")
    assert "[openai:dear could not answer; this is from demo" in here.last.plain


def test_a_deadline_holds_for_the_whole_call(here, loopback):
    loopback.clear()
    loopback.script(Answer("never", delay=20.0))
    here.ok("%llm_config deadline_s=0.3")
    assert type(here.run("%llm hi").error_in_exec).__name__ == "DeadlineExceeded"


def test_a_cassette_of_the_settings_is_replayed(here, loopback, tmp_path):
    here.ok("%llm_config cassette=tape.jsonl")
    first = here.ok("%llm --fresh one")
    here.ok("%llm_config cassette=none")
    here.ok("%llm --fresh other")
    assert (tmp_path / "tape.jsonl").exists()
    (tmp_path / "mojentic_nb.toml").write_text('cassette = "tape.jsonl"\ncassette_mode = "replay"')
    before = len(loopback.requests)
    assert here.ok("%llm --fresh one") == first
    assert len(loopback.requests) == before
    ran = here.run("%llm --fresh never recorded")
    assert type(ran.error_in_exec).__name__ == "CassetteMiss"
    here.ok("%unload_ext mojentic_nb")
    assert cassette_scope.standing() is None
    here.ok("%load_ext mojentic_nb")


def test_the_magics_own_cassette_goes_before_the_settings(here, tmp_path):
    here.ok("%llm_cassette mine.jsonl")
    mine = cassette_scope.standing()
    here.ok("%llm_config cassette=tape.jsonl")
    here.ok("%llm --fresh one")
    assert cassette_scope.standing() is mine
    assert not (tmp_path / "tape.jsonl").exists()


def test_only_what_is_set_is_handed_to_a_broker(here):
    settings = here.shell.magics_manager.registry["LLMMagics"]
    brokers = Brokers(settings)
    assert brokers._policies() == {}
    here.ok(
        "%llm_config timeout_s=3 deadline_s=9 fallback=demo,ollama:x budget_tokens=10 cache=a.db"
    )
    found = brokers._policies()
    assert {name: found[name] for name in ("timeout", "deadline", "fallback")} == {
        "timeout": 3.0,
        "deadline": 9.0,
        "fallback": ("demo", "ollama:x"),
    }
    assert (found["budget"].tokens, set(found)) == (
        10,
        {"timeout", "deadline", "fallback", "budget", "cache"},
    )
    assert brokers.of("demo") is brokers.of("demo")
    brokers.forget()


def test_a_dry_run_tells_size_and_price(here):
    catalogue.register_model("openai", "dear", price=PRICED, context_tokens=1000)
    here.ok("%llm --dry-run --fresh hello there")
    lines = [line.strip() for line in here.last.plain.splitlines()]
    start = lines.index("size")
    assert lines[start + 1].startswith("about ")
    assert lines[start + 2].endswith(" % of its context of 1,000 tokens")
    assert lines[start + 3].endswith(" to read")
    assert lines[start + 4] == "at most $0.010 for an answer of 5"
    here.ok("%llm --dry-run --fresh -m openai:nobody-knows hello")
    assert "$" not in here.last.plain


def test_an_object_tells_its_price_and_joins_the_sum(here, loopback):
    loopback.clear()
    loopback.script(
        *[Answer('{"age": "old"}', usage=(10, 5)), Answer('{"age": 36}', usage=(10, 5))],
        *[Answer('{"age": "older"}', usage=(10, 5))] * 3,
    )
    here.ok("%llm_config budget_usd=1")
    assert here.ok("%%structured age int\nAda is 36").age == 36
    assert here.last.plain.endswith("20 → 10 tok · $0.040 · $0.96 left")
    assert "$" not in here.last.data["text/html"], "two of them would be a formula"
    ran = here.run("%%structured age int\nAda is old")
    assert type(ran.error_in_exec).__name__ == "ObjectError"
    assert here["_llm"].usage == Usage(input_tokens=30, output_tokens=15)
    here.ok("%llm_config")
    assert rows(here)["so"] == "far 2 calls, 50 → 25 tok, $0.10"


def test_a_fallback_of_an_object_is_said(here, loopback):
    loopback.clear()
    loopback.script(Answer("no", status=501))
    here.ok("%llm_config fallback=demo")
    here.ok("%%structured name, age int\nAda is 36")
    assert "openai:dear could not answer; this is from demo" in here.said()[1]


def test_what_a_broken_turn_cost_is_counted_and_told(here, loopback):
    """The budget ends a turn between two calls: the tool has run, and nothing answers."""
    here.ok("def dice() -> int:\n    'Throw it.'\n    return 4")
    here.ok("%llm_config budget_usd=0.075")
    loopback.clear()
    loopback.script(Answer(tools=[ToolUse("dice", {})], usage=(10, 5)), Answer("four"))
    ran = here.run("%llm --fresh --tools dice throw")
    assert isinstance(ran.error_in_exec, BudgetExceeded)
    assert "dice() → 4" in here.last.plain
    assert "[no answer came]" in here.last.plain
    assert len(loopback.requests) == 1
    here.ok("%llm_config")
    assert rows(here)["so"] == "far 1 call, 10 → 5 tok, $0.020"
