"""A question to the person, and a message."""

from __future__ import annotations

import io
import sys

import pytest

from mojentic_nb.clock import FrozenClock
from mojentic_nb.errors import ToolError
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.tools import calling
from mojentic_nb.tools.asking import AskUserTool, TellUserTool
from mojentic_nb.tools.consent import asked_by


class Terminal(io.StringIO):
    """Somebody at a keyboard who has typed already."""

    def isatty(self):
        return True


def called(tool, **arguments):
    call = LLMToolCall(id="1", name=tool.name, arguments=arguments)
    return calling.run({tool.name: tool}, call, FrozenClock(), await_here=calling.wait_apart)


def test_the_question_is_shown_as_it_was_put():
    shown = []

    def ask(question):
        shown.append(question)
        return "42"

    assert AskUserTool(ask=ask).run(user_request="How many {files}?") == "42"
    assert shown == ["How many {files}?"]


def test_whoever_stands_for_the_person_is_asked():
    with asked_by(lambda question: "no", lambda question: f"heard: {question}"):
        assert AskUserTool().run("Which one?") == "heard: Which one?"


def test_in_a_terminal_the_question_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Terminal("the blue one\n"))
    assert AskUserTool().run("Which one?") == "the blue one"
    assert "Which one?" in capsys.readouterr().out


def test_an_empty_answer_is_an_answer():
    assert AskUserTool(ask=lambda question: "").run("Anything else?") == ""


def test_where_nobody_is_there_the_model_is_told(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("not a person\n"))
    with pytest.raises(ToolError, match="Nobody is here to answer"):
        AskUserTool().run("Which one?")
    returned = called(AskUserTool(), user_request="Which one?")
    assert not returned.ok
    assert "Nobody is here" in returned.text


def test_an_empty_question_is_refused():
    with pytest.raises(ToolError, match="empty"):
        AskUserTool(ask=lambda question: "yes").run(" ")


def test_a_message_is_shown_at_once(capsys):
    assert TellUserTool().run(message="Half is done. {x}") == "Message delivered to user."
    assert capsys.readouterr().out == "Half is done. {x}\n"


def test_a_message_can_be_shown_elsewhere(capsys):
    heard = []
    returned = called(TellUserTool(tell=heard.append), message="done")
    assert (returned.ok, returned.text) == (True, "Message delivered to user.")
    assert heard == ["done"]
    assert capsys.readouterr().out == ""


def test_a_message_that_cannot_be_shown_was_not_delivered(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ToolError, match="nowhere"):
        TellUserTool().run("done")


@pytest.mark.parametrize(
    "tool, name, parameter",
    [(AskUserTool(), "ask_user", "user_request"), (TellUserTool(), "tell_user", "message")],
)
def test_names_and_parameters_are_mojentics(tool, name, parameter):
    schema = tool.descriptor["function"]["parameters"]
    assert tool.name == name
    assert list(schema["properties"]) == schema["required"] == [parameter]
    assert tool.facts.effects == {"asks"}
    for example in tool.facts.examples:
        assert tool.arguments(example.arguments) == example.arguments


def test_arguments_are_checked():
    assert not called(AskUserTool(ask=lambda question: "yes"), question="Which?").ok
