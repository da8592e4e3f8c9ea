"""The rules by which the demo model answers in words: a table, and a function for each row.

Law: pure; a rule takes what was asked and its pattern's match, and declines with
None. The first row that answers wins, so narrow rows stand above wide ones.
Called by `demo_words`; `demo_memory` has what looks back in the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways import demo_fields as fields
from mojentic_nb.gateways import demo_knowledge as known
from mojentic_nb.gateways import demo_memory
from mojentic_nb.gateways.demo_arithmetic import expression_in, worked_out
from mojentic_nb.gateways.demo_facts import SPOKEN


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A prompt and what surrounds it."""

    prompt: str
    before: tuple[str, ...] = ()
    system: str = ""
    images: tuple[str, ...] = ()
    orders: str = ""  # the prompt without the documents it holds; "" for all of it
    introduced: bool = False


Match = re.Match[str]
Rule = Callable[[Asked, Match], str | None]
# Patterns look no further: a pasted file is text to work on, not an order to read.
LOOK_AT = 2000


def _help(asked: Asked, _: Match) -> str:
    return f"{known.HONEST}\n\n{known.ABILITIES}\n\n{known.REAL_MODEL}"


def _picture(asked: Asked, _: Match) -> str | None:
    if not asked.images:
        return None

    told = " and ".join(asked.images)
    return (
        f"You sent {told}. More than that the rule-based demo model cannot see. {known.REAL_MODEL}"
    )


def _recall(asked: Asked, _: Match) -> str | None:
    return demo_memory.recalled(asked.prompt[:LOOK_AT], asked.before)


def _note(asked: Asked, _: Match) -> str | None:
    return demo_memory.noted(asked.prompt)


def _greet(asked: Asked, _: Match) -> str:
    return "Hello! Ask me for a sum, a list, a haiku or some code."


# "pages 3-5" and "9/10" are sums only when someone asks for one.
SPAN = re.compile(r"[0-9]+[-/][0-9]+")
ASKS_SUM = re.compile(
    r"what(?:'s| is)|calculat|comput|work out|evaluate|how much|^\s*[0-9]|=", re.I
)


def _sum(asked: Asked, found: Match) -> str | None:
    expression = expression_in(asked.prompt[:LOOK_AT])
    if expression is None or (SPAN.fullmatch(expression) and not ASKS_SUM.search(asked.prompt)):
        return None

    try:
        value = worked_out(expression)
    except ZeroDivisionError:
        return f"`{expression}` divides by zero, so it has no value."

    return (
        None
        if value is None
        else f"{expression.replace('*', '×')} = **{value}**".replace("××", "^")
    )


def _count_letter(asked: Asked, found: Match) -> str:
    letter, word = found[1].lower(), found[2]
    many = word.lower().count(letter)
    return f"There {'is' if many == 1 else 'are'} **{many}** “{letter}” in “{word}”."


def _count(asked: Asked, found: Match) -> str:
    text = facts.payload(asked.prompt)
    kind = found[1].lower()
    counted = {
        "word": text.split(),
        "character": list(text),
        "line": text.splitlines(),
        "letter": [c for c in text if c.isalpha()],
        "sentence": facts.sentences(text),
    }[kind]
    many = len(counted)
    return f"That text has **{many}** {kind}{'' if many == 1 else 's'}."


def _rewrite(change: Callable[[str], str]) -> Rule:
    def rule(asked: Asked, found: Match) -> str:
        text = facts.payload(asked.prompt)
        whole = text == asked.prompt.strip()
        return change(found.re.sub("", text, count=1).strip(" :\n") if whole else text)

    return rule


def _repeat(asked: Asked, found: Match) -> str:
    return (facts.quoted(asked.prompt) or [found[1].strip()])[0]


def _translate(asked: Asked, found: Match) -> str | None:
    low = asked.prompt.lower()
    phrase = next((phrase for phrase in known.PHRASES if re.search(rf"\b{phrase}\b", low)), None)
    words = known.PHRASES.get(phrase or "", {})
    if re.search(r"\blanguages\b", low) and words:
        wanted = _how_many(asked.prompt, 5)
        return "\n".join(
            f"- {tongue.title()}: {said}" for tongue, said in [*words.items()][:wanted]
        )

    said = words.get(found[1].lower()) if found[1] else None
    return f"“{phrase}” in {found[1].title()} is **{said}**." if said else None


def _capital(asked: Asked, found: Match) -> str | None:
    for country, capital in known.CAPITALS.items():
        if country.removeprefix("the ").lower() in asked.prompt.lower():
            return f"The capital of {country} is **{capital}**."

    return None


def _capital_of(asked: Asked, found: Match) -> str | None:
    town = found[1].strip(" ?.").lower()
    of = next((land for land, capital in known.CAPITALS.items() if capital.lower() == town), None)
    return f"{known.CAPITALS[of]} is the capital of **{of}**." if of else None


def _topic(asked: Asked, _: Match) -> str | None:
    low = f" {' '.join(facts.words_of(asked.prompt[:LOOK_AT]))} "
    named = [topic for topic in known.TOPICS if re.search(rf" {topic}s? ", low)]
    return known.TOPICS[max(named, key=len)] if named else None


def _is_prime(asked: Asked, found: Match) -> str:
    number = int(found[1])
    divisor = next((d for d in range(2, int(number**0.5) + 1) if number % d == 0), None)
    if number > 1 and divisor is None:
        return f"Yes, **{number}** is prime."

    return f"No, **{number}** is not prime" + (f": {divisor} divides it." if divisor else ".")


def _how_many(prompt: str, usual: int) -> int:
    counted = [n.value for n in facts.numbers(prompt[:LOOK_AT]) if isinstance(n.value, int)]
    return max(1, min(counted[0], 50)) if counted else usual


def _members(prompt: str) -> list[str]:
    """The members of the kind of thing the prompt names, or none."""
    words = facts.words_of(prompt[:LOOK_AT])
    kinds = [kind for kind in known.LISTS if any(word.startswith(kind) for word in words)]
    return known.LISTS[kinds[0]] if kinds else []


def _list(asked: Asked, _: Match) -> str:
    wanted = _how_many(asked.prompt, 3)
    about = fields.subject(asked.prompt) or " ".join(asked.prompt.rstrip(".?! ").split()[-2:])
    made = [f"Example {n} of: {about.lower()}" for n in range(1, wanted + 1)]
    members = (_members(asked.prompt) or made)[:wanted]
    return "\n".join(f"{n}. {one}" for n, one in enumerate(members, 1))


def _count_to(asked: Asked, found: Match) -> str:
    start, end = int(found[1] or 1), int(found[2])
    step = 1 if end >= start else -1
    return ", ".join(str(n) for n in range(start, end + step, step)[:200])


def _table(asked: Asked, _: Match) -> str:
    said = facts.items(asked.prompt) if ":" in asked.prompt else []
    rows = (_members(asked.prompt) or said or known.LISTS["planet"])[: _how_many(asked.prompt, 4)]
    body = "\n".join(f"| {n} | {row} | {len(row)} |" for n, row in enumerate(rows, 1))
    return f"| # | Item | Letters |\n|--:|------|--------:|\n{body}"


def _haiku(asked: Asked, _: Match) -> str:
    about = fields.subject(asked.prompt) or "A notebook"
    return f"{about}, cell by cell,\nwords arrive like evening rain:\nrun, and read, and rest."


def _joke(asked: Asked, _: Match) -> str:
    return "Why did the kernel restart? It had too many unresolved cells."


def _code(asked: Asked, _: Match) -> str:
    low = asked.prompt.lower()
    code = next((code for cue, code in known.CODE.items() if re.search(rf"\b(?:{cue})", low)), None)
    return f"```python\n{code or _skeleton(asked.prompt)}\n```"


def _skeleton(prompt: str) -> str:
    kind = re.search(r"\b(?:function|code|script|program|class)\b", prompt[:LOOK_AT], re.I)
    after = prompt[kind.end() if kind else 0 : LOOK_AT]
    words = [word for word in facts.words_of(after) if word not in facts.STOP and word.isascii()]
    name = "_".join([word for word in words if word[0].isalpha()][:3]) or "answer"
    law = '"""A sketch: the demo model has no ready code for this."""'
    return f"def {name}(value):\n    {law}\n    return value"


def _long(asked: Asked, found: Match) -> str:
    wanted = next((int(part) for part in found.groups() if part), 300)
    return long_text(max(1, min(wanted, 20_000)))


def long_text(words: int) -> str:
    """Exactly so many words of canned story, four sentences to a paragraph."""
    told: list[str] = []
    left, index = words, 0
    while left > 0:
        sentence = known.LONG_TEXT[index % len(known.LONG_TEXT)].split()[:left]
        told.append(" ".join(sentence).rstrip(".,") + ".")
        left, index = left - len(sentence), index + 1

    return "\n\n".join(" ".join(told[i : i + 4]) for i in range(0, len(told), 4))


def _summary(asked: Asked, _: Match) -> str | None:
    told = facts.sentences(facts.payload(re.sub(r"^[^\n:]{0,120}\n", "", asked.prompt)))
    return "In short: " + " ".join(told[:2]) if told and len(asked.prompt.split()) > 6 else None


def _mood(asked: Asked, _: Match) -> str:
    return f"The sentiment is **{fields.mood(facts.payload(asked.prompt))}**, by counting words."


def _clock(asked: Asked, _: Match) -> str:
    return "I have no clock. Give me a date tool and I will ask it."


def _say(text: str) -> Rule:
    return lambda asked, found: text


_TONGUES = "|".join(known.HELLO)
_NUMBER_WORD = "|".join(SPOKEN)
_TABLE: tuple[tuple[str, Rule], ...] = (
    (r"", _picture),
    (r"\b(?:my|I|remember)\b", _recall),
    (
        r"\b(?:who|what) are you\b|\byour name\b|\bwhat can you do"
        r"|are you (?:an? |really )*(?:real|ai|llm|human|chatgpt"
        r"|gpt|claude|bot|robot|language model)|\bwhat model\b|which model|^\s*help\b|^\s*$",
        _help,
    ),
    (
        r"^\s*(?:please )?(?:say|repeat|(?:reply|respond|answer) with|echo)"
        r"(?: only| just| exactly)*:? "
        rf"(?!.*\b(?:in|into) (?:{_TONGUES}|\w+ languages)\b)(.+)",
        _repeat,
    ),
    (
        r"\bhow many (?:times does )?(?:the )?(?:letter )?['\"“]?([a-z])['\"”]?(?:['’]?s)? "
        r"(?:are |appears? )?(?:there )?"
        r"(?:in|does)(?: the word)? ['\"“]?(\w+)",
        _count_letter,
    ),
    (
        r"\b(?:how many|count)(?: the)?(?: number of)? (word|character|letter|line|sentence)s?\b",
        _count,
    ),
    (r"\bsum+ari[sz]e\b|\bsummary of\b|\btl;?dr\b", _summary),
    (
        r"\breverse (?!.*\bfunction)(?:the )?(?:text |string |word |words )?",
        _rewrite(lambda text: text[::-1]),
    ),
    (
        r"\b(?:upper-?case|shout|capitali[sz]e)\b(?: the)?(?: text| word)?|\bto upper ?case\b",
        _rewrite(str.upper),
    ),
    (r"\blower-?case\b(?: the)?(?: text| word)?|\bto lower ?case\b", _rewrite(str.lower)),
    (r"\bis ([0-9]{1,9}) (?:a )?prime\b", _is_prime),
    (r"\b(?:write|tell|give|create|generate)\b.*?\b([0-9]{1,6})[- ]words?\b", _long),
    (
        r"\b(?:write|tell|give|create|generate)\b.*?\b(?:long|story|essay|article|paragraphs?)\b",
        _long,
    ),
    (
        r"\b(?:write|give|show|create|make|need|implement)\b.*"
        r"\b(?:function|code|script|program|class|snippet)\b"
        r"|\b(?:python|javascript) (?:function|code|script)\b|^\s*def \w+"
        r"|\bhow (?:do i|to|can i)\b.*\bpython\b",
        _code,
    ),
    (r"\btable\b(?! of contents)", _table),
    (r"\b(?:haiku|poem|verse)\b", _haiku),
    (r"\bjoke\b", _joke),
    (r"\bcount (?:slowly )?(?:from )?(?:([0-9]{1,6}) )?(?:up )?to ([0-9]{1,6})\b", _count_to),
    (rf"\b(?:in|into|to) ({_TONGUES})\b|\bin ()\w+ languages\b", _translate),
    (r"\bcapital\b", _capital),
    (r"\bwhat is ([\w ,.]+) the capital of\b", _capital_of),
    (r"[0-9]|" + _NUMBER_WORD, _sum),
    (
        rf"\b(?:list|name|suggest|give)\b.*\b(?:[0-9]+|{_NUMBER_WORD}|some|a few|ideas|examples)\b"
        r"|^\s*(?:please )?list\b",
        _list,
    ),
    (r"\bsentiment\b", _mood),
    (r"\b(?:what|which|how|why|who|explain|define|describe|tell|about|mean)\b", _topic),
    (
        r"\bwhat(?:'s| is)? (?:the )?(?:time|date|day)\b|\btoday's date\b|\bwhat (?:date|day) is\b",
        _clock,
    ),
    (r"\b(?:my|I|I['’]m|remember|call me|this is)\b", _note),
    (r"\bhow are you\b", _say("All rules are in order, thank you. How can I help?")),
    (r"^\s*(?:hello|hi|hey|good (?:morning|evening|afternoon)|greetings)\b", _greet),
    (r"\bthank(?:s| you)\b", _say("You are welcome!")),
    (r"^\s*(?:bye|goodbye|see you)\b", _say("Goodbye!")),
)
RULES = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), rule) for pattern, rule in _TABLE)
