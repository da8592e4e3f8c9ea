"""What the user has told the demo model, found again in the conversation itself.

Law: no state. A fact is remembered because the request carries the earlier
messages; a later telling replaces an earlier one. Called by `demo_words`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mojentic_nb.gateways.demo_facts import PROPER

# In order of trust: (what is told, pattern); group 1 is the value.
TELLINGS: tuple[tuple[str, str], ...] = (
    ("name", rf"\bI(?: am|['’]m) ({PROPER})(?= *(?:[.,!?\n]|and\b|$))"),
    ("name", rf"\b(?:[Cc]all me|I am called|[Tt]his is) ({PROPER})"),
    ("name", rf"\b[Mm]y name(?: is|['’]s) ({PROPER}|[a-z]+)"),
    ("home", rf"\bI live in ({PROPER}|[a-z]+)"),
    ("age", r"\bI(?: am|['’]m) ([0-9]{1,3})\b"),
    ("likes", r"\bI (?:really )?(?:like|love) ([^.!?\n]{1,80})"),
    ("note", r"\b[Rr]emember(?: that|:)? (?!my\b|what\b)([^.!?\n]{2,120})"),
)
MY_FACT = re.compile(
    r"\bmy ((?!name\b)[a-z][\w ]{1,30}?) (?:is|are) ((?!called\b)[^.,!?\n]{1,60}?)"
    r"(?= and (?:my|I)\b|[.,!\n]|$)",
    re.IGNORECASE,
)
ASK_FACT = re.compile(
    r"\b(?:what(?:'s|’s| is| was| are)|tell me|remember|know|recall) my "
    r"([a-z][\w ]{1,30}?)\s*(?:again)?[?.!]*\s*$",
    re.IGNORECASE,
)
QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (r"\bwho am i\b", "name", "You are **{}**."),
    (r"\bwhere do i live\b", "home", "You live in **{}**."),
    (r"\bhow old am i\b", "age", "You are **{}**."),
    (r"\bwhat do i (?:like|love)\b", "likes", "You like **{}**."),
    (
        r"\bwhat (?:did i ask|should) you (?:to )?remember\b",
        "note",
        "You told me: **{}**.",
    ),
)
LAST = re.compile(
    r"\bwhat (?:did i|was my)(?: just| last| first)? (?:ask|say|tell|write|question|message)", re.I
)
FIRST = re.compile(
    r"\bfirst (?:question|message|thing)|\bask(?:ed)? first"
    r"|\bat the (?:start|beginning)",
    re.I,
)
MANY = re.compile(r"\bhow many (?:questions|messages|things) (?:have|did) i", re.I)


def told(messages: Sequence[str]) -> dict[str, str]:
    """Each fact the user has told, by its key; the latest telling counts."""
    facts: dict[str, str] = {}
    for text in messages:
        facts |= {key: m[1].strip() for key, p in TELLINGS for m in re.finditer(p, text[:2000])}
        if not text.rstrip().endswith("?") or "." in text:
            facts |= {m[1].strip().lower(): m[2].strip() for m in MY_FACT.finditer(text[:2000])}

    return facts


def recalled(prompt: str, before: Sequence[str]) -> str | None:
    """The answer to a question about the conversation; None for any other prompt."""
    counted = MANY.search(prompt)
    if counted:
        return (
            f"Before this one you sent **{len(before)}** message{'' if len(before) == 1 else 's'}."
        )

    if LAST.search(prompt) or re.search(r"\bwhat\b.*\bI\b.*\bfirst\b", prompt):
        which = 0 if FIRST.search(prompt) else -1
        return _quoted(before[which]) if before else "This is your first message."

    return _fact(prompt, told([*before, prompt]))


def _quoted(text: str) -> str:
    return f"You asked: “{text.strip()[:300]}”"


def _fact(prompt: str, facts: dict[str, str]) -> str | None:
    for pattern, key, sentence in QUESTIONS:
        if re.search(pattern, prompt, re.I):
            return sentence.format(facts[key]) if key in facts else "You have not told me yet."

    asked = ASK_FACT.search(prompt)
    if asked is None:
        return None

    key = asked[1].strip().lower()
    if key not in facts:
        return f"You have not told me your {key} yet."

    return f"Your {key} is **{facts[key]}**."


def noted(prompt: str) -> str | None:
    """The acknowledgement of something told; None when nothing is."""
    facts = told([prompt])
    if "name" in facts:
        return f"Nice to meet you, **{facts['name']}**. I will remember it in this conversation."

    if not facts:
        return None

    key, value = next(iter(facts.items()))
    said = {"home": "you live in", "age": "you are", "likes": "you like", "note": "I will remember"}
    return f"Noted: {said.get(key, f'your {key} is')} **{value}**."
