"""mojentic_nb: the notebook as a laboratory for language models.

Law: importing this loads nothing heavy; every public name comes on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mojentic_nb.arrival_of_pandas import watch as _watch
from mojentic_nb.place import standing as _standing

if TYPE_CHECKING:
    from mojentic_nb import batch as batch
    from mojentic_nb import catalogue as catalogue
    from mojentic_nb import compare as compare
    from mojentic_nb import errors as errors
    from mojentic_nb.background import Job
    from mojentic_nb.batch.asking import abatch
    from mojentic_nb.broker import LLMBroker
    from mojentic_nb.catalogue import ModelCard
    from mojentic_nb.chat import ChatSession
    from mojentic_nb.clock import FrozenClock
    from mojentic_nb.compare.asking import acompare
    from mojentic_nb.composers import FileTypeSensor, MessageBuilder
    from mojentic_nb.config import CompletionConfig, Timeouts
    from mojentic_nb.events import Usage
    from mojentic_nb.gateways.anthropic import AnthropicGateway
    from mojentic_nb.gateways.cassette import Cassette
    from mojentic_nb.gateways.demo import DemoGateway
    from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway
    from mojentic_nb.gateways.ollama import OllamaGateway
    from mojentic_nb.gateways.openai import OpenAIGateway
    from mojentic_nb.hooks.budget import Budget
    from mojentic_nb.hooks.cache import ResponseCache
    from mojentic_nb.hooks.limit import RateLimit
    from mojentic_nb.hooks.redaction import Redaction
    from mojentic_nb.hooks.retry import Retry
    from mojentic_nb.media import DocumentPart, ImagePart
    from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
    from mojentic_nb.one_question import ask
    from mojentic_nb.reply import Reply
    from mojentic_nb.tokens import TokenCount, TokenizerGateway
    from mojentic_nb.tools.definition import LLMTool, tool
    from mojentic_nb.tools.definition import LLMTool as BaseTool
    from mojentic_nb.tracer import (
        EventStore,
        NullTracer,
        TracerSystem,
        current_tracer,
        null_tracer,
        use_tracer,
    )
    from mojentic_nb.widgets.chat import ChatWidget
    from mojentic_nb.widgets.trace import TraceWidget

__version__ = "0.1.0"

_HOMES = {
    "AnthropicGateway": "gateways.anthropic",
    "BaseTool": "tools.definition:LLMTool",
    "Budget": "hooks.budget",
    "Cassette": "gateways.cassette",
    "ChatSession": "chat",
    "ChatWidget": "widgets.chat",
    "CompletionConfig": "config",
    "DemoGateway": "gateways.demo",
    "DocumentPart": "media",
    "EmbeddingsGateway": "gateways.embeddings_gateway",
    "EventStore": "tracer",
    "FileTypeSensor": "composers",
    "FrozenClock": "clock",
    "ImagePart": "media",
    "Job": "background",
    "LLMBroker": "broker",
    "LLMMessage": "messages",
    "LLMTool": "tools.definition",
    "LLMToolCall": "messages",
    "MessageBuilder": "composers",
    "MessageRole": "messages",
    "ModelCard": "catalogue",
    "NullTracer": "tracer",
    "OllamaGateway": "gateways.ollama",
    "OpenAIGateway": "gateways.openai",
    "RateLimit": "hooks.limit",
    "Redaction": "hooks.redaction",
    "Reply": "reply",
    "ResponseCache": "hooks.cache",
    "Retry": "hooks.retry",
    "Timeouts": "config",
    "TokenCount": "tokens",
    "TokenizerGateway": "tokens",
    "TraceWidget": "widgets.trace",
    "TracerSystem": "tracer",
    "Usage": "events",
    "abatch": "batch.asking",
    "acompare": "compare.asking",
    "ask": "one_question",
    "batch": "",
    "catalogue": "",
    "compare": "",
    "current_tracer": "tracer",
    "errors": "",
    "null_tracer": "tracer",
    "tool": "tools.definition",
    "tools": "",
    "use_tracer": "tracer",
}

__all__ = [
    "AnthropicGateway",
    "BaseTool",
    "Budget",
    "Cassette",
    "ChatSession",
    "ChatWidget",
    "CompletionConfig",
    "DemoGateway",
    "DocumentPart",
    "EmbeddingsGateway",
    "EventStore",
    "FileTypeSensor",
    "FrozenClock",
    "ImagePart",
    "Job",
    "LLMBroker",
    "LLMMessage",
    "LLMTool",
    "LLMToolCall",
    "MessageBuilder",
    "MessageRole",
    "ModelCard",
    "NullTracer",
    "OllamaGateway",
    "OpenAIGateway",
    "RateLimit",
    "Redaction",
    "Reply",
    "ResponseCache",
    "Retry",
    "Timeouts",
    "TokenCount",
    "TokenizerGateway",
    "TraceWidget",
    "TracerSystem",
    "Usage",
    "abatch",
    "acompare",
    "ask",
    "batch",
    "catalogue",
    "compare",
    "current_tracer",
    "errors",
    "null_tracer",
    "tool",
    "tools",
    "use_tracer",
]


def _widget_of(name: str) -> Any:
    return import_module(f"{__name__}.widgets.{name}").opened


_watch()  # df.llm
_standing.widget_of = _widget_of


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    home, _, other_name = _HOMES[name].partition(":")
    if not home:
        found: Any = import_module(f"{__name__}.{name}")
    else:
        found = getattr(import_module(f"{__name__}.{home}"), other_name or name)

    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics: `%load_ext mojentic_nb`."""
    from mojentic_nb.magics import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics away again: `%unload_ext mojentic_nb`."""
    from mojentic_nb.magics import unload

    unload(ipython)
