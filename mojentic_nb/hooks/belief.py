"""What of a provider's count of tokens can be believed.

Law: pure. Counts differ between tokenizers, and thoughts are counted that nobody sees; so
only what no tokenizer could make of these texts is doubted.
"""

from __future__ import annotations

from pydantic_core import to_json

from mojentic_nb.catalogue import ModelCard
from mojentic_nb.events import Answer, Usage
from mojentic_nb.hooks.weight import text_tokens

__all__ = ["believed", "estimated"]

# How far a count may be from our estimate. The rough one is at most three times off, and
# a chat template, a cached prompt or a hidden system message add a few hundred tokens.
TIMES = 8
SLACK_LOW = 16
SLACK_HIGH = 8192


def estimated(prompt: int, output: int) -> Usage:
    """Our own estimate, as usage."""
    return Usage(input_tokens=prompt, output_tokens=output)


def believed(answer: Answer, prompt: int, bound: int, known: ModelCard) -> tuple[Usage, bool]:
    """The usage to count, and whether it is our own.

    Args:
        answer: With what the provider says.
        prompt: Our estimate of the request.
        bound: Tokens the answer was allowed.
        known: The model.
    """
    told = answer.usage
    output = written_tokens(answer)
    # A provider may read what it kept for itself, such as earlier thoughts, but no more.
    most_in = known.context_tokens or prompt * TIMES + SLACK_HIGH
    doubts_in = _is_off(told.input_tokens, prompt, most_in)
    # An answer is never longer than it was allowed, but a server may ignore the bound.
    doubts_out = _is_off(told.output_tokens, output, max(bound, output * TIMES) + SLACK_LOW)
    if not (doubts_in or doubts_out):
        return told, False

    read = prompt if doubts_in else told.input_tokens
    written = output if doubts_out else told.output_tokens
    return Usage(input_tokens=read, output_tokens=written), True


def _is_off(told: int | None, ours: int, most: int) -> bool:
    if told is None or told < 0 or (told == 0 and ours > 0):
        return True

    return told > most or told < ours / TIMES - SLACK_LOW


def written_tokens(answer: Answer) -> int:
    """About how many tokens an answer is: text, thoughts and calls."""
    texts = [answer.text, answer.thinking, *answer.alternatives]
    tokens = 0
    for call in answer.tool_calls:
        texts += [call.name, call.malformed or ""]
        tokens += len(to_json(call.arguments, fallback=str)) // 3

    return tokens + sum(map(text_tokens, texts))
