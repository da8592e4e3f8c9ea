"""From what is over to a `Span`: names, numbers, prices, previews, all of it scrubbed.

Law: runs where nobody waits. Whatever cannot be told is left out; nothing raises.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import to_json

from mojentic_nb.errors import GatewayError
from mojentic_nb.events import Answer, ToolReturned, Usage
from mojentic_nb.messages import LLMMessage, MessageRole
from mojentic_nb.request import ChatRequest, EmbeddingRequest
from mojentic_nb.tracer.content import Content
from mojentic_nb.tracer.finished import Finished
from mojentic_nb.tracer.plain import as_json, whole
from mojentic_nb.tracer.rows import PriceRow
from mojentic_nb.tracer.scrubbing import Scrubber
from mojentic_nb.tracer.span import Span

__all__ = ["LONGEST_PREVIEW", "LONGEST_RESULT", "Assembly"]

LONGEST_PREVIEW = 200
# Characters of a tool's result that are kept; its true size is told beside it.
LONGEST_RESULT = 4000
# Who calls tools where nobody says otherwise, as Mojentic names it.
CALLER = "LLMBroker"

_OPERATIONS = {"llm": "chat", "tool": "execute_tool", "agent": "invoke_agent"}
_SETTINGS = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "num_ctx",
    "seed",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
    "tool_choice",
)


class Assembly:
    """Writes spans out.

    Args:
        run_id: This run of the process.
        scrubber: Takes secrets out of all text.
        content: Keeps what was said.
        keeps: Whether this one's content is kept; asked once for every trace.
    """

    def __init__(self, run_id: str, scrubber: Scrubber, content: Content, *, keeps: Any) -> None:
        self._run_id = run_id
        self._scrubber = scrubber
        self._content = content
        self._keeps = keeps
        self._prices: dict[str, PriceRow] = {}
        self._new_prices: list[PriceRow] = []

    def take_new_prices(self) -> list[PriceRow]:
        """Prices that no span had before."""
        new, self._new_prices = self._new_prices, []
        return new

    def all_prices(self) -> list[PriceRow]:
        """Every price that spans so far were reckoned with."""
        return list(self._prices.values())

    def span(self, done: Finished) -> Span:
        """Write one out."""
        place, cell = done.place, done.place.cell
        fields: dict[str, Any] = {
            "span_id": place.span_id,
            "trace_id": place.trace_id,
            "parent_id": place.parent_id,
            "correlation_id": done.correlation_id,
            "session_id": place.session_id,
            "run_id": self._run_id,
            "kind": done.kind,
            "name": done.name,
            "start_ns": done.start_ns,
            "end_ns": max(done.start_ns, done.end_ns),
            "status": done.status,
            "batch_id": done.batch_id,
            "attrs": self._scrubber.value(done.attrs) if done.attrs else {},
        }
        if cell is not None:
            fields["cell_exec"], fields["cell_id"] = cell.number, cell.id
        if done.wait_s or done.kind == "llm":
            fields["wait_ms"] = round(done.wait_s * 1e3, 3)
        if done.error is not None or done.error_type:
            fields["error_type"], fields["error_message"] = self._error(done)

        keeps = done.has_content and self._keeps(place.trace_id)
        if done.asked is not None:
            self._about_call(fields, done, keeps)
        if done.returned is not None:
            self._about_tool(fields, done.returned, keeps)
        fields.update(done.known)
        fields["attrs"] = _json(fields["attrs"]) if fields["attrs"] else "{}"
        fields["name"] = fields["name"] or _name(fields)
        return Span(**{name: _kept(value) for name, value in fields.items()})

    def _error(self, done: Finished) -> tuple[str, str]:
        kind = done.error_type or type(done.error).__name__
        told = "" if done.error is None else str(getattr(done.error, "message", done.error))
        return kind, self._scrubber.text(told, "error")[:LONGEST_RESULT]

    # calls ------------------------------------------------------------------

    def _about_call(self, fields: dict[str, Any], done: Finished, keeps: bool) -> None:
        asked, answer = done.asked, done.answer
        assert asked is not None
        fields["model"] = asked.model
        gateway = asked.gateway
        if gateway is not None:
            fields["provider"] = str(getattr(gateway, "name", ""))
            fields["server"] = _server(str(getattr(gateway, "url", "")))

        if isinstance(asked.request, EmbeddingRequest):
            self._about_texts(fields, asked.request, answer, keeps)
            return

        is_call = done.kind == "llm"
        if isinstance(asked.request, ChatRequest) and is_call:
            self._about_request(fields, asked.request, keeps)
        if answer is not None:
            self._about_answer(fields, answer, is_call=is_call, keeps=keeps)
        elif is_call:
            self._about_partial(fields, done, keeps)
        if is_call:
            fields["retries"] = done.retries
            self._said(fields, done, keeps)

    def _about_request(self, fields: dict[str, Any], request: ChatRequest, keeps: bool) -> None:
        last = request.messages[-1].content or "" if request.messages else ""
        fields["params"] = _params(request)
        fields["stream"] = request.stream
        fields["n_messages"] = len(request.messages)
        fields["n_tools_offered"] = len(request.tools)
        if request.tools:
            fields["attrs"]["tools"] = [one.name for one in request.tools]
        fields["prompt_chars"] = len(last)
        if keeps:
            fields["prompt_preview"] = self._preview(last)

    def _about_texts(
        self, fields: dict[str, Any], request: EmbeddingRequest, answer: Answer | None, keeps: bool
    ) -> None:
        """Of embeddings: what was sent is counted, and only its beginning is kept."""
        fields["attrs"]["texts"] = len(request.texts)
        fields["prompt_chars"] = sum(map(len, request.texts))
        if keeps:
            fields["prompt_preview"] = self._preview(request.texts[0])
        if answer is not None:
            self._about_usage(fields, answer)
            if answer.recorded is not None:
                fields["attrs"]["replayed"] = True

    def _about_answer(
        self, fields: dict[str, Any], answer: Answer, *, is_call: bool, keeps: bool
    ) -> None:
        fields["finish_reason"] = answer.finish_reason
        if keeps:
            fields["response_preview"] = self._preview(answer.text)
        if not is_call:  # its calls have the numbers, and would be counted twice
            return

        fields["response_model"] = answer.model
        fields["response_id"] = answer.response_id
        fields["response_chars"] = len(answer.text)
        fields["n_chunks"] = answer.chunks
        fields["n_tool_calls"] = len(answer.tool_calls)
        fields["cache_hit"] = answer.is_cached
        fields.update(answer.durations)
        if answer.recorded is not None:
            fields["attrs"]["replayed"] = True
        if answer.first_at is not None:
            fields["ttft_ms"] = round((answer.first_at - answer.asked_at) * 1e3, 3)
        self._about_usage(fields, answer)

    def _about_usage(self, fields: dict[str, Any], answer: Answer) -> None:
        usage = answer.usage
        fields["input_tokens"] = usage.input_tokens
        fields["output_tokens"] = usage.output_tokens
        fields["cache_read_tokens"] = usage.cached_tokens
        fields["cache_write_tokens"] = usage.cache_write_tokens
        fields["reasoning_tokens"] = usage.reasoning_tokens
        is_told = usage.input_tokens is not None or usage.output_tokens is not None
        fields["tokens_source"] = "provider" if is_told else "none"
        fields["cost"], fields["price_id"] = self._cost(fields.get("provider", ""), fields, usage)

    def _cost(
        self, provider: str, fields: dict[str, Any], usage: Usage
    ) -> tuple[float | None, str]:
        from mojentic_nb.catalogue import card, cost_usd

        known = card(provider, fields["model"])
        if fields["kind"] == "embeddings":  # vectors are no tokens
            usage = replace(usage, output_tokens=0)
        cost = cost_usd(usage, known)
        if known.price.is_free:
            return cost, "local"
        if known.price.input is None and known.price.output is None:
            return None, ""

        price = known.price.at(usage.input_tokens or 0)
        rates = (price.input, price.output, price.cached_input, price.cache_write)
        price_id = f"{provider}:{known.id or known.model}:{known.priced_on or 'own'}"
        price_id = price_id if price == known.price else f"{price_id}:long"
        row = PriceRow(
            price_id, provider, known.model, *rates, 1_000_000, known.priced_on, known.source
        )
        if self._prices.get(price_id) != row:
            self._prices[price_id] = row
            self._new_prices.append(row)
        return cost, price_id

    def _about_partial(self, fields: dict[str, Any], done: Finished, keeps: bool) -> None:
        text = done.partial or str(getattr(done.error, "partial", "") or "")
        fields["response_chars"] = len(text)
        if keeps:
            fields["response_preview"] = self._preview(text)
        if isinstance(done.error, GatewayError) and done.error.status is not None:
            fields["attrs"]["http_status"] = done.error.status

    def _said(self, fields: dict[str, Any], done: Finished, keeps: bool) -> None:
        assert done.asked is not None
        request, answer = done.asked.request, done.answer
        if not keeps or not isinstance(request, ChatRequest):
            return

        fields["in_tip"] = tip = self._content.chain(request.messages)
        if answer is not None:
            said = LLMMessage.model_construct(
                role=MessageRole.Assistant,
                content=answer.text or None,
                thinking=answer.thinking or None,
                tool_calls=list(answer.tool_calls) or None,
            )
            fields["out_tip"] = self._content.chain([said], after=tip)
        elif done.partial:
            said = LLMMessage.assistant(done.partial)
            fields["out_tip"] = self._content.chain([said], after=tip)

    # tools ------------------------------------------------------------------

    def _about_tool(self, fields: dict[str, Any], returned: ToolReturned, keeps: bool) -> None:
        call = returned.call
        fields["tool_name"] = call.name
        fields["caller"] = CALLER
        fields["tool_call_id"] = call.id or ""
        fields["attempt"] = returned.attempts
        fields["result_bytes"] = len(returned.text.encode("utf-8", "surrogatepass"))
        if not returned.ok:
            fields["error_type"] = returned.error_type or _error_type(returned)
            fields["error_message"] = self._scrubber.text(returned.text, "error")[:LONGEST_RESULT]
        if returned.is_refused:
            fields["attrs"]["refused_by"] = returned.decided_by or "policy"
        if keeps and self._content.capture != "none":
            fields["tool_args"] = _json(self._scrubber.value(call.arguments))
            fields["tool_result"] = self._scrubber.text(returned.text, "tool")[:LONGEST_RESULT]

    def _preview(self, text: str) -> str:
        if self._content.capture == "none":
            return ""

        # A secret must not hide by being cut in half.
        return self._scrubber.text(text[: LONGEST_PREVIEW * 4], "preview")[:LONGEST_PREVIEW]


def _kept(value: Any) -> Any:
    # Half of a surrogate pair, which a torn answer may hold, fits into no file.
    return value if not isinstance(value, str) or value.isascii() else whole(value)


def _json(value: Any) -> str:
    try:
        return to_json(value, fallback=repr).decode()
    except ValueError:  # such half a pair, again
        return as_json(value)


def _error_type(returned: ToolReturned) -> str:
    return "refused" if returned.is_refused else "tool_error"


def _name(fields: dict[str, Any]) -> str:
    kind = fields["kind"]
    what = fields.get("tool_name") or fields.get("agent_to") or fields.get("model") or ""
    return f"{_OPERATIONS.get(kind, kind)} {what}".strip()


@lru_cache(maxsize=256)
def _server(url: str) -> str:
    """Host and port; no user, no path."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""

    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def _params(request: ChatRequest) -> str:
    config = request.config
    found = {name: value for name in _SETTINGS if (value := getattr(config, name)) is not None}
    if request.schema is not None or request.is_json:
        found["output_type"] = "json"

    return _json(found) if found else "{}"
