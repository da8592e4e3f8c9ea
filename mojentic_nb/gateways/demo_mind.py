"""The offline demo model: a request body in, the frames of its answer out.

Law: pure. The same body gives the same frames on every machine and every day: no
clock, no random number, no I/O, no hash order. This file chooses between a tool
call, a filled schema and words, and cuts the answer into frames; the choosing of
each is in `demo_tools`, `demo_schema` and `demo_words`. The only caller is the
demo gateway's transport, which adds the pace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways import demo_rules, demo_schema, demo_sight, demo_tools, demo_words

# The mind has no clock; a fixed day also keeps cassettes and notebooks comparable.
CREATED_AT = "2026-01-01T00:00:00Z"
DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
REPAIR = re.compile(
    r"(?:not|doesn't|didn't|failed to) (?:\w+ ){0,4}?(?:validate|valid|match|parse|fit)"
    r"|validation error|fails? validation|invalid json",
    re.IGNORECASE,
)
# Documents as the encoder puts them before a prompt: a name, and a fence.
DOCUMENTS = re.compile(r"\A(?:[^\n]*:\n(?P<fence>`{3,})\n.*?\n?(?P=fence)\n+)+", re.DOTALL)
THOUGHTS = "Rules, not thoughts: the first one that fits these words gives the answer."
REFERS = re.compile(r"\b(?:it|that|this|them|these|those|above|again|previous|earlier)\b", re.I)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The conversation as the rules need it."""

    prompts: tuple[str, ...]
    system: str
    images: tuple[str, ...]
    introduced: bool
    called: tuple[str, ...]
    results: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, messages: Sequence[Mapping[str, Any]]) -> Turn:
        """Read the messages; calls and results count from the last user message on."""
        last = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=0)
        since = messages[last:]
        called = tuple(name for message in since for name in _called(message))
        said = [_text(m) for m in messages if m.get("role") == "assistant"]
        return cls(
            prompts=tuple(_text(m) for m in messages if m.get("role") == "user"),
            system="\n".join(_text(m) for m in messages if m.get("role") == "system"),
            images=tuple(demo_sight.seen(one) for m in since[:1] for one in m.get("images") or ()),
            introduced=any("rule-based" in text for text in said),
            called=called,
            results=_results(since, called),
        )

    @property
    def prompt(self) -> str:
        """The user's latest message."""
        return self.prompts[-1] if self.prompts else ""

    @property
    def asked(self) -> demo_rules.Asked:
        """The turn as the rules of words want it."""
        return demo_rules.Asked(
            prompt=self.prompt,
            before=self.prompts[:-1],
            system=self.system,
            images=self.images,
            orders=DOCUMENTS.sub("", self.prompt, count=1).strip(),
            introduced=self.introduced,
        )


def _text(message: Mapping[str, Any]) -> str:
    return str(message.get("content") or "")


def _called(message: Mapping[str, Any]) -> list[str]:
    calls = message.get("tool_calls") or []
    return [str(call.get("function", {}).get("name", "")) for call in calls]


def _results(
    since: Sequence[Mapping[str, Any]], called: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Each tool message with the tool's name, taken from its call where it names none."""
    told = [message for message in since if message.get("role") == "tool"]
    spare = [*called, *["tool"] * len(told)]
    return tuple(
        (str(message.get("tool_name") or message.get("name") or name), _text(message))
        for message, name in zip(told, spare, strict=False)
    )


def respond(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Frames of Ollama's /api/chat for one request body, in order, without the pace."""
    turn = Turn.of(body.get("messages") or [])
    calls = demo_tools.calls_for(
        turn.prompt, body.get("tools") or [], turn.called, [content for _, content in turn.results]
    )
    if not calls and not turn.called and body.get("tool_choice") == "required":
        calls = demo_tools.forced(turn.prompt, body["tools"])
    text, reason = ("", "stop") if calls else _limited(_answer(turn, body.get("format")), body)
    message: dict[str, Any] = {"content": text} | ({"tool_calls": calls} if calls else {})
    if body.get("think"):
        message["thinking"] = THOUGHTS
    return _frames(message, reason, body)


def _answer(turn: Turn, form: object) -> str:
    if form == "json":
        return json.dumps({"answer": _in_words(turn)}, ensure_ascii=False)

    if isinstance(form, Mapping) and form:
        filled = demo_schema.fill(form, _facts_text(turn), _plainly(turn))
        return json.dumps(filled, ensure_ascii=False)

    return _in_words(turn)


def _in_words(turn: Turn) -> str:
    return demo_tools.answer_from(turn.results) if turn.results else demo_words.reply(turn.asked)


def _plainly(turn: Turn) -> demo_schema.Answer:
    """Answer a field such as "answer" in plain words, from a tool's result where there is one."""

    def say(text: str) -> str:
        if turn.results:
            return demo_tools.answer_from(turn.results)

        return demo_words.answer(replace(turn.asked, prompt=text)).replace("**", "")

    return say


def _facts_text(turn: Turn) -> str:
    """The prompt that carries the facts: not a repair, and not a bare "do that again"."""
    told = [prompt for prompt in turn.prompts if not _is_repair(prompt)] or list(turn.prompts)
    text = told[-1] if told else ""
    if len(told) > 1 and REFERS.search(text) and not facts.names(text) and not facts.numbers(text):
        text = told[-2]

    return "\n".join([text, *(content for _, content in turn.results)])


def _is_repair(prompt: str) -> bool:
    start = prompt[:4000]
    return bool(REPAIR.search(start) and re.search(r"json|schema|answer|reply", start, re.I))


def _limited(text: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Cut at a stop string, then at the number of words the request allows."""
    options = body.get("options") or {}
    stops = options.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0] if stop else text

    allowed = options.get("num_predict")
    words = _words(text)
    if allowed is None or allowed <= 0 or len(words) <= allowed:
        return text, "stop"

    return "".join(words[:allowed]), "length"


def _words(text: str) -> list[str]:
    """Words with the space after them; joined they are the text again."""
    return re.findall(r"^\s*\S+\s*|\S+\s*", text) or ([text] if text else [])


def _frames(message: dict[str, Any], reason: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    def frame(said: dict[str, Any], **more: Any) -> dict[str, Any]:
        whole = {"role": "assistant", **said}
        return {"model": model, "created_at": CREATED_AT, "message": whole, **more}

    model = str(body.get("model") or "demo")
    words = [] if "tool_calls" in message else _words(message["content"])
    thought = message.get("thinking", "")
    written = message["content"] + json.dumps(message.get("tool_calls") or "")
    end = {
        "done": True,
        "done_reason": reason,
        **dict.fromkeys(DURATIONS, 0),
        "prompt_eval_count": max(
            1, sum(words_and_marks(_text(m)) for m in body.get("messages") or [])
        ),
        "eval_count": words_and_marks(thought)
        + words_and_marks(written if "tool_calls" in message else message["content"]),
    }
    if body.get("stream") is False:
        return [frame(message, **end)]

    told = [{"content": "", "thinking": word} for word in _words(thought)]
    told += [{"content": word} for word in words]
    if "tool_calls" in message:
        told.append({"content": message["content"], "tool_calls": message["tool_calls"]})
    return [*(frame(part, done=False) for part in told), frame({"content": ""}, **end)]


def words_and_marks(text: str) -> int:
    """Words and marks: a stand-in for tokens that any reader can check by hand."""
    return len(re.findall(r"\w+|[^\w\s]", text))
