"""Spans out to OpenTelemetry: to a collector, or to a file of OTLP's JSON.

Law: ids and times go out as they are, so that a trace is the same wherever it is looked
at. A file needs none of OpenTelemetry's packages; a collector does, and they load here, when
spans are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from itertools import islice
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.tracer import otel_names as names
from mojentic_nb.tracer.events_of import FindRow
from mojentic_nb.tracer.interchange import one_line, written
from mojentic_nb.tracer.otel_spans import INT64, OtelSpan, otel_span, request_json
from mojentic_nb.tracer.plain import whole
from mojentic_nb.tracer.span import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["readable_span", "to_otlp"]

# Spans of one request: well below the 4 MB that collectors take by default.
SPANS_A_REQUEST = 256
# Spans of one request where what was said goes with them.
SPANS_WITH_CONTENT = 32


def to_otlp(
    spans: Iterable[Span],
    target: str | PathLike[str],
    *,
    content: bool = False,
    find: FindRow | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
    service: str = names.SCOPE,
) -> int:
    """Send spans to a collector, or write them to a file, one request a line.

    Args:
        spans: Those that are over.
        target: A collector's address, such as `http://localhost:4318`, or a file.
        content: Write what was said, too; it leaves this machine with the numbers.
        find: Gives the message with a hash; needed for `content`.
        headers: Sent with each request, such as a key.
        timeout_s: Seconds for each request, its retries included.
        service: What the collector knows the notebook by.

    Returns:
        How many spans were written.

    Raises:
        TraceError: The collector does not take them, the file cannot be written, or
            OpenTelemetry's packages are missing; install "mojentic-nb[otel]".
        BadArgument: A file needs no headers.
    """
    told = (otel_span(span, content=content, find=find) for span in spans)
    size = SPANS_WITH_CONTENT if content else SPANS_A_REQUEST
    place = fspath(target)
    if place.startswith(("http://", "https://")):
        return _sent(_in_parts(told, size), place, headers, timeout_s, service)
    if headers:
        raise BadArgument(f"headers are for a collector, and {place!r} is a file.")

    return _filed(_in_parts(told, size), place, service)


def _in_parts(told: Iterable[OtelSpan], size: int) -> Iterator[list[OtelSpan]]:
    rest = iter(told)
    while part := list(islice(rest, size)):
        yield part


def _version() -> str:
    try:
        return metadata.version("mojentic-nb")
    except metadata.PackageNotFoundError:
        return ""


# a file ---------------------------------------------------------------------


def _filed(parts: Iterator[list[OtelSpan]], place: str, service: str) -> int:
    count = 0

    def lines() -> Iterator[str]:
        nonlocal count
        for part in parts:
            count += len(part)
            yield one_line(request_json(part, service=service, version=_version()))

    written(place, lines())
    return count


# a collector ----------------------------------------------------------------


def _sent(
    parts: Iterator[list[OtelSpan]],
    place: str,
    headers: Mapping[str, str] | None,
    timeout_s: float,
    service: str,
) -> int:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult
    except ImportError as missing:
        raise TraceError(
            "Sending spans to a collector needs OpenTelemetry's SDK and its OTLP exporter.",
            hint='pip install "mojentic-nb[otel]", or write to a file, which needs neither.',
        ) from missing

    url = _endpoint(place)
    exporter = OTLPSpanExporter(
        endpoint=url, headers=dict(headers) if headers else None, timeout=timeout_s
    )
    count = 0
    try:
        for part in parts:
            took = exporter.export([readable_span(told, service=service) for told in part])
            if took is not SpanExportResult.SUCCESS:
                raise TraceError(
                    f"The collector at {url} did not take {len(part)} spans; {count} are there.",
                    hint="It must speak OTLP over HTTP, usually on port 4318; the log of "
                    "`opentelemetry` says what it answered.",
                )
            count += len(part)
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]

    return count


def _endpoint(place: str) -> str:
    """A collector's address with the path for traces, unless it has a path of its own."""
    parts = urlsplit(place)
    return place if parts.path not in ("", "/") else urlunsplit(parts._replace(path="/v1/traces"))


def readable_span(told: OtelSpan, *, service: str) -> ReadableSpan:
    """A span of OpenTelemetry's SDK with our ids and times, made by hand."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
    from opentelemetry.trace.status import Status, StatusCode

    span = told.span

    def context(span_id: str) -> SpanContext:
        return SpanContext(
            int(span.trace_id, 16),
            int(span_id, 16),
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )

    exception: Any = _sendable(told.exception)
    events = [Event(names.EXCEPTION, exception, span.end_ns)] if exception else []
    code = StatusCode.ERROR if told.code else StatusCode.UNSET
    attributes: Any = _sendable(told.attributes)
    return ReadableSpan(
        whole(span.name),
        context=context(span.span_id),
        parent=context(span.parent_id) if span.parent_id else None,
        resource=Resource({names.SERVICE_NAME: service}),
        attributes=attributes,
        events=events,
        kind=SpanKind.CLIENT if told.kind == 3 else SpanKind.INTERNAL,
        status=Status(code, whole(told.message) or None),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=InstrumentationScope(names.SCOPE, _version(), names.SCHEMA_URL),
    )


def _sendable(value: Any) -> Any:
    """A JSON value as protobuf takes it: its own encoder leaves out all that does not fit."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, int):
        return value if value in INT64 else str(value)
    if isinstance(value, Mapping):
        return {whole(name): _sendable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(one) for one in value]

    return value
