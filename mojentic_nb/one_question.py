"""One question, without a broker to keep.

Law: nothing of its own; it makes a broker and asks it.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb.broker import LLMBroker
from mojentic_nb.plan import Prompt
from mojentic_nb.reply import Reply

__all__ = ["ask"]


def ask(prompt: Prompt, *, model: str | None = None, tools: Any = None, **options: Any) -> Reply:
    """Ask one question and wait for the answer.

    Args:
        prompt: Text or messages.
        model: Such as `"demo"` or `"ollama:llama3.2"`; by default what is there.
        tools: Tools or functions the model may call.
        **options: What `LLMBroker.generate` takes.
    """
    return LLMBroker(model).generate(prompt, tools, **options)
