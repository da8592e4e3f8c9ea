"""A turn that has to end in an object.

Law: pure, like `turn`, which it is built on. Tools run first, within their bound. An answer
that does not fit goes back to the model with what is wrong with it, a bounded number of
times, and no tool runs again for it; the caller's messages stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from mojentic_nb.config import ResponseFormat
from mojentic_nb.effects import Asking, Call, Proceed, Tell, Turn
from mojentic_nb.errors import BadArgument, ObjectError
from mojentic_nb.events import Answer, Event, ModelAsked, Repairing, TextDelta, TurnFinished
from mojentic_nb.messages import LLMMessage
from mojentic_nb.partial import UNSET, Growth
from mojentic_nb.request import ChatRequest
from mojentic_nb.schema import AnyObject, Shape, ShapeError
from mojentic_nb.turn import finished, next_call, one_call, turn

__all__ = ["REPAIRS", "Growing", "object_turn", "one_object", "shape_given", "shape_of"]

# Instructor's and pydantic-ai's default is one, Mojentic's none; a second try still
# helps small local models, a third hardly ever.
REPAIRS = 2


def shape_given(object_model: Any, response_model: Any) -> Shape:
    """The shape a caller asked for, under one name or the other.

    Raises:
        BadArgument: There is none, or it is no type.
    """
    target = object_model if response_model is None else response_model
    if target is None:
        raise BadArgument(
            "generate_object was not told what to make.", hint="Give object_model=Person."
        )

    return Shape(target)


def shape_of(wanted: ResponseFormat | None) -> Shape | None:
    """The shape a plain answer must have; `None` for free text."""
    if wanted is None or wanted.type == "text":
        return None

    return AnyObject() if wanted.json_schema is None else Shape(wanted.json_schema)


def object_turn(first: Call, shape: Shape, proceed: Proceed, repairs: int = REPAIRS) -> Turn:
    """Ask for an object until the answer is one, or the repairs are used up.

    Raises:
        ObjectError: The last answer did not fit either.
    """
    road = _Road(first, shape, proceed)
    told = yield from turn(first, road.proceed)
    answers, tries = [told.answer], 1
    while True:
        try:
            value = shape.read(answers[-1].text)
        except ShapeError as problem:
            request = road.last
            if not _is_shaped(request):
                # The model is done with its tools; it was not bound to the form until now.
                request = _shaped(request, shape)
            elif tries > repairs:
                raise _given_up(shape, answers[-1], problem, tries) from None
            else:
                yield Tell(Repairing(str(problem), tries))
                request = repaired(request, answers[-1], problem)
                tries += 1

            call = next_call(first, _without_tools(request), road.asked)
            answers.append((yield from road.proceed(call)))
            continue

        return replace(finished(answers, list(told.calls)), value=value)


def one_object(first: Call, shape: Shape, proceed: Proceed) -> Turn:
    """Ask once; where the model wants tools instead, the turn has no object.

    Raises:
        ObjectError: The answer does not fit.
    """
    told = yield from one_call(first, _Road(first, shape, proceed).proceed)
    if told.answer.tool_calls:
        return told

    try:
        return replace(told, value=shape.read(told.answer.text))
    except ShapeError as problem:
        raise _given_up(shape, told.answer, problem, 1) from None


class _Road:
    """The way to the model, on which each call learns what form its answer must have.

    A server that writes by a grammar cannot call a tool while it does: there the form is
    asked for only when no tool can be called any more.

    Attributes:
        last: The latest request, as it was sent.
        asked: How many calls there were.
    """

    def __init__(self, first: Call, shape: Shape, proceed: Proceed) -> None:
        self._shape = shape
        self._proceed = proceed
        self._takes_both = getattr(first.gateway, "takes_schema_with_tools", True)
        self.last = first.request
        self.asked = 0

    def proceed(self, call: Call) -> Asking:
        """Make one call."""
        request = call.request
        if self._takes_both or not request.tools or request.is_last:
            request = _shaped(request, self._shape)

        self.last = request
        self.asked += 1
        return self._proceed(replace(call, request=request))


def _shaped(request: ChatRequest, shape: Shape) -> ChatRequest:
    if isinstance(shape, AnyObject):
        return replace(request, is_json=True)

    return replace(request, schema=shape.schema, schema_name=shape.name)


def _is_shaped(request: ChatRequest) -> bool:
    return request.is_json or request.schema is not None


def _without_tools(request: ChatRequest) -> ChatRequest:
    return request.as_last() if request.tools else request


def repaired(request: ChatRequest, answer: Answer, problem: ShapeError) -> ChatRequest:
    """The request again, with the answer and what was wrong with it."""
    form = "."
    if request.schema is not None:
        form = f", valid against this schema:\n{json.dumps(request.schema)}"
    words = f"That answer did not validate: {problem}\nAnswer again with JSON only{form}"
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


class Growing:
    """From a turn's events to the object as far as it has come, and then the object."""

    def __init__(self, shape: Shape) -> None:
        self._growth = Growth(shape)

    def take(self, event: Event) -> Iterator[Any]:
        """Something happened: what there is to see now, if it is more than before."""
        if type(event) is TextDelta:
            if self._growth.add(event.text) and (value := self._growth.value()) is not UNSET:
                yield value
        elif type(event) is ModelAsked:
            self._growth.restart()
        elif type(event) is TurnFinished:
            yield event.value

    def follow(self, events: Generator[Event, None, Any]) -> Iterator[Any]:
        """The same for a whole turn; leaving early ends it."""
        with closing(events):
            for event in events:
                yield from self.take(event)
