"""The window around one turn: what each of its calls leaves out, and what is said of it.

Law: pure. The turn's own request is never changed, so each call is measured whole.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mojentic_nb.effects import Asking, Call, Effect, Outcome, Proceed, Tell
from mojentic_nb.errors import BudgetExceeded, ContextOverflow, DeadlineExceeded, GatewayError
from mojentic_nb.events import Answer, Summarised, Trimmed
from mojentic_nb.hooks.window_fit import Fit, question_of
from mojentic_nb.hooks.window_summary import (
    LEAST_NOTE,
    Aside,
    Summary,
    asked_for,
    note_of,
    note_tokens,
    trouble_in,
)
from mojentic_nb.messages import LLMMessage

if TYPE_CHECKING:
    from mojentic_nb.hooks.window import Window

__all__ = ["Fitting"]

Messages = Sequence[LLMMessage]

# What may be asked besides: the answer, or None where nothing was.
AskingAside = Generator[Effect, Outcome, Answer | None]


class View(NamedTuple):
    """A conversation as it may be sent.

    Attributes:
        messages: Its head, a summary where there is one, and what follows.
        fit: What of that has room.
        summary: What stands for the first ones; None for nothing.
    """

    messages: Messages
    fit: Fit
    summary: Summary | None

    @property
    def sent(self) -> tuple[LLMMessage, ...]:
        """The messages that have room."""
        return (*self.messages[: self.fit.head], *self.messages[self.fit.start :])


class _Summing(NamedTuple):
    """A summary about to be asked for: of what, and what of that cannot even be shown."""

    aside: Aside
    covered: tuple[LLMMessage, ...]
    unread: Messages
    before: Summary | None


class Fitting:
    """The window around one turn."""

    __slots__ = ("_is_told", "_left_out", "_question", "_trouble", "_window")

    def __init__(self, window: Window) -> None:
        self._window = window
        self._question: int | None = None
        self._left_out = 0
        self._is_told = False
        self._trouble = ""

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Make the call with what has room.

        Raises:
            ContextOverflow: Not even what must stay has; nothing was sent.
        """
        window = self._window
        if self._question is None:
            # The place of the turn's own question: a repair of its answer asks once more.
            self._question = question_of(call.request.messages)
        view = self._as_it_is(call)
        aside: Answer | None = None
        if not view.fit.is_whole:
            if not view.fit.is_possible or window.strategy == "error":
                raise self._overflow(call, view.fit)
            if window.strategy == "summarise":
                aside = yield from self._summarise(call, proceed)
                view = self._with_summary(call) or view

        yield from self._remind(view)
        yield from self._trim(view)
        request = replace(call.request, messages=view.sent)
        answer = yield from proceed(replace(call, request=request))
        return answer if aside is None else joined(aside, answer)

    def _view(self, call: Call, summary: Summary | None = None, *, less: int = 0) -> View | None:
        """The conversation with this summary; None where that is none of its beginning."""
        asked, question = call.request, self._question
        assert question is not None
        messages: Messages = asked.messages
        if summary is not None:
            placed = summary.placed(messages, question)
            if placed is None:
                return None
            messages, question = placed

        fit = self._window.fit(
            messages, tools=asked.tools, schema=asked.schema, question=question, less=less
        )
        return View(messages, fit, summary)

    def _as_it_is(self, call: Call) -> View:
        """All of it, after the summary of what was said before, where there is room for that."""
        earlier = self._window.earlier
        view = self._view(call, earlier) if earlier else None
        if view is None or not view.fit.is_possible:
            view = self._view(call)

        assert view is not None
        return view

    def _with_summary(self, call: Call, *, is_whole: bool = False) -> View | None:
        """The same with the summary made of its beginning; None where there is none of use."""
        summary = self._window.summary
        view = self._view(call, summary) if summary else None
        if view is None or not view.fit.is_possible:
            return None

        return None if is_whole and not view.fit.is_whole else view

    def _remind(self, view: View) -> Generator[Effect, Outcome, None]:
        """Say, once, what earlier turns left out already."""
        window, summary = self._window, view.summary
        if self._is_told or not window.left_out:
            return

        if summary is not None and summary is window.earlier:
            self._is_told = True
            yield Tell(Summarised(0, 0, summary.text, window.left_out))
        elif summary is None and not view.messages[view.fit.left_out]:
            self._is_told = True
            yield Tell(Trimmed(0, 0, view.fit.tokens, before=window.left_out))

    def _trim(self, view: View) -> Generator[Effect, Outcome, None]:
        """Say what is left out, once for the same."""
        window, summary = self._window, view.summary
        gone = view.messages[view.fit.left_out]
        covered = len(summary.covered) if summary else 0
        left_out = covered + len(gone)
        if gone and left_out > self._left_out:
            self._left_out, self._is_told = left_out, True
            yield Tell(
                Trimmed(
                    left_out,
                    window.count(gone),
                    view.fit.tokens,
                    self._trouble,
                    before=window.left_out,
                    summed=window.left_out + covered if summary else 0,
                )
            )

    def _summarise(self, call: Call, proceed: Proceed) -> AskingAside:
        """Have the model sum up what has no room, unless that is done; keep it with the window."""
        if self._trouble or self._with_summary(call, is_whole=True) is not None:
            return None

        plan = self._plan(call)
        if plan is None:
            self._trouble = "there is no room for a summary"
            return None

        try:
            answer = yield from proceed(plan.aside.call)
        except (GatewayError, BudgetExceeded) as error:
            if isinstance(error, DeadlineExceeded):
                raise
            self._trouble = f"the summary failed: {error.message}"
            return None

        self._trouble = self._keep(call, plan, answer)
        if not self._trouble:
            yield from self._tell(plan)
        return answer

    def _plan(self, call: Call) -> _Summing | None:
        """What is to be summed up, and the call for it; None where that has no room."""
        window, messages = self._window, call.request.messages
        view = self._view(call)
        assert view is not None
        bound = note_tokens(window.max_context, window.max_context - view.fit.parts.tokens)
        view = self._view(call, less=bound)
        assert view is not None
        known = window.summary
        before = known if known and self._view(call, known) is not None else None
        since = view.fit.head + (len(before.covered) if before else 0)
        if bound < LEAST_NOTE or view.fit.start <= since:
            return None

        going = messages[since : view.fit.start]
        aside = asked_for(
            call,
            going,
            before=before.text if before else "",
            bound=bound,
            room=window.max_context,
            count=window.count,
        )
        if aside is None:
            return None

        covered = tuple(messages[view.fit.left_out])
        return _Summing(aside, covered, going[: aside.unread], before)

    def _keep(self, call: Call, plan: _Summing, answer: Answer) -> str:
        """Keep a summary if it is of use; else why it is not."""
        window, known = self._window, self._window.summary
        text = answer.text.strip()
        if trouble := trouble_in(answer):
            return f"the summary is {trouble}"

        stood = window.count(plan.covered)
        stood += window.count((note_of(plan.before.text),)) if plan.before else 0
        if window.count((note_of(text),)) >= stood:
            return "the summary is no shorter than what it stands for"

        window.summary = Summary(plan.covered, text)
        if self._with_summary(call, is_whole=True) is None:
            window.summary = known
            return "the summary is too long"

        return ""

    def _tell(self, plan: _Summing) -> Generator[Effect, Outcome, None]:
        window, made = self._window, self._window.summary
        assert made is not None
        if plan.unread:
            gone, why = window.count(plan.unread), "there was no room to sum them up"
            before = window.left_out
            yield Tell(Trimmed(len(plan.unread), gone, window.max_context, why, before=before))
        self._is_told = True
        gone = window.count(plan.covered)
        yield Tell(Summarised(len(plan.covered), gone, made.text, window.left_out))

    def _overflow(self, call: Call, fit: Fit) -> ContextOverflow:
        window, parts = self._window, fit.parts
        if fit.is_possible:
            tokens = parts.fixed + window.count(call.request.messages)
            what = f"The conversation is {len(call.request.messages):,} messages with"
            bound = f", {window.max_messages:,} messages" if window.max_messages else ""
            hint = "Choose strategy='drop-oldest' or 'summarise', or begin anew; nothing was sent."
        else:
            tokens, bound = parts.tokens, ""
            what = (
                f"The question with what followed it ({parts.current:,} tokens), the system "
                f"message ({parts.head:,}), and the tools and schema ({parts.fixed:,}) are"
            )
            hint = "Shorten them, offer fewer tools, or raise max_context; nothing was sent."

        return ContextOverflow(
            f"{what} {tokens:,} tokens, and there is room for {window.max_context:,}{bound}.",
            hint=hint,
            tokens=tokens,
            max_context=window.max_context,
        )


def joined(aside: Answer, answer: Answer) -> Answer:
    """An answer with the tokens and the time of what was asked for its sake."""
    return replace(answer, usage=aside.usage + answer.usage, asked_at=aside.asked_at)
