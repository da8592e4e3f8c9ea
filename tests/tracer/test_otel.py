"""Spans out to OpenTelemetry and in again: ids, times, tokens and words as they were."""

from __future__ import annotations

import base64
import builtins
import json
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.tracer import otel_names as names
from mojentic_nb.tracer.interchange import without_content
from mojentic_nb.tracer.otel import readable_span, to_otlp
from mojentic_nb.tracer.otel_reading import from_otlp
from mojentic_nb.tracer.otel_spans import otel_span, request_json
from mojentic_nb.tracer.span import COLUMNS
from tests.house.source import ROOT
from tests.tracer.said import a_day_with_words
from tests.tracer.spans import a_day, made_span


class Collector:
    """A real OTLP/HTTP collector on loopback, that decodes what it gets."""

    def __init__(self) -> None:
        self.status = 200
        self.silence: threading.Event | None = None
        self.requests: list[object] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.take(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def take(self, call: BaseHTTPRequestHandler) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        body = call.rfile.read(int(call.headers["Content-Length"]))
        if self.silence is not None and not self.silence.wait(5.0):
            self.silence = None  # nobody gave up: it is taken after all
        self.requests.append(ExportTraceServiceRequest.FromString(body))
        self.headers.append(dict(call.headers))
        self.paths.append(call.path)
        call.send_response(self.status)
        call.send_header("Content-Length", "0")
        call.end_headers()

    @property
    def spans(self) -> list:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = Collector()
    yield found
    found.close()


def value_of(told):
    kind = told.WhichOneof("value")
    if kind == "array_value":
        return [value_of(one) for one in told.array_value.values]
    if kind == "kvlist_value":
        return {one.key: value_of(one.value) for one in told.kvlist_value.values}

    return None if kind is None else getattr(told, kind)


def attributes_of(span) -> dict[str, object]:
    return {one.key: value_of(one.value) for one in span.attributes}


def comparable(span):
    """A span with its JSON read: another order of the same settings is the same."""
    params = json.loads(span.params)
    if isinstance(params.get("stop"), str):
        params["stop"] = [params["stop"]]
    told = dict(zip(COLUMNS, span.values(), strict=True))
    return {**told, "params": params, "attrs": json.loads(span.attrs)}


def test_a_collector_gets_every_span_with_its_ids_and_times(collector):
    spans = a_day()
    assert to_otlp(spans, collector.url, headers={"x-key": "k"}) == len(spans)
    assert collector.paths == ["/v1/traces"]
    assert collector.headers[0]["x-key"] == "k"
    assert [
        (
            one.span_id.hex(),
            one.trace_id.hex(),
            one.parent_span_id.hex(),
            one.name,
            one.start_time_unix_nano,
            one.end_time_unix_nano,
        )
        for one in collector.spans
    ] == [
        (one.span_id, one.trace_id, one.parent_id, one.name, one.start_ns, one.end_ns)
        for one in spans
    ]


def test_a_collector_gets_the_conventions_names(collector):
    spans = a_day()
    to_otlp(spans, f"{collector.url}/mine/traces", service="my notebook")
    assert collector.paths == ["/mine/traces"]
    by_id = {one.span_id.hex(): one for one in collector.spans}
    call = attributes_of(by_id[f"{2:016x}"])
    assert call["gen_ai.operation.name"] == "chat"
    assert call["gen_ai.provider.name"] == "ollama"
    assert call["gen_ai.request.model"] == "gemma3"
    assert call["gen_ai.request.temperature"] == 0.7
    assert call["gen_ai.usage.input_tokens"] == 40
    assert call["gen_ai.response.time_to_first_chunk"] == 0.2
    assert call["gen_ai.response.finish_reasons"] == ["tool_calls"]
    assert (call["server.address"], call["server.port"]) == ("127.0.0.1", 11434)
    assert call["gen_ai.conversation.id"] == "trip-to-rome"
    assert by_id[f"{2:016x}"].kind == 3

    tool = attributes_of(by_id[f"{4:016x}"])
    assert (tool["gen_ai.operation.name"], tool["gen_ai.tool.name"]) == ("execute_tool", "weather")

    refused = by_id[f"{17:016x}"]
    assert (refused.status.code, refused.status.message) == (2, "429 from openai after 3 attempts")
    assert attributes_of(refused)["error.type"] == "RateLimited"
    assert refused.events[0].name == "exception"
    resource = collector.requests[0].resource_spans[0]
    assert attributes_of(resource.resource)["service.name"] == "my notebook"
    assert resource.scope_spans[0].schema_url == names.SCHEMA_URL


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"params": '{"temperature": 1}'}, {"gen_ai.request.temperature": 1.0}),
        ({"params": '{"stop": "x"}'}, {"gen_ai.request.stop_sequences": ["x"]}),
        ({"params": '{"odd": 1}'}, {"mojentic.request.param.odd": 1}),
        ({"server": "[::1]:80"}, {"server.address": "[::1]", "server.port": 80}),
        ({"server": "[::1]"}, {"server.address": "[::1]"}),
        ({"status": "cancelled"}, {"error.type": "cancelled", "mojentic.status": "cancelled"}),
    ],
)
def test_a_value_is_written_as_the_conventions_have_it(changes, told):
    attributes = otel_span(made_span(**changes)).attributes
    found = {name: attributes.get(name) for name in told}
    assert found == told
    assert [type(value) for value in found.values()] == [type(value) for value in told.values()]


def test_many_spans_go_in_several_requests(collector):
    spans = [made_span(span_id=f"{number:016x}") for number in range(1, 601)]
    assert to_otlp(iter(spans), collector.url) == 600
    assert len(collector.requests) == 3
    assert len(collector.spans) == 600


def test_words_need_smaller_requests(collector):
    spans = [made_span(span_id=f"{number:016x}") for number in range(1, 41)]
    assert to_otlp(spans, f"{collector.url}/", content=True) == 40
    assert [
        len(request.resource_spans[0].scope_spans[0].spans) for request in collector.requests
    ] == [32, 8]
    assert set(collector.paths) == {"/v1/traces"}


def test_what_protobuf_has_no_room_for_is_sent_all_the_same(collector, caplog):
    """OpenTelemetry's own encoder would leave it out, and log a traceback for each."""
    great = 2**63
    attrs = json.dumps({"great": great, "in": {"it": [-great - 1]}, "most": great - 1, "\ud83d": 1})
    span = made_span(attrs=attrs, name="\ud83d", status="error", error_message="torn \ud83d")
    assert to_otlp([span], collector.url) == 1
    (sent,) = collector.spans
    told = attributes_of(sent)
    assert (told["great"], told["in"]) == (str(great), {"it": [str(-great - 1)]})
    assert (told["most"], told["\\ud83d"]) == (great - 1, 1)
    assert (sent.name, sent.status.message) == ("\\ud83d", "torn \\ud83d")
    assert attributes_of(sent.events[0])["exception.message"] == "torn \\ud83d"
    assert caplog.records == []


def test_a_collector_that_keeps_silent_is_waited_for_as_long_as_asked(collector):
    silence = collector.silence = threading.Event()
    try:
        with pytest.raises(TraceError, match="did not take"):
            to_otlp([made_span()], collector.url, timeout_s=0.05)
    finally:
        silence.set()


def test_a_collector_that_refuses_is_told(collector):
    collector.status = 400
    with pytest.raises(TraceError, match="did not take 1 spans; 0 are there"):
        to_otlp([made_span()], collector.url)


def test_what_was_said_goes_nowhere_unless_asked(collector, tmp_path):
    spans, rows = a_day_with_words()
    to_otlp(spans, collector.url, find=rows.get)
    to_otlp(spans, tmp_path / "t.json", find=rows.get)
    told = repr(collector.spans) + (tmp_path / "t.json").read_text()
    words = ("Rome", "coat", "Be brief", "Warm", "21 degrees", "{city", "weather took longer")
    assert [word for word in words if word in told] == []


def test_what_was_said_is_written_as_the_conventions_say(collector):
    spans, rows = a_day_with_words()
    to_otlp(spans, collector.url, content=True, find=rows.get)
    (told,) = [attributes_of(one) for one in collector.spans if one.span_id.hex() == f"{30:016x}"]
    sent = json.loads(told["gen_ai.input.messages"])
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool", "tool"]
    reasoning, first, second = sent[2]["parts"]
    assert reasoning == {"type": "reasoning", "content": "Hm."}
    assert first == {
        "type": "tool_call",
        "id": "call_1",
        "name": "weather",
        "arguments": {"city": "Rome", "days": [1, 2.5, None]},
    }
    assert second["malformed"] == "{city"
    response = {"type": "tool_call_response", "id": "call_1", "response": "21 degrees"}
    assert sent[3]["parts"][0] == response
    (answer,) = json.loads(told["gen_ai.output.messages"])
    assert answer["finish_reason"] == "stop"
    assert {"type": "text", "content": "A coat."} in answer["parts"]


def test_a_file_comes_back_as_it_was(tmp_path):
    spans, rows = a_day_with_words()
    assert to_otlp(spans, tmp_path / "t.json", content=True, find=rows.get) == len(spans)
    batch = from_otlp(tmp_path / "t.json")
    assert [comparable(span) for span in batch.spans] == [comparable(span) for span in spans]
    assert {row.hash: row for row in batch.messages} == rows


def test_a_file_without_words_comes_back_without_them(tmp_path):
    spans = a_day()
    to_otlp(spans, tmp_path / "t.json")
    assert [comparable(span) for span in from_otlp(tmp_path / "t.json").spans] == [
        comparable(without_content(span)) for span in spans
    ]


def test_every_column_finds_its_way(tmp_path):
    """No column is forgotten: each has a value of its own, and has it still."""
    fillings = {str: "told", int: 7, float: 7.5, bool: True}
    special = {
        "span_id": "a" * 16,
        "trace_id": "b" * 32,
        "parent_id": "c" * 16,
        "kind": "judge",
        "status": "cancelled",
        "start_ns": 1_790_000_000_123_456_789,
        "end_ns": 1_790_000_001_123_456_789,
        "server": "[::1]:80",
        "tool_args": "{}",
        "params": '{"temperature": 1.0, "stop": ["x"], "num_ctx": 8, "odd": {"a": null}}',
        "attrs": '{"mine": [1, 2.5, true, null, {"a": "b"}], "much": 9007199254740993}',
        "in_tip": None,
        "out_tip": None,
    }
    from mojentic_nb.tracer.interchange import COLUMN_TYPES

    values = {
        name: special.get(name, next((fillings[k] for k in fillings if k | None == kind), "told"))
        for name, kind in COLUMN_TYPES.items()
    }
    span = replace(made_span(), **values)
    to_otlp([span], tmp_path / "t.json", content=True)
    (back,) = from_otlp(tmp_path / "t.json").spans
    assert comparable(back) == comparable(span)


def test_the_file_says_what_the_wire_says():
    """Our JSON, read by protobuf, is the very request that OpenTelemetry's encoder makes."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    odd = '{"mine": [1, 2.5, true, null, {"a": "b"}], "none": null, "far": Infinity}'
    spans, rows = a_day_with_words()
    spans.append(made_span(attrs=odd))
    told = [otel_span(span, content=True, find=rows.get) for span in spans]
    ours = request_json(told, service="s", version="1")
    for span in ours["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()

    theirs = encode_spans([readable_span(one, service="s") for one in told])
    (mine,) = ParseDict(ours, ExportTraceServiceRequest()).resource_spans[0].scope_spans
    (other,) = theirs.resource_spans[0].scope_spans
    for one, same in zip(mine.spans, other.spans, strict=True):
        same.flags = 0
        assert one == same


def test_a_file_writes_64_bits_as_text_as_json_has_to():
    span = otel_span(made_span(attrs=f'{{"great": {2**63}}}'))
    (told,) = request_json([span], service="s", version="1")["resourceSpans"][0]["scopeSpans"][0][
        "spans"
    ]
    assert told["startTimeUnixNano"] == str(made_span().start_ns)
    assert told["endTimeUnixNano"] == str(made_span().end_ns)
    assert {"key": "great", "value": {"stringValue": str(2**63)}} in told["attributes"]


def test_the_names_are_the_conventions_own():
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

    official = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    used = [
        name
        for table in (names.FIELDS, names.CONTENT, names.PARAMETERS)
        for name in table.values()
        if name.startswith("gen_ai.")
    ]
    used += [value for value in vars(names).values() if str(value).startswith("gen_ai.")]
    assert len(used) > 30
    assert set(used) - official == {names.DETAILS_EVENT}


def test_a_file_takes_no_headers(tmp_path):
    with pytest.raises(BadArgument, match="headers are for a collector"):
        to_otlp([], tmp_path / "t.json", headers={"a": "b"})


def test_a_file_needs_none_of_opentelemetrys_packages(tmp_path):
    tell = (
        "import sys; from mojentic_nb.tracer.otel import to_otlp; "
        "from mojentic_nb.tracer.otel_reading import from_otlp; "
        "from tests.tracer.spans import a_day; "
        f"to_otlp(a_day(), {str(tmp_path / 't.json')!r}); from_otlp({str(tmp_path / 't.json')!r}); "
        "print(*[name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    ran = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, cwd=ROOT)
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_without_the_packages_a_collector_says_what_to_install(monkeypatch):
    load = builtins.__import__

    def without(name, *args, **options):
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return load(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TraceError, match=r"mojentic-nb\[otel\]"):
        to_otlp([], "http://127.0.0.1:9")
