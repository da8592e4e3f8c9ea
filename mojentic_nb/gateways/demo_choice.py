"""Which tools a prompt gives a reason to call.

Law: pure. A tool is chosen by evidence: words of the prompt that its name,
description or parameters share, and values that fit its parameters. A word once
used as evidence for one tool is spent, so two tools are chosen only when the
prompt gives each a reason of its own. `demo_tools` is the only caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways import demo_valid as valid
from mojentic_nb.gateways.demo_arithmetic import expression_in

ENOUGH = 3
# What a sum in the prompt is worth to a tool that takes any expression.
CALCULATOR = 4.0
# Verbs that half of all tools share: alone they are no reason to call one.
GENERIC = frozenset(
    facts.stem(word)
    for word in "list find show make create set read write run search fetch look up load open "
    "check current new text data value number file print send do".split()
)
SYNONYMS = {
    "add": "plus sum total",
    "sum": "add plus total",
    "plus": "add sum",
    "subtract": "minus",
    "multiply": "times product",
    "divide": "divided over",
    "weather": "forecast rain sunny",
    "forecast": "weather",
    "temperature": "warm cold hot",
    "datetime": "date time today now clock",
    "calculator": "calculate compute",
    "calculate": "compute",
    "count": "many",
    "length": "long",
    "translate": "translation",
    "convert": "conversion",
    "roll": "dice",
    "random": "dice",
    "price": "cost",
    "mail": "email",
    "email": "mail",
    "ask": "question",
    "time": "clock",
    "today": "date now",
    "now": "time",
    "capital": "capitals",
    "days": "days",
}
PLACE_WORDS = re.compile("city|location|place|country")
TEXT_WORDS = re.compile("text|string|sentence|query")
ARITHMETIC = frozenset(
    facts.stem(word) for word in "add plus sum total times multiply divide divided minus".split()
)
SIGNS = (("+", " plus "), ("*", " times "), ("/", " divided "), (" - ", " minus "))


@dataclass(frozen=True)
class Said:
    """A prompt, and what was found in it once for all tools."""

    text: str

    @cached_property
    def stems(self) -> list[str]:
        """Stems of its words; "3+4" says "plus"."""
        spoken = self.text
        for sign, word in SIGNS:
            spoken = re.sub(rf"(?<=[0-9 ]){re.escape(sign)}(?=[0-9 ])", word, spoken)

        return facts.stems_of(spoken)

    @cached_property
    def has_sum(self) -> bool:
        """Whether there is arithmetic in it."""
        return expression_in(self.text) is not None

    @cached_property
    def has_day(self) -> bool:
        """Whether it speaks of a day other than today, which asks for a clock instead."""
        return any(date.lower() not in {"today", "tonight"} for date in facts.dates(self.text))

    @cached_property
    def has_place(self) -> bool:
        """Whether it names a place."""
        return bool(facts.places(self.text))

    @cached_property
    def has_quote(self) -> bool:
        """Whether it quotes a text."""
        return bool(facts.quoted(self.text))


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool of the request, as its words."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Tool:
        """Read one entry of the request's `tools`."""
        function = told.get("function") or told
        return cls(
            name=str(function.get("name", "")),
            description=str(function.get("description") or ""),
            parameters=function.get("parameters") or {},
        )

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of each parameter."""
        return self.parameters.get("properties") or {}

    @property
    def required(self) -> Sequence[str]:
        """The parameters a call must give."""
        return self.parameters.get("required") or []

    @cached_property
    def numbers_needed(self) -> int:
        """How many numbers a call must have."""
        scope = valid.Scope(root=self.parameters)
        parts = [scope.plain(self.properties.get(name, {}))[0] for name in self.required]
        return sum(valid.kind_of(part) in valid.NUMERIC and "enum" not in part for part in parts)

    def evidence(self, said: Said) -> dict[str, float]:
        """What in the prompt speaks for this tool: stems of words, and fits in angle brackets."""
        named = self.name_weights
        described = set(facts.stems_of(" ".join([self.description, *self.properties])))
        found = {word: named.get(word, 0.0) or float(word in described) for word in said.stems}
        if self.name and re.search(rf"\b{re.escape(self.name)}\b", said.text):
            found |= {"<named>": 5.0}

        fits = self._fits(said)
        # The words of a sum are spent with it: "plus" asks for no second tool.
        if fits.get("<sum>") == CALCULATOR:
            spoken = ARITHMETIC.intersection(said.stems)
            found |= {word: max(found.get(word, 0), 0.1) for word in spoken}

        return {word: weight for word, weight in found.items() if weight} | fits

    @cached_property
    def name_weights(self) -> dict[str, float]:
        """How much each word of the name, or of its synonyms, speaks for the tool."""
        own = [word for word in facts.words_of(self.name) if word not in facts.STOP]
        weights: dict[str, float] = {}
        for word in own:
            generic = facts.stem(word) in GENERIC
            weight = 3.0 if len(own) == 1 else 1.0 if generic else 2.0
            for meaning in [word, *SYNONYMS.get(word, "").split()]:
                weights.setdefault(facts.stem(meaning), weight)

        return weights

    def _fits(self, said: Said) -> dict[str, float]:
        """Values in the prompt that this tool's parameters are made for."""
        words = " ".join(facts.words_of(" ".join(self.properties)))
        fits = {
            "<sum>": self._fit_of_sum(words, said),
            "<date>": 3.0 * bool(re.search(r"\bdate|when\b|\bday", words) and said.has_day),
            "<place>": bool(PLACE_WORDS.search(words) and said.has_place),
            "<quote>": bool(TEXT_WORDS.search(words) and said.has_quote),
            "<nothing needed>": not self.required,
        }
        return {fit: float(weight) for fit, weight in fits.items() if weight}

    def _fit_of_sum(self, words: str, said: Said) -> float:
        """A calculator takes any sum; a tool for two numbers still needs its own word."""
        formula = re.search("expression|formula|equation", words)
        if not formula and not self.numbers_needed:
            return 0.0

        return (CALCULATOR if formula else 1.5) * said.has_sum


def choose(said: Said, tools: Sequence[Tool]) -> list[Tool]:
    """The tools the prompt gives a reason for, in the order it speaks of them."""
    left = [(tool, tool.evidence(said)) for tool in tools]
    spent: set[str] = set()
    chosen: list[Tool] = []
    while left:
        best = max(left, key=lambda pair: _score(pair[0], pair[1], spent))
        if _score(best[0], best[1], spent) < ENOUGH:
            break

        chosen.append(best[0])
        left.remove(best)
        spent |= set(best[1]) - SHARED

    return sorted(chosen, key=lambda tool: position(tool, said))


# Evidence that two tools may both have; all other is spent by the first.
SHARED = frozenset({"<nothing needed>", "<place>", "<quote>", "<named>"})


def _score(tool: Tool, evidence: Mapping[str, float], spent: set[str]) -> float:
    """The weight of unspent evidence; a date alone speaks only for a first tool."""
    fresh = {word: weight for word, weight in evidence.items() if word not in spent}
    telling = {*tool.name_weights, "<named>", "<sum>"} | (set() if spent else {"<date>"})
    return sum(fresh.values()) if telling & set(fresh) else 0.0


def position(tool: Tool, said: Said) -> int:
    """Where the prompt first speaks of the tool: a word of its name, or a date it is made for."""
    weights = tool.name_weights
    signs = {sign.strip(): facts.stem(word.strip()) for sign, word in SIGNS}
    words = re.finditer(r"[^\W_]+|[-+*/]", said.text)
    starts = [w.start() for w in words if signs.get(w[0], facts.stem(w[0])) in weights]
    if "<date>" in tool.evidence(said):
        starts += [date.start() for date in facts.DATE.finditer(said.text)]

    return min(starts, default=len(said.text))
