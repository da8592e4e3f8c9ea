"""A list of things to do that a model keeps, and the seven tools that change it.

Law: the list lives as long as its object and is safe to use from any number of threads;
what it hands out are copies. A task goes pending -> in progress -> completed and never
another way.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel

from mojentic_nb.errors import BadArgument
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.facts import Facts

__all__ = [
    "AppendTaskTool",
    "ClearTasksTool",
    "CompleteTaskTool",
    "EphemeralTaskList",
    "InsertTaskAfterTool",
    "ListTasksTool",
    "PrependTaskTool",
    "StartTaskTool",
    "Task",
    "TaskStatus",
]


class TaskStatus(StrEnum):
    """How far a task is."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Task(BaseModel):
    """Something to do.

    Attributes:
        id: Its number, which never changes and is never given again.
        description: What is to be done.
        status: How far it is.
    """

    id: int
    description: str
    status: TaskStatus = TaskStatus.PENDING


class EphemeralTaskList:
    """Tasks in order, for as long as the object lives."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._next_id = 1
        self._changing = threading.Lock()

    def __repr__(self) -> str:
        return f"EphemeralTaskList({len(self.list_tasks())} tasks)"

    def append_task(self, description: str) -> Task:
        """Add a task at the end."""
        with self._changing:
            return self._put(len(self._tasks), description)

    def prepend_task(self, description: str) -> Task:
        """Add a task at the beginning."""
        with self._changing:
            return self._put(0, description)

    def insert_task_after(self, existing_task_id: int, description: str) -> Task:
        """Add a task after another.

        Raises:
            ValueError: There is no task with that number.
        """
        with self._changing:
            return self._put(self._place(existing_task_id) + 1, description)

    def start_task(self, task_id: int) -> Task:
        """Begin a pending task.

        Raises:
            ValueError: There is no such task, or it is not pending.
        """
        return self._step(task_id, TaskStatus.PENDING, TaskStatus.IN_PROGRESS, "started")

    def complete_task(self, task_id: int) -> Task:
        """Finish a task that is in progress.

        Raises:
            ValueError: There is no such task, or it is not in progress.
        """
        return self._step(task_id, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, "completed")

    def list_tasks(self) -> list[Task]:
        """All tasks, in order."""
        with self._changing:
            return [one.model_copy() for one in self._tasks]

    def clear_tasks(self) -> int:
        """Remove all tasks; how many there were."""
        with self._changing:
            count = len(self._tasks)
            self._tasks.clear()
            return count

    def _put(self, place: int, description: str) -> Task:
        if not description.strip():
            raise BadArgument("A task needs a description.")

        task = Task(id=self._next_id, description=description)
        self._next_id += 1
        self._tasks.insert(place, task)
        return task.model_copy()

    def _place(self, task_id: int) -> int:
        for place, one in enumerate(self._tasks):
            if one.id == task_id:
                return place

        known = ", ".join(str(one.id) for one in self._tasks) or "none"
        raise BadArgument(f"There is no task {task_id}. Tasks: {known}.")

    def _step(self, task_id: int, before: TaskStatus, after: TaskStatus, word: str) -> Task:
        with self._changing:
            task = self._tasks[self._place(task_id)]
            if task.status is not before:
                raise BadArgument(
                    f"Task {task_id} cannot be {word}: it is {task.status}, not {before}."
                )
            task.status = after
            return task.model_copy()


class _TaskTool(LLMTool):
    """One operation on a list.

    Run by hand, a failure is an answer with `error` and `summary`, as Mojentic's callers
    know it; called by a model, it is told and counted as a failed call.

    Args:
        task_list: The list; tools that share it work on the same tasks.
        tracer: See `LLMTool`.
    """

    facts = Facts(category="communication & tasks")
    _name: ClassVar[str]
    _does: ClassVar[str]
    _takes: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(self, task_list: EphemeralTaskList | None = None, tracer: Any = None) -> None:
        super().__init__(tracer)
        self._task_list = EphemeralTaskList() if task_list is None else task_list

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """What a model is told of this tool."""
        parameters = {
            "type": "object",
            "properties": {
                name: {"type": kind, "description": text}
                for name, (kind, text) in self._takes.items()
            },
            "required": list(self._takes),
            "additionalProperties": False,
        }
        function = {"name": self._name, "description": self._does, "parameters": parameters}
        return {"type": "function", "function": function}

    def invoke(self, arguments: dict[str, Any]) -> Any:
        """Do it for a model."""
        return self._done(**arguments)

    def _done(self, **arguments: Any) -> dict[str, Any]:
        raise NotImplementedError

    def _by_hand(self, **arguments: Any) -> dict[str, Any]:
        try:
            return self._done(**arguments)
        except ValueError as problem:
            return {"error": str(problem), "summary": f"{self._name} failed: {problem}"}


def _told(task: Task, done: str) -> dict[str, Any]:
    return {
        "id": task.id,
        "description": task.description,
        "status": task.status.value,
        "summary": f"Task {task.id} {done}: {task.description}",
    }


_DESCRIPTION = ("string", "What is to be done.")
_ID = ("integer", "The task's number.")


class AppendTaskTool(_TaskTool):
    """Adds a task at the end of a list."""

    _name = "append_task"
    _does = "Add a task at the end of the task list. It starts as pending."
    _takes: ClassVar = {"description": _DESCRIPTION}

    def run(self, description: str) -> dict[str, Any]:
        """Add it; the task with a summary."""
        return self._by_hand(description=description)

    def _done(self, **arguments: Any) -> dict[str, Any]:
        return _told(self._task_list.append_task(**arguments), "was added at the end")


class PrependTaskTool(_TaskTool):
    """Adds a task at the beginning of a list."""

    _name = "prepend_task"
    _does = "Add a task at the beginning of the task list. It starts as pending."
    _takes: ClassVar = {"description": _DESCRIPTION}

    def run(self, description: str) -> dict[str, Any]:
        """Add it; the task with a summary."""
        return self._by_hand(description=description)

    def _done(self, **arguments: Any) -> dict[str, Any]:
        return _told(self._task_list.prepend_task(**arguments), "was added at the beginning")


class InsertTaskAfterTool(_TaskTool):
    """Adds a task after another one of a list."""

    _name = "insert_task_after"
    _does = "Add a task right after an existing one. It starts as pending."
    _takes: ClassVar = {
        "existing_task_id": ("integer", "Number of the task it comes after."),
        "description": _DESCRIPTION,
    }

    def run(self, existing_task_id: int, description: str) -> dict[str, Any]:
        """Add it; the task with a summary."""
        return self._by_hand(existing_task_id=existing_task_id, description=description)

    def _done(self, **arguments: Any) -> dict[str, Any]:
        after = arguments["existing_task_id"]
        return _told(self._task_list.insert_task_after(**arguments), f"was added after {after}")


class StartTaskTool(_TaskTool):
    """Begins a task of a list."""

    _name = "start_task"
    _does = "Begin a pending task: it is in progress from then on."
    _takes: ClassVar = {"id": _ID}

    def run(self, id: int) -> dict[str, Any]:
        """Begin it; the task with a summary."""
        return self._by_hand(id=id)

    def _done(self, **arguments: Any) -> dict[str, Any]:
        return _told(self._task_list.start_task(arguments["id"]), "was started")


class CompleteTaskTool(_TaskTool):
    """Finishes a task of a list."""

    _name = "complete_task"
    _does = "Finish a task that is in progress: it is completed from then on."
    _takes: ClassVar = {"id": _ID}

    def run(self, id: int) -> dict[str, Any]:
        """Finish it; the task with a summary."""
        return self._by_hand(id=id)

    def _done(self, **arguments: Any) -> dict[str, Any]:
        return _told(self._task_list.complete_task(arguments["id"]), "was completed")


class ListTasksTool(_TaskTool):
    """Shows the tasks of a list."""

    _name = "list_tasks"
    _does = "Show all tasks in order, with their numbers and how far they are."

    def run(self) -> dict[str, Any]:
        """All tasks; `count`, `tasks` and `summary`."""
        return self._by_hand()

    def _done(self, **arguments: Any) -> dict[str, Any]:
        tasks = self._task_list.list_tasks()
        lines = [f"{one.id}. {one.description} ({one.status})" for one in tasks]
        return {
            "count": len(tasks),
            "tasks": [one.model_dump(mode="json") for one in tasks],
            "summary": "\n".join(lines) or "No tasks.",
        }


class ClearTasksTool(_TaskTool):
    """Removes the tasks of a list."""

    _name = "clear_tasks"
    _does = "Remove all tasks from the task list."

    def run(self) -> dict[str, Any]:
        """Remove them; how many there were as `count`."""
        return self._by_hand()

    def _done(self, **arguments: Any) -> dict[str, Any]:
        count = self._task_list.clear_tasks()
        return {"count": count, "summary": f"Removed {count} task{'s' * (count != 1)}."}
