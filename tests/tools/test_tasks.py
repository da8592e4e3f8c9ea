"""A list of things to do, and the seven tools that change it."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter

import pytest

from mojentic_nb.clock import FrozenClock
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.tools import calling
from mojentic_nb.tools.tasks import (
    AppendTaskTool,
    ClearTasksTool,
    CompleteTaskTool,
    EphemeralTaskList,
    InsertTaskAfterTool,
    ListTasksTool,
    PrependTaskTool,
    StartTaskTool,
    Task,
    TaskStatus,
)

TOOLS = {
    "append_task": AppendTaskTool,
    "prepend_task": PrependTaskTool,
    "insert_task_after": InsertTaskAfterTool,
    "start_task": StartTaskTool,
    "complete_task": CompleteTaskTool,
    "list_tasks": ListTasksTool,
    "clear_tasks": ClearTasksTool,
}


@pytest.fixture
def hasty_threads():
    """Threads that take turns far more often than Python has them do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def tasks():
    return EphemeralTaskList()


def words(tasks):
    return [one.description for one in tasks.list_tasks()]


def called(tasks, name, **arguments):
    """As a model calls it."""
    tool = TOOLS[name](tasks)
    call = LLMToolCall(id="1", name=name, arguments=arguments)
    return calling.run({name: tool}, call, FrozenClock(), await_here=calling.wait_apart)


# the list --------------------------------------------------------------------


def test_tasks_stand_where_they_were_put(tasks):
    b = tasks.append_task("b")
    tasks.append_task("d")
    tasks.prepend_task("a")
    tasks.insert_task_after(b.id, "c")
    assert words(tasks) == ["a", "b", "c", "d"]
    assert {one.status for one in tasks.list_tasks()} == {TaskStatus.PENDING}


def test_a_task_is_started_and_then_completed(tasks):
    task = tasks.append_task("a")
    assert tasks.start_task(task.id).status == "in_progress"
    assert tasks.complete_task(task.id) == Task(id=1, description="a", status="completed")


@pytest.mark.parametrize(
    "steps, why",
    [
        (["complete_task"], "it is pending, not in_progress"),
        (["start_task", "start_task"], "it is in_progress, not pending"),
        (["start_task", "complete_task", "complete_task"], "it is completed, not in_progress"),
        (["start_task", "complete_task", "start_task"], "it is completed, not pending"),
    ],
)
def test_no_other_way_is_open(tasks, steps, why):
    tasks.append_task("a")
    for step in steps[:-1]:
        getattr(tasks, step)(1)
    before = tasks.list_tasks()
    with pytest.raises(ValueError, match=why):
        getattr(tasks, steps[-1])(1)
    assert tasks.list_tasks() == before


def test_a_number_that_is_not_there(tasks):
    tasks.append_task("a")
    for call in (
        lambda: tasks.start_task(9),
        lambda: tasks.complete_task(9),
        lambda: tasks.insert_task_after(9, "b"),
    ):
        with pytest.raises(ValueError, match=r"no task 9\. Tasks: 1"):
            call()
    assert words(tasks) == ["a"]


def test_a_task_without_words_is_refused(tasks):
    with pytest.raises(ValueError, match="description"):
        tasks.append_task("  ")


def test_numbers_are_never_given_again(tasks):
    tasks.append_task("a")
    assert tasks.clear_tasks() == 1
    assert tasks.list_tasks() == []
    assert tasks.append_task("b").id == 2


def test_what_is_handed_out_is_a_copy(tasks):
    tasks.append_task("a").description = "changed"
    tasks.list_tasks()[0].status = TaskStatus.COMPLETED
    assert tasks.list_tasks() == [Task(id=1, description="a")]


def at_once(work):
    """Do it in fifty threads that begin together."""
    ready = threading.Barrier(50, timeout=60)

    def begun(number):
        ready.wait(30)
        work(number)

    threads = [threading.Thread(target=begun, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)


@pytest.mark.usefixtures("hasty_threads")
def test_fifty_threads_get_fifty_numbers(tasks):
    # Without a lock about one in two hundred was given twice.
    at_once(lambda number: [tasks.append_task(f"{number}.{step}") for step in range(100)])
    found = tasks.list_tasks()
    assert sorted(one.id for one in found) == list(range(1, 5001))
    assert len({one.description for one in found}) == 5000


@pytest.mark.usefixtures("hasty_threads")
def test_fifty_threads_change_what_is_there(tasks):
    started = Counter()

    def work(number):
        for step in range(6):
            task = (tasks.append_task, tasks.prepend_task)[step % 2](f"{number}.{step}")
            tasks.insert_task_after(task.id, f"{number}.{step}+")
            for other in tasks.list_tasks()[:3]:
                try:
                    tasks.start_task(other.id)
                    started[other.id] += 1
                    tasks.complete_task(other.id)
                except ValueError:
                    continue

    at_once(work)
    found = tasks.list_tasks()
    assert sorted(one.id for one in found) == list(range(1, 601))
    assert len({one.description for one in found}) == 600
    places = {one.description: place for place, one in enumerate(found)}
    assert all(places[word] < places[f"{word}+"] for word in places if not word.endswith("+"))
    # Each was begun by one thread only, and nobody else finished it.
    assert set(started.values()) == {1}
    done = {one.id for one in found if one.status is TaskStatus.COMPLETED}
    assert done == set(started)


# the tools -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, parameters",
    [
        ("append_task", {"description": "string"}),
        ("prepend_task", {"description": "string"}),
        ("insert_task_after", {"existing_task_id": "integer", "description": "string"}),
        ("start_task", {"id": "integer"}),
        ("complete_task", {"id": "integer"}),
        ("list_tasks", {}),
        ("clear_tasks", {}),
    ],
)
def test_names_and_parameters_are_mojentics(tasks, name, parameters):
    tool = TOOLS[name](tasks)
    schema = tool.descriptor["function"]["parameters"]
    assert tool.name == name
    assert {one: part["type"] for one, part in schema["properties"].items()} == parameters
    assert schema["required"] == list(parameters)


def test_a_round_by_hand(tasks):
    assert AppendTaskTool(tasks).run("b") == {
        "id": 1,
        "description": "b",
        "status": "pending",
        "summary": "Task 1 was added at the end: b",
    }
    assert PrependTaskTool(tasks).run(description="a")["id"] == 2
    assert InsertTaskAfterTool(tasks).run(existing_task_id=2, description="ab")["id"] == 3
    assert StartTaskTool(tasks).run(id=2)["status"] == "in_progress"
    assert CompleteTaskTool(tasks).run(id=2)["status"] == "completed"
    listed = ListTasksTool(tasks).run()
    assert listed["count"] == 3
    assert listed["tasks"][0] == {"id": 2, "description": "a", "status": "completed"}
    assert listed["summary"] == "2. a (completed)\n3. ab (pending)\n1. b (pending)"
    assert ClearTasksTool(tasks).run() == {"count": 3, "summary": "Removed 3 tasks."}
    assert ListTasksTool(tasks).run()["summary"] == "No tasks."


def test_a_model_is_told_the_same(tasks):
    returned = called(tasks, "append_task", description="a")
    assert returned.ok
    assert json.loads(returned.text)["id"] == 1


def test_by_hand_a_failure_is_an_answer(tasks):
    told = CompleteTaskTool(tasks).run(id=7)
    assert told["error"] == "There is no task 7. Tasks: none."
    assert told["error"] in told["summary"]


def test_in_a_turn_a_failure_counts_as_one(tasks):
    tasks.append_task("a")
    returned = called(tasks, "complete_task", id=1)
    assert not returned.ok
    assert "it is pending, not in_progress" in json.loads(returned.text)["error"]


def test_arguments_are_checked(tasks):
    assert not called(tasks, "start_task", id="first").ok
    assert not called(tasks, "start_task").ok
    assert tasks.list_tasks() == []
