"""Other conversations, timed in an interpreter that has them; prints CPU seconds a turn as JSON.

Imports nothing of ours: it runs where we are not installed. What was said comes on stdin.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

ROUNDS = 3
Said = list[tuple[str, str]]


class Words:
    """Counts words: the real tokenizer would be fetched from elsewhere, and cost more."""

    def encode(self, text: str) -> list[str]:
        return text.split()


def timed(begun: Callable[[], Callable[[str], object]], turns: int) -> float:
    least_s = float("inf")
    for _ in range(ROUNDS):
        ask = begun()
        ask("And now?")
        began = time.process_time()
        for _turn in range(turns):
            ask("And now?")
        least_s = min(least_s, (time.process_time() - began) / turns)

    return least_s


def chatlas(url: str, said: Said) -> Callable[[str], object]:
    found = import_module("chatlas")
    chat = found.ChatOpenAICompletions(
        model="small", api_key="k", base_url=f"{url}/v1", system_prompt="Be brief."
    )
    turns = []
    for question, answer in said:
        turns += [found.UserTurn(question), found.AssistantTurn(answer)]
    chat.set_turns(turns)
    return lambda text: str(chat.chat(text, echo="none", stream=True))


def mojentic(url: str, said: Said) -> Callable[[str], object]:
    llm = import_module("mojentic.llm")
    models = import_module("mojentic.llm.gateways.models")
    gateway = import_module("mojentic.llm.gateways").OpenAIGateway(
        api_key="k", base_url=f"{url}/v1"
    )
    broker = llm.LLMBroker("small", gateway, tokenizer=Words())
    chat = llm.ChatSession(broker, "Be brief.", max_context=10**7, tokenizer_gateway=Words())
    for question, answer in said:
        for role, text in (("User", question), ("Assistant", answer)):
            role_of: Any = models.MessageRole[role]
            chat.insert_message(models.LLMMessage(role=role_of, content=text))
    return lambda text: chat.send(text)


def main() -> None:
    """Time whatever is here."""
    logging.disable(logging.CRITICAL)
    url, turns = sys.argv[1], int(sys.argv[2])
    said: Said = [(question, answer) for question, answer in json.load(sys.stdin)]
    sizes = list(map(int, sys.argv[3:]))
    found = {}
    for name, begin in (("chatlas", chatlas), ("Mojentic", mojentic)):
        with suppress(ImportError):
            found[name] = [timed(partial(begin, url, said[:size]), turns) for size in sizes]

    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
