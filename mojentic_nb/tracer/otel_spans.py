"""A span in OpenTelemetry's terms: one value that the file and the wire are written from.

Law: pure, and without OpenTelemetry's packages. Ids and times are the span's own. What was
said is left out unless it is asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from mojentic_nb.tracer import otel_names as names
from mojentic_nb.tracer.events_of import FindRow, chain_of, read_object
from mojentic_nb.tracer.otel_messages import messages_json
from mojentic_nb.tracer.span import CALL_KINDS, Span

__all__ = ["OtelSpan", "any_value", "otel_span", "request_json"]

INTERNAL, CLIENT = 1, 3
UNSET, ERROR = 0, 2

# All that protobuf has room for; a greater number is kept as its digits.
INT64 = range(-(2**63), 2**63)

# Words that protobuf's JSON has where JSON has none.
SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

# The conventions have them as doubles; a whole number would be written as an integer.
DOUBLES = {"temperature", "top_p", "presence_penalty", "frequency_penalty"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtelSpan:
    """What OpenTelemetry says of a span.

    Attributes:
        kind: Its own kind: 1 internal, 3 client.
        code: 0 for all that went well, 2 for what did not.
        message: What went wrong, in words.
        exception: Attributes of the exception's event; empty for none.
    """

    span: Span
    kind: int
    code: int
    message: str
    attributes: Mapping[str, Any]
    exception: Mapping[str, Any]


def otel_span(span: Span, *, content: bool = False, find: FindRow | None = None) -> OtelSpan:
    """Tell a span in OpenTelemetry's terms.

    Args:
        span: One that is over.
        content: Write what was said, too.
        find: Gives the message with a hash; needed for `content`.
    """
    failed = span.status != "ok"
    # What a tool failed with is what the model was told, and so content.
    message = span.error_message if content or span.kind != "tool" else ""
    error_type = span.error_type or ("" if span.status == "ok" else span.status)
    exception = {names.EXCEPTION_TYPE: error_type, names.EXCEPTION_MESSAGE: message}
    attributes = {**read_object(span.attrs), **_attributes(span), **_failure(span, error_type)}
    if content:
        attributes |= _content(span, find)

    return OtelSpan(
        span=span,
        kind=CLIENT if span.kind in CALL_KINDS else INTERNAL,
        code=ERROR if failed else UNSET,
        message=message if failed else "",
        attributes=attributes,
        exception=exception if failed else {},
    )


def _attributes(span: Span) -> dict[str, Any]:
    told = {
        name: value
        for column, name in names.FIELDS.items()
        if (value := getattr(span, column)) is not None and value != ""
    }
    operation = names.OPERATIONS.get(span.kind)
    if operation:
        told[names.OPERATION_NAME] = operation
    if span.finish_reason:
        told[names.FINISH_REASONS] = [span.finish_reason]
    if span.ttft_ms is not None:
        told[names.TIME_TO_FIRST_CHUNK] = span.ttft_ms / 1e3

    return {**told, **_server(span.server), **_parameters(span)}


def _server(server: str) -> dict[str, Any]:
    host, colon, port = server.rpartition(":")
    if colon and port.isdecimal():
        return {names.SERVER_ADDRESS: host, names.SERVER_PORT: int(port)}

    return {names.SERVER_ADDRESS: server} if server else {}


def _parameters(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in read_object(span.params).items():
        attribute = names.PARAMETERS.get(name, f"{names.PARAMETER_PREFIX}{name}")
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if name in DOUBLES and is_whole:
            value = float(value)
        if name == "stop" and isinstance(value, str):
            value = [value]
        told[attribute] = value

    return told


def _failure(span: Span, error_type: str) -> dict[str, Any]:
    told = {names.ERROR_TYPE: error_type} if error_type else {}
    return told if span.status in ("ok", "error") else {**told, names.STATUS: span.status}


def _content(span: Span, find: FindRow | None) -> dict[str, Any]:
    told = {
        name: value for column, name in names.CONTENT.items() if (value := getattr(span, column))
    }
    if find is None:
        return told

    sent = chain_of(span.in_tip, find)
    answered = chain_of(span.out_tip, find)[len(sent) :]
    if sent:
        told[names.INPUT_MESSAGES] = messages_json(sent)
    if answered:
        told[names.OUTPUT_MESSAGES] = messages_json(answered, finish_reason=span.finish_reason)

    return told


# OTLP's JSON ------------------------------------------------------------------


def request_json(spans: list[OtelSpan], *, service: str, version: str) -> dict[str, Any]:
    """One ExportTraceServiceRequest as OTLP's JSON has it: ids in hex, 64 bits as text."""
    resource = {"attributes": _key_values({names.SERVICE_NAME: service})}
    scope = {"name": names.SCOPE, "version": version}
    scope_spans = {
        "scope": scope,
        "spans": [_span_json(span) for span in spans],
        "schemaUrl": names.SCHEMA_URL,
    }
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope_spans]}]}


def _span_json(told: OtelSpan) -> dict[str, Any]:
    span = told.span
    written: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": told.kind,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _key_values(told.attributes),
        "status": {},
    }
    if span.parent_id:
        written["parentSpanId"] = span.parent_id
    if told.exception:
        event = {"timeUnixNano": str(span.end_ns), "name": names.EXCEPTION}
        written["events"] = [{**event, "attributes": _key_values(told.exception)}]
    if told.code:
        written["status"] = {"code": told.code}
        if told.message:
            written["status"]["message"] = told.message

    return written


def _key_values(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": any_value(value)} for name, value in attributes.items()]


def any_value(value: Any) -> dict[str, Any]:
    """A JSON value as OTLP's AnyValue."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue" if value in INT64 else "stringValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value if isfinite(value) else SPECIAL[str(value)]}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _key_values(value)}}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [any_value(one) for one in value]}}

    return {"stringValue": str(value)}
