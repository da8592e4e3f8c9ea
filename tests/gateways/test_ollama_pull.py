"""Fetching models into Ollama, and asking it what a model can read."""

from __future__ import annotations

from contextlib import closing

import pytest

from mojentic_nb import errors
from mojentic_nb.catalogue import ModelContextWindow
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.ollama_pull import PullProgress
from tests.loopback import Answer, Fault, Loopback

PULL = "/api/pull"


def test_a_pull_tells_how_far_it_is(loopback: Loopback) -> None:
    loopback.script_path(PULL, Answer("one", piece=7))
    told = list(OllamaGateway(loopback.url).pull_events(" llama3.2 "))
    digest = told[1].digest
    status = told[1].status

    assert told[0] == PullProgress(status="pulling manifest")
    assert told[1:4] == [
        PullProgress(status=status, digest=digest, total_bytes=1000, completed_bytes=size)
        for size in (0, 500, 1000)
    ]
    assert [one.is_done for one in told] == [False] * (len(told) - 1) + [True]
    assert loopback.requests[0].body == {"model": "llama3.2", "stream": True}


def test_leaving_a_pull_hangs_up(loopback: Loopback) -> None:
    loopback.script_path(PULL, Answer("one two", pace=30))
    with closing(OllamaGateway(loopback.url).pull_events("m")) as told:
        assert next(told).status == "pulling manifest"

    assert loopback.requests[0].hung_up.wait(5)


@pytest.mark.parametrize(
    "answer, kind, said",
    [
        (Answer("one", fault=Fault.TRUNCATED), errors.GatewayTorn, "before it was whole"),
        (Answer("one", fault=Fault.TORN), errors.GatewayTorn, r"broke \(Remote"),
        (Answer("one", fault=Fault.MALFORMED), errors.GatewayGarbled, "cannot be read"),
        (Answer("one", fault=Fault.HTML), errors.GatewayGarbled, "cannot be read"),
        (Answer("one", fault=Fault.EMPTY), errors.GatewayTorn, "before it was whole"),
        (
            Answer("one", fault=Fault.ERROR_FRAME, error_text="no space left on device"),
            errors.GatewayFault,
            "no space left on device",
        ),
        (Answer.error(500, "broken"), errors.GatewayFault, "broken"),
    ],
)
def test_a_pull_that_fails_says_so(
    loopback: Loopback, answer: Answer, kind: type[errors.GatewayError], said: str
) -> None:
    loopback.script_path(PULL, answer)
    with pytest.raises(kind, match=said) as caught:
        OllamaGateway(loopback.url).pull_model("m", progress=False)

    assert caught.value.hint


def test_a_model_that_is_nowhere(loopback: Loopback) -> None:
    with pytest.raises(
        errors.ModelNotFound, match=r"no model 'missing' to fetch.*library"
    ) as found:
        list(OllamaGateway(loopback.url).pull_events("missing"))

    assert found.value.status == 404


def test_no_name_and_no_server() -> None:
    with pytest.raises(errors.BadArgument, match="names no model"):
        OllamaGateway().pull_events(" ")

    with pytest.raises(errors.GatewayUnreachable, match="not running"):
        OllamaGateway().pull_model("m")


def test_a_bar_for_all_layers_and_none_on_request(
    loopback: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = OllamaGateway(loopback.url)
    gateway.pull_model("llama3.2", progress=False)
    assert capsys.readouterr().err == ""

    gateway.pull_model("llama3.2")
    shown = capsys.readouterr().err.split("\r")[-1]
    assert shown.startswith("llama3.2: 100%")
    assert "1.95k/1.95k" in shown
    assert "success" in shown


# context windows ------------------------------------------------------------


def test_a_models_context_window(loopback: Loopback) -> None:
    loopback.parameters["qwen3:8b"] = 'stop    "<|im_end|>"\nnum_ctx    8192\ntop_k   20'
    gateway = OllamaGateway(loopback.url)

    assert gateway.get_model_context_window("llama3.2:latest") == ModelContextWindow(
        max_context_tokens=131072, field="llama.context_length"
    )
    window = gateway.get_model_context_window("qwen3:8b")
    assert window is not None
    assert window.model_num_ctx == 8192
    assert loopback.requests[-1].body == {"model": "qwen3:8b"}


@pytest.mark.parametrize(
    "info, found",
    [
        ('{"general.architecture": "x", "y.context_length": 5}', 5),
        ('{"general.architecture": "x"}', None),
        ("null", None),
    ],
)
def test_where_the_window_may_stand(loopback: Loopback, info: str, found: int | None) -> None:
    loopback.script_path("/api/show", Answer(body=b'{"model_info": %b}' % info.encode()))
    window = OllamaGateway(loopback.url).get_model_context_window("m")

    assert (window and window.max_context_tokens) == found


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"model_info": 5}', b'{"model_info": {"x.context_length": "many"}}']
)
def test_what_is_no_window_is_an_error(loopback: Loopback, body: bytes) -> None:
    loopback.script_path("/api/show", Answer(body=body))
    with pytest.raises(errors.GatewayGarbled):
        OllamaGateway(loopback.url).get_model_context_window("m")


def test_the_window_of_a_model_nobody_has(loopback: Loopback) -> None:
    with pytest.raises(errors.ModelNotFound, match='"ollama pull nobody"'):
        OllamaGateway(loopback.url).get_model_context_window("nobody")


# embeddings -----------------------------------------------------------------


def test_embeddings(loopback: Loopback) -> None:
    gateway = OllamaGateway(loopback.url)
    one = gateway.calculate_embeddings("a")
    several = gateway.calculate_embeddings(["b", "a"], "llama3.2:latest")

    assert several[1] == one
    assert loopback.requests[0].body == {
        "model": "mxbai-embed-large",
        "input": ["a"],
        "truncate": False,
    }


def test_a_long_text_is_cut_where_the_model_ends(loopback: Loopback) -> None:
    gateway = OllamaGateway(loopback.url)
    gateway.calculate_embeddings("word " * 1000)
    pieces = loopback.requests[-1].body["input"]

    assert len(pieces) > 1
    assert "".join(pieces) == "word " * 1000


def test_an_unknown_embedding_models_window_is_asked_for_once(loopback: Loopback) -> None:
    loopback.models.append("mine:latest")
    gateway = OllamaGateway(loopback.url)
    gateway.calculate_embeddings("a", "mine")
    gateway.calculate_embeddings("b", "mine")

    assert [one.path for one in loopback.requests] == ["/api/show", "/api/embed", "/api/embed"]


def test_embeddings_of_a_missing_model(loopback: Loopback) -> None:
    with pytest.raises(errors.ModelNotFound, match='"ollama pull missing"'):
        OllamaGateway(loopback.url).calculate_embeddings("a", "missing")
