"""The task list as one tool, for models that do better with one than with seven."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.tasks import EphemeralTaskList, Task

__all__ = ["TaskListTool"]

T = TypeVar("T")
Operation = Literal["list", "append", "prepend", "insert_after", "start", "complete", "clear"]


class TaskListTool(KitTool):
    """Keeps a list of tasks.

    Args:
        policy: Not asked: nothing is touched.
        tracer: See `LLMTool`.
        tasks: The list, to share it with others or look at it; a new one by default.
    """

    tool_name = "task_list"
    facts = Facts(
        category="communication & tasks",
        examples=(
            Example(arguments={"operation": "append", "description": "Read the data"}),
            Example(arguments={"operation": "list"}),
        ),
        guidance="A task is started before it is completed. List the tasks to see their numbers.",
    )

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        tracer: Any = None,
        tasks: EphemeralTaskList | None = None,
    ) -> None:
        super().__init__(policy, tracer=tracer)
        self.tasks = EphemeralTaskList() if tasks is None else tasks

    def run(
        self,
        operation: Operation = "list",
        *,
        description: str | None = None,
        id: int | None = None,
    ) -> list[Task]:
        """Keep a list of tasks for longer work: add, start and complete them.

        Every operation gives the whole list back, as it is then.

        Args:
            operation: append, prepend and insert_after need a description; insert_after,
                start and complete need the number of a task.
            description: What is to be done.
            id: Number of the task to start, to complete, or to add one after.
        """
        try:
            self._do(operation, description, id)
        except ValueError as problem:
            raise ToolError(str(problem)) from None

        return self.tasks.list_tasks()

    def _do(self, operation: Operation, description: str | None, id: int | None) -> None:
        if operation in ("append", "prepend"):
            add = self.tasks.append_task if operation == "append" else self.tasks.prepend_task
            add(_given(description, "description", operation))
        elif operation == "insert_after":
            after = _given(id, "id", operation)
            self.tasks.insert_task_after(after, _given(description, "description", operation))
        elif operation == "start":
            self.tasks.start_task(_given(id, "id", operation))
        elif operation == "complete":
            self.tasks.complete_task(_given(id, "id", operation))
        elif operation == "clear":
            self.tasks.clear_tasks()


def _given(value: T | None, name: str, operation: str) -> T:
    if value is None:
        raise ToolError(f"{operation} needs {name}.")

    return value
