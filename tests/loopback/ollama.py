"""How Ollama 0.12 speaks: newline-delimited JSON.

Law: pure, as `speech.py` demands. Field names and their order follow a real
server, because people paste recordings next to these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.loopback.answer import Answer, JsonObject, ToolUse, cut_words
from tests.loopback.speech import CREATED_TEXT, Frame, Page, Shelf, compact, embed, texts_of

VERSION = "0.12.6"


class OllamaSpeech:
    """Ollama's native API."""

    name = "ollama"
    stream_type = "application/x-ndjson"
    call_prefix = None

    def wants_stream(self, body: JsonObject) -> bool:
        """Ollama streams unless told otherwise."""
        return body.get("stream") is not False

    def fit(self, answer: Answer, body: JsonObject) -> Answer:
        """Ollama obliges nothing."""
        return answer

    def frames(self, answer: Answer, body: JsonObject) -> list[Frame]:
        """Thoughts, words, one frame per call, then the totals."""
        model = body.get("model", "")
        said = [
            record(model, part) | weighed(part, body) | {"done": False} for part in parts(answer)
        ]
        last = record(model, {"content": ""}) | totals(answer)
        return [*(Frame(line(told), "chunk") for told in said), Frame(line(last), "end")]

    def whole(self, answer: Answer, body: JsonObject) -> JsonObject:
        """The message and the totals in one object."""
        message: JsonObject = {"content": answer.said}
        if answer.thinking:
            message["thinking"] = answer.thinking

        if answer.tools:
            message["tool_calls"] = [call(tool, index) for index, tool in enumerate(answer.tools)]

        heard = [told for part in parts(answer) for told in weighed(part, body).get("logprobs", [])]
        logprobs = {"logprobs": heard} if heard else {}
        return record(body.get("model", ""), message) | logprobs | totals(answer)

    def error(self, status: int, message: str, code: str | None = None) -> JsonObject:
        """Ollama's errors are a sentence."""
        return {"error": message}

    def error_frame(self, message: str) -> Frame:
        """In mid-stream too, just the sentence."""
        return Frame(line({"error": message}))

    def malformed_frame(self) -> Frame:
        """A line that breaks off where its content should stand."""
        return Frame(b'{"model":"loopback","message":{"role":"assistant","content":\n')

    def missing(self, model: str) -> Page:
        """As a chat with a model that was never pulled."""
        return Page(404, self.error(404, f'model "{model}" not found, try pulling it first'))

    def page(self, method: str, path: str, body: JsonObject, shelf: Shelf) -> Page | None:
        """Listings, details, version and embeddings."""
        match method, path:
            case "GET", "/api/tags":
                return Page(200, {"models": [tag(model) for model in shelf.models]})
            case "GET", "/api/version":
                return Page(200, {"version": VERSION})
            case "POST", "/api/show":
                return self.show(str(body.get("model") or body.get("name") or ""), shelf)
            case "POST", "/api/embed":
                return self.embeddings(body)
            case _:
                return None

    def show(self, model: str, shelf: Shelf) -> Page:
        """One model's details; a name without a tag means `latest`."""
        if model not in shelf.models and f"{model}:latest" not in shelf.models:
            return Page(404, {"error": f"model '{model}' not found"})

        able = shelf.capabilities.get(model, ["completion", "tools"])
        architecture = {"general.architecture": "llama", "llama.context_length": 131072}
        asked = shelf.parameters.get(model)
        return Page(
            200,
            {
                "modelfile": f"FROM {model}\n",
                **({"parameters": asked} if asked else {}),
                "template": "{{ .Prompt }}",
                "details": details(),
                "model_info": architecture,
                "capabilities": able,
                "modified_at": CREATED_TEXT,
            },
        )

    def embeddings(self, body: JsonObject) -> Page:
        """One vector per text."""
        model, texts = str(body.get("model", "")), texts_of(body.get("input"))
        if model == "missing":
            return self.missing(model)

        return Page(
            200,
            {
                "model": model,
                "embeddings": [embed(text) for text in texts],
                "total_duration": 14143917,
                "load_duration": 1019500,
                "prompt_eval_count": len(texts),
            },
        )


class OllamaPullSpeech(OllamaSpeech):
    """The same server while it fetches a model."""

    def frames(self, answer: Answer, body: JsonObject) -> list[Frame]:
        """How far it is, record by record."""
        return [Frame(line(told), "chunk") for told in pulled(answer)]

    def whole(self, answer: Answer, body: JsonObject) -> JsonObject:
        """Only the end."""
        return {"status": "success"}


def pulled(answer: Answer) -> Iterator[JsonObject]:
    """A pull's records: one layer of 1000 bytes for each word of the answer."""
    yield {"status": "pulling manifest"}
    for word in answer.text_chunks:
        digest = "sha256:" + hashlib.sha256(word.encode()).hexdigest()
        layer = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": 1000}
        # The first record of a layer has no `completed`, as Go leaves a zero out.
        yield from (layer, layer | {"completed": 500}, layer | {"completed": 1000})

    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield {"status": status}


def weighed(part: JsonObject, body: JsonObject) -> JsonObject:
    """Log-probabilities of a record's words, where the request asks for them."""
    if not body.get("logprobs") or not part.get("content"):
        return {}

    told = {"token": part["content"], "logprob": -0.5, "bytes": list(part["content"].encode())}
    others = [{"token": f"{place}", "logprob": -1.0 - place} for place in range(asked_for(body))]
    return {"logprobs": [told | ({"top_logprobs": others} if others else {})]}


def asked_for(body: JsonObject) -> int:
    """How many likeliest tokens a request wants with each token."""
    return int(body.get("top_logprobs") or 0)


def line(value: Any) -> bytes:
    """One record of the stream."""
    return compact(value) + b"\n"


def parts(answer: Answer) -> Iterator[JsonObject]:
    """What each record adds to the message; a call arrives whole."""
    for word in cut_words(answer.thinking):
        yield {"content": "", "thinking": word}

    for word in answer.text_chunks:
        yield {"content": word}

    for index, tool in enumerate(answer.tools):
        yield {"content": "", "tool_calls": [call(tool, index)]}


def record(model: str, message: JsonObject) -> JsonObject:
    """What every record carries."""
    return {
        "model": model,
        "created_at": CREATED_TEXT,
        "message": {"role": "assistant"} | message,
    }


def call(tool: ToolUse, index: int) -> JsonObject:
    """A tool call; Ollama sends arguments as an object, never in fragments."""
    identity = {} if tool.id is None else {"id": tool.id}
    function = {"index": index, "name": tool.name, "arguments": tool.argument_value}
    return identity | {"function": function}


def totals(answer: Answer) -> JsonObject:
    """The last record's own fields; durations are in nanoseconds.

    Ollama has no word for tool calls or filtered content: it says `stop`.
    """
    tokens_in, tokens_out = answer.usage
    return {
        "done": True,
        "done_reason": "length" if answer.reason == "length" else "stop",
        "total_duration": 174560334,
        "load_duration": 101397084,
        "prompt_eval_count": tokens_in,
        "prompt_eval_duration": 13074791,
        "eval_count": tokens_out,
        "eval_duration": 52479709,
    }


def tag(model: str) -> JsonObject:
    """One line of the listing."""
    return {
        "name": model,
        "model": model,
        "modified_at": CREATED_TEXT,
        "size": 2019393189,
        "digest": hashlib.sha256(model.encode()).hexdigest(),
        "details": details(),
    }


def details() -> JsonObject:
    """What every model here is made of."""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "3.2B",
        "quantization_level": "Q4_K_M",
    }
