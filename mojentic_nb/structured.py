"""A turn that has to end in an object.

Law: pure, like `turn`. An answer that does not fit goes back to the model with what
is wrong with it, a bounded number of times; the caller's messages stay as they are.
"""

from __future__ import annotations

import json
from dataclasses import replace

from mojentic_nb.effects import Call, Proceed, Tell, Turn
from mojentic_nb.errors import ObjectError
from mojentic_nb.events import Answer, Repairing
from mojentic_nb.messages import LLMMessage
from mojentic_nb.request import ChatRequest
from mojentic_nb.schema import Shape, ShapeError
from mojentic_nb.turn import finished, next_call

__all__ = ["REPAIRS", "object_turn"]

# Instructor's and pydantic-ai's default is one, Mojentic's none; a second try still
# helps small local models, a third hardly ever.
REPAIRS = 2


def object_turn(first: Call, shape: Shape, proceed: Proceed, repairs: int = REPAIRS) -> Turn:
    """Ask for an object until the answer is one, or the repairs are used up.

    Raises:
        ObjectError: The last answer did not fit either.
    """
    request = replace(first.request, schema=shape.schema, schema_name=shape.name)
    answers: list[Answer] = []
    while True:
        answer = yield from proceed(next_call(first, request, len(answers)))
        answers.append(answer)
        try:
            value = shape.read(answer.text)
        except ShapeError as problem:
            if len(answers) > repairs:
                raise _given_up(shape, answer, problem, len(answers)) from None
            yield Tell(Repairing(str(problem), len(answers)))
            request = repaired(request, answer, problem)
            continue

        return replace(finished(answers, []), value=value)


def repaired(request: ChatRequest, answer: Answer, problem: ShapeError) -> ChatRequest:
    """The request again, with the answer and what was wrong with it."""
    words = (
        f"That answer did not validate: {problem}\n"
        f"Answer again with JSON only, valid against this schema:\n{json.dumps(request.schema)}"
    )
    said = LLMMessage.assistant(answer.text or "(nothing)")
    return replace(request, messages=(*request.messages, said, LLMMessage.user(words)))


def _given_up(shape: Shape, answer: Answer, problem: ShapeError, tries: int) -> ObjectError:
    hint = "The raw text is in the error's .raw."
    if answer.finish_reason == "length":
        hint = "The answer was cut at its bound: raise max_tokens."
    return ObjectError(
        f"No {shape.name} after {tries} answers: {problem}.",
        hint=hint,
        field=problem.field,
        raw=answer.text,
    )
