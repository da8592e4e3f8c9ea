"""What the demo model says in words: the first rule's answer, in the manner asked for.

Law: pure and deterministic. The first answer of a conversation says that no
language model wrote it; where no rule fits, the answer says so. `demo_rules` has
the rules, `demo_mind` is the only caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways import demo_knowledge as known
from mojentic_nb.gateways.demo_rules import LOOK_AT, RULES, Asked


def reply(asked: Asked) -> str:
    """The answer with the system prompt's manner, and the honest note where it is due."""
    plain = answer(asked)
    styled = _in_manner(plain, asked)
    wanted_bare = " " not in styled or (_is_exact(asked.prompt) and styled in asked.prompt)
    if asked.introduced or wanted_bare or "rule-based" in plain:
        return styled

    return f"{styled}\n\n{known.NOTE}"


def answer(asked: Asked) -> str:
    """The first rule's answer, without the note."""
    for pattern, rule in RULES:
        found = pattern.search((asked.orders or asked.prompt)[:LOOK_AT])
        said = rule(asked, found) if found else None
        if said:
            return said

    return _echo(asked)


def _is_exact(prompt: str) -> bool:
    """Whether the user asked for certain words and nothing around them."""
    return (
        re.match(r"\s*(?:say|repeat|(?:reply|respond|answer) with|echo)\b", prompt, re.I)
        is not None
    )


def _in_manner(said: str, asked: Asked) -> str:
    """Apply the simple wishes of the system prompt and of the prompt itself."""
    for pattern, manner in MANNERS:
        found = re.search(pattern, f"{asked.system}\n{asked.prompt[:LOOK_AT]}", re.I)
        said = manner(said) if found else said

    for pattern, manner in PERSONAS:
        said = manner(said) if re.search(pattern, asked.system, re.I) else said

    return said


def _one_word(said: str) -> str:
    found = re.search(r"[\w.-]*\w", _bare(said))
    return found[0] if found else said


def _bare(said: str) -> str:
    bold = re.search(r"\*\*([^*]+)\*\*", said)
    return bold[1] if bold else said


def _one_sentence(said: str) -> str:
    return facts.sentences(said)[0] if facts.sentences(said) else said


MANNERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"\b(?:just|only) the (?:number|answer|name|result|city|word)\b", _bare),
    (r"\b(?:in|with|use) (?:just |only |exactly )?(?:one|a single) word\b|\bone-word\b", _one_word),
    (
        r"\bin (?:just |only |exactly )?(?:one|a single|1) (?:short )?(?:sentence|line)\b"
        r"|\bone-(?:sentence|line)\b",
        _one_sentence,
    ),
)
PERSONAS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"\bpirate\b", lambda said: f"Arr! {said} Fair winds, matey."),
    (r"\b(?:shout(?:ing)?|in capitals|in upper ?case|all caps)\b", str.upper),
    (r"\b(?:polite|butler)\b", lambda said: f"Certainly. {said}"),
    (r"\bteacher\b", lambda said: f"Good question. {said}"),
)


def _echo(asked: Asked) -> str:
    start = " ".join(asked.prompt.split()[:24])
    more = " …" if len(asked.prompt.split()) > 24 else ""
    if asked.introduced:
        return f"You asked: *{start}{more}*. I have no rule for that. {known.REAL_MODEL}"

    return (
        f"You asked: *{start}{more}*\n\nI have no rule for that: {known.HONEST}\n\n"
        f"{known.ABILITIES}\n\n{known.REAL_MODEL}"
    )
