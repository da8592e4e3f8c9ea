"""What a model asks and tells the person in a chat: by ask_user, tell_user, and consent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier

from mojentic_nb.tools import AskUserTool, TellUserTool, tool
from mojentic_nb.tools.asking import spoken_with
from tests.loopback import Answer, Loopback, ToolUse
from tests.widgets.chat_page import PATIENCE_S, Page, Show, runs, wipe

ASK = ToolUse("ask_user", {"user_request": "Which one?\nkey=sk-abcdefghijklmnop0123456789"})


@tool
def ask_both() -> str:
    """Ask two things at once."""
    both_are_here = Barrier(2, timeout=60)

    def ask(name: str) -> str:
        both_are_here.wait(PATIENCE_S)
        return AskUserTool().run(name)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(copy_context().run, ask, name) for name in ("one", "two")]
    return ", ".join(one.result() for one in asked)


def kinds_until(page: Page, kind: str) -> list[str]:
    """The kinds of all messages up to the first of this one."""
    kinds: list[str] = []
    while kind not in kinds:
        kinds.append(page.told.get(timeout=PATIENCE_S)["type"])
    return kinds


def kinds_for_a_while(page: Page) -> list[str]:
    """The kinds of what comes while other threads have their turn many times."""
    kinds: list[str] = []
    for _ in range(30):
        page.say(type="names", word="x")
        kinds += kinds_until(page, "names")
    return kinds


def told(loopback: Loopback) -> list[str]:
    """What the model heard of its tools."""
    messages = loopback.requests[-1].body["messages"]
    return [one["content"] for one in messages if one["role"] == "tool"]


def test_a_question_is_put_in_the_chat_and_its_answer_goes_back(
    loopback: Loopback, show: Show
) -> None:
    loopback.script(Answer(tools=[ASK]), Answer("done"))
    page = show(tools=[AskUserTool()])
    page.opened()
    page.say(type="send", text="tidy up")
    card = page.until("card")["card"]
    assert card["kind"] == "words"
    assert card["question"].startswith("Which one?\n")
    assert "sk-abc" not in card["question"]
    for key, answer in [("another", "no"), (card["key"], None), (card["key"], ["x"])]:
        page.say(type="answer", key=key, answer=answer)
    # A page that comes late is asked, too.
    page.say(type="ready", view="late")
    assert page.until("all", view="late")["card"] == card
    page.say(type="answer", key=card["key"], answer="the “first”\nor so")
    assert page.until("card")["card"] is None
    page.until("from")
    assert told(loopback) == ["the “first”\nor so"]


def test_nothing_is_an_answer(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer(tools=[ASK]), Answer("done"))
    page = show(tools=[AskUserTool()])
    page.opened()
    page.say(type="send", text="tidy up")
    page.say(type="answer", key=page.until("card")["card"]["key"], answer="")
    page.until("from")
    assert told(loopback) == [""]


def test_questions_at_once_are_put_one_after_the_other(loopback: Loopback, show: Show) -> None:
    uses = [ToolUse("ask_both", {}), ToolUse("wipe", {"disk": "sda"})]
    loopback.script(Answer(tools=uses), Answer("done"))
    page = show(tools=[ask_both, wipe])
    page.opened()
    page.say(type="send", text="tidy up")
    asked = []
    for _ in range(3):
        card = page.until("card")["card"]
        asked.append(card.get("question", card.get("tool")))
        assert "card" not in kinds_for_a_while(page)
        is_words = card["kind"] == "words"
        page.say(type="answer", key=card["key"], answer=card["question"] if is_words else "yes")
        assert page.until("card")["card"] is None
    page.until("from")
    assert sorted(asked) == ["one", "two", "wipe"]
    assert told(loopback) == ["one, two", "wiped sda"]
    assert runs == ["sda"]


def test_stop_ends_every_question_of_the_turn(loopback: Loopback, show: Show) -> None:
    both = Answer(tools=[ToolUse("ask_both", {})])
    loopback.script(both, Answer("here"), Answer(tools=[ASK]), Answer("done"))
    page = show(tools=[ask_both, AskUserTool()])
    page.opened()
    page.say(type="send", text="tidy up")
    key = page.until("live")["live"]["key"]
    page.until("card")
    page.stop(key)
    assert page.until("stopping")
    assert page.until("card")["card"] is None
    assert page.until("over")["mark"].startswith("stopped")
    # The second one is not put any more, nor into the next turn.
    assert "card" not in kinds_for_a_while(page)
    page.say(type="send", text="go on")
    assert "card" not in kinds_until(page, "over")
    # And holds up none that comes later.
    page.say(type="send", text="tidy up")
    page.say(type="answer", key=page.until("card")["card"]["key"], answer="the first")
    page.until("from")
    assert told(loopback) == ["the first"]


def test_where_no_page_shows_it_nobody_is_there(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer(tools=[ASK]), Answer("done"))
    page = show(tools=[AskUserTool()])
    with spoken_with(lambda question: "somebody elsewhere", print):
        page.say(type="send", text="tidy up")
    page.until("from")
    assert "Nobody is here to answer." in told(loopback)[0]


def test_a_message_is_shown_in_the_chat(loopback: Loopback, show: Show, capsys: object) -> None:
    use = ToolUse("tell_user", {"message": "Half of it is done."})
    loopback.script(Answer(tools=[use]), Answer("done"))
    page = show(tools=[TellUserTool()])
    page.opened()
    page.say(type="send", text="tidy up")
    assert page.until("note")["text"] == "Half of it is done."
    (fold, _) = page.until("from")["turns"][0]["parts"]
    assert "Half of it is done." in fold["body"]
    assert told(loopback) == ["Message delivered to user."]
    assert capsys.readouterr().out == ""


def test_a_turn_elsewhere_asks_elsewhere(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer(tools=[ASK]), Answer("done"))
    page = show(tools=[AskUserTool(ask=lambda question: "a colleague")])
    page.opened()
    page.widget.session.send("tidy up")
    assert told(loopback) == ["a colleague"]
