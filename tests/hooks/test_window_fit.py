"""Which messages go along: never half an exchange, never without the question."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.hooks.window_fit import Fit, exchanges_of, fitted, head_of, question_of
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole

SYSTEM = LLMMessage.system("s")


def letters(messages: Sequence[LLMMessage]) -> int:
    """A count as simple as can be: one for a message, and its letters."""
    return sum(1 + len(message.content or "") for message in messages)


def user(text: str = "u") -> LLMMessage:
    return LLMMessage.user(text)


def said(text: str = "a", *calls: str | None) -> LLMMessage:
    made = [LLMToolCall(id=one, name="look") for one in calls]
    return LLMMessage(role="assistant", content=text, tool_calls=made or None)


def told(call: str | None, text: str = "t") -> LLMMessage:
    return LLMMessage.tool(text, call=LLMToolCall(id=call, name="look"))


def pieces(messages: list[LLMMessage]) -> list[tuple[int, int]]:
    return [(one.start, one.stop) for one in exchanges_of(messages)]


def test_an_exchange_begins_with_each_question() -> None:
    messages = [SYSTEM, user(), said("", "1"), told("1"), said(), user(), said()]
    assert pieces(messages) == [(1, 5), (5, 7)]
    assert (head_of(messages), question_of(messages)) == (1, 5)


def test_what_stands_before_the_first_question_is_one_too() -> None:
    assert pieces([SYSTEM, said(), said(), user()]) == [(1, 3), (3, 4)]
    assert pieces([said()]) == [(0, 1)]
    assert pieces([SYSTEM, SYSTEM]) == []
    assert pieces([]) == []


def test_questions_in_a_row_are_exchanges_of_their_own() -> None:
    assert pieces([user(), user(), said(), SYSTEM, user()]) == [(0, 1), (1, 4), (4, 5)]


def test_a_call_and_its_result_are_never_parted() -> None:
    late = [user(), said("", "1"), user(), told("1"), user()]
    assert pieces(late) == [(0, 4), (4, 5)]
    crossed = [user(), said("", "1"), user(), said("", "2"), told("2"), told("1"), user()]
    assert pieces(crossed) == [(0, 6), (6, 7)]
    # Some providers give no ids, and some the same one again.
    nameless = [user(), said("", None), told(None), user(), said("", None), told(None)]
    assert pieces(nameless) == [(0, 3), (3, 6)]
    again = [user(), said("", "1"), told("1"), user(), said("", "1"), told("1"), user()]
    assert pieces(again) == [(0, 3), (3, 6), (6, 7)]


def test_a_result_without_any_call_takes_nothing_with_it() -> None:
    assert pieces([user(), said(), user(), told("9"), user()]) == [(0, 2), (2, 4), (4, 5)]


def fit(messages: list[LLMMessage], room: int, **others: int | None) -> Fit:
    return fitted(messages, room=room, fixed=0, count=letters, **others)


def test_as_many_exchanges_as_have_room_go_along() -> None:
    messages = [SYSTEM, *[user(), said()] * 4, user("ask")]
    found = [fit(messages, room).start for room in range(5, 24)]
    assert found == [9, 9, 9, 9, 9, *[7] * 4, *[5] * 4, *[3] * 4, 1, 1]
    assert fit(messages, 22).is_whole
    assert not fit(messages, 21).is_whole
    assert fit(messages, 15).tokens == 14


def test_an_exchange_that_has_no_room_ends_it() -> None:
    # Nothing smaller from before it is taken: the conversation would have a hole.
    messages = [user(), said(), user("a long one"), said(), user()]
    assert fit(messages, 8).start == 4


def test_what_must_stay_stays_even_where_it_has_no_room() -> None:
    messages = [SYSTEM, user(), said(), user("too long"), said("", "1"), told("1", "so long")]
    found = fit(messages, 3)
    assert not found.is_possible
    assert (found.start, found.tokens) == (3, 2 + 9 + 1 + 8)
    assert (found.parts.head, found.parts.current) == (2, 18)


def test_the_question_may_be_another_than_the_last_one() -> None:
    messages = [user(), said(), user("ask"), said(), user("repair")]
    assert fit(messages, 1, question=2).start == 2
    assert fit(messages, 1).start == 4


def test_tools_and_schema_take_their_room() -> None:
    messages = [user(), said(), user()]
    assert fitted(messages, room=6, fixed=0, count=letters).is_whole
    assert fitted(messages, room=6, fixed=1, count=letters).start == 2
    assert fitted(messages, room=6, fixed=5, count=letters).is_possible is False


def test_no_more_messages_than_wanted() -> None:
    messages = [SYSTEM, *[user(), said()] * 4, user()]
    starts = [fit(messages, 100, max_messages=most).start for most in range(1, 11)]
    assert starts == [9, 9, 7, 7, 5, 5, 3, 3, 1, 1]


def test_the_length_of_a_conversation_costs_nothing() -> None:
    counted: list[int] = []

    def count(messages: Sequence[LLMMessage]) -> int:
        counted.append(len(messages))
        return letters(messages)

    messages = [SYSTEM, *[user(), said()] * 5000, user()]
    fitted(messages, room=20, fixed=0, count=count)
    assert sum(counted) < 20


# A conversation as providers take it: calls with their results, in any number of rounds.
ids = st.sampled_from(["1", "2", "3", None])
rounds = st.lists(ids, min_size=1, max_size=3, unique=True).flatmap(
    lambda calls: st.permutations(calls).map(
        lambda answered: [said("", *calls), *(told(one, "tt") for one in answered)]
    )
)
answers = st.lists(rounds, max_size=3).map(lambda found: [m for one in found for m in one])
one_exchange = st.tuples(st.text("ab", max_size=9), answers, st.booleans()).map(
    lambda made: [user(made[0] or "u"), *made[1], *([said("done")] if made[2] else [])]
)
conversations = st.tuples(
    st.lists(st.just(SYSTEM), max_size=2), st.lists(one_exchange, min_size=1, max_size=6)
).map(lambda made: [*made[0], *(message for one in made[1] for message in one)])


def orphans(messages: Sequence[LLMMessage]) -> list[LLMMessage]:
    """Results without a call before them, as a provider would look for it."""
    called: set[str | None] = set()
    found = []
    for message in messages:
        ids = [call.id for call in message.tool_calls or ()]
        if message.role is MessageRole.Assistant:
            called |= set(ids)
        elif message.role is MessageRole.Tool and ids[0] not in called:
            found.append(message)

    return found


@given(conversations, st.integers(0, 10))
def test_every_window_leaves_a_conversation_that_can_be_sent(
    messages: list[LLMMessage], fixed: int
) -> None:
    head, question = head_of(messages), question_of(messages)
    whole = letters(messages) + fixed
    least = letters([*messages[:head], *messages[question:]]) + fixed
    for room in range(1, whole + 2):
        found = fitted(messages, room=room, fixed=fixed, count=letters)
        sent = [*messages[:head], *messages[found.start :]]
        assert orphans(sent) == []
        assert sent[:head] == messages[:head]
        assert found.start <= question
        assert found.start == head or messages[found.start].role is MessageRole.User
        assert found.tokens == letters(sent) + fixed
        assert found.is_possible == (room >= least)
        assert found.tokens <= room or not found.is_possible
        assert found.is_whole == (room >= whole)


anything = st.lists(
    st.one_of(
        st.just(SYSTEM),
        st.just(user()),
        st.lists(ids, max_size=2).map(lambda calls: said("a", *calls)),
        ids.map(told),
    ),
    max_size=12,
)


@given(anything)
def test_the_exchanges_of_anything_are_all_of_it(messages: list[LLMMessage]) -> None:
    found = pieces(messages)
    ends = [head_of(messages), *(stop for _, stop in found)]
    assert [start for start, _ in found] == ends[:-1]
    assert ends[-1] == len(messages)
    assert all(start < stop for start, stop in found)


@given(anything, st.integers(1, 12))
def test_no_result_is_parted_from_its_call_in_anything(
    messages: list[LLMMessage], room: int
) -> None:
    given_so = {id(one) for one in orphans(messages)}
    found = fit(messages, room)
    sent = [*messages[: found.head], *messages[found.start :]]
    assert all(id(one) in given_so for one in orphans(sent))
