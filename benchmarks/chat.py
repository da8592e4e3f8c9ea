"""A long conversation as a whole: how fast it opens, and what a turn costs as it grows.

Peers run in their own interpreter where `CHAT_PEERS` names one (`pip install chatlas mojentic`
there), on the same loopback server; what is not installed is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Row, Subject, beside
from mojentic_nb import ChatSession, LLMBroker, LLMMessage
from mojentic_nb.chat import Exchange
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.state import SQLiteStore

SIZES = (10, 100, 1000)
LONGEST = SIZES[-1]
OPEN_BAR_S = 1.0
# A turn after a thousand others may cost half as much again as one after ten.
FLAT_BAR = 1.5
# Tokens: at most ten exchanges go along, or all of them.
WINDOW, EVERYTHING = 512, 10**7
TURNS = 10
ROUNDS = 5

QUESTION = "{0}: And what is the tallest mountain of country number {0}, and how high is it?"
ANSWER = "{0}: That is Mount {0}, of {0} metres, and nobody has been on its top in winter yet."


def broker(url: str) -> LLMBroker:
    """Who answers at once, whatever is asked."""
    return LLMBroker("small", OpenAIGateway(api_key="k", base_url=f"{url}/v1"))


def after(url: str, turns: int, max_context: int) -> ChatSession:
    """A conversation of so many turns, as it is after one more."""
    chat = ChatSession(broker(url), "Be brief.", max_context=max_context)
    chat.append(map(exchange, range(turns)))
    chat.send("And now?")
    return chat


def exchange(number: int) -> Exchange:
    """One turn, unlike any other."""
    asked = LLMMessage.user(QUESTION.format(number))
    messages = (asked, LLMMessage.assistant(ANSWER.format(number)))
    return Exchange(id=f"{number:016x}", messages=messages, created_ns=number + 1)


def turns_of(chat: ChatSession) -> Callable[[], int]:
    """So many more turns, each time after the same ones."""

    def run() -> int:
        begun = chat.fork()
        for _ in range(TURNS):
            begun.send("And now?")
        return TURNS

    return run


def growth(url: str) -> list[Row]:
    """CPU of a turn as the conversation grows; in a window it must not."""
    rows = []
    for told, room in (("a few go along", WINDOW), ("all go along", EVERYTHING)):
        subjects = [Subject(f"after {n}", turns_of(after(url, n, room))) for n in SIZES]
        bars = {f"after {n}": FLAT_BAR for n in SIZES[1:]} if room == WINDOW else {}
        rows += beside(f"CPU of a turn, {told}", subjects, bars=bars, rounds=ROUNDS)

    return rows


def opened(url: str) -> list[Row]:
    """Wall seconds until a long conversation is there, and until its next turn is over."""
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "sessions.db")
        after(url, LONGEST, EVERYTHING).save("long", store=store)
        open_s = answered_s = float("inf")
        for _ in range(ROUNDS):
            asked = broker(url)
            began = time.perf_counter()
            chat = ChatSession.resume("long", asked, store=store, max_context=EVERYTHING)
            open_s = min(open_s, time.perf_counter() - began)
            chat.unsave()
            chat.send("And now?")
            answered_s = min(answered_s, time.perf_counter() - began)
        store.close()

    what = f"{LONGEST} turns from their file, at most {OPEN_BAR_S:.0f} s"
    return [
        Row(what, name, seconds, seconds / OPEN_BAR_S, 1.0)
        for name, seconds in (("opened", open_s), ("and the next one answered", answered_s))
    ]


def peers(url: str) -> list[Row]:
    """CPU of a turn of ours and of the peers, where all of the conversation goes along."""
    python = os.environ.get("CHAT_PEERS", sys.executable)
    script = Path(__file__).with_name("chat_peers.py")
    said = [(QUESTION.format(n), ANSWER.format(n)) for n in range(LONGEST)]
    done = subprocess.run(
        [python, str(script), url, str(TURNS), *map(str, SIZES)],
        input=json.dumps(said),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found: dict[str, list[float]] = json.loads(lines[-1]) if lines else {}
    rows = []
    for place, turns in enumerate(SIZES if found else ()):
        what = f"CPU of a turn after {turns}, beside others"
        (ours,) = beside(what, [Subject("mojentic_nb", turns_of(after(url, turns, EVERYTHING)))])
        rows += [ours, *(Row(what, name, each[place], each[place] / ours.seconds)
                         for name, each in found.items())]  # fmt: skip

    return rows


def conversations(url: str) -> list[Row]:
    """Everything about long conversations."""
    return [*opened(url), *growth(url), *peers(url)]
