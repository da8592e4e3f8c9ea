"""The magics themselves: what IPython calls.

Law: a magic here reads its line, hands over, and lets failures out in one line. Magics
are synchronous (IPython does not await a cell magic). Their prose is nobody's Python:
no expansion of the line by IPython, no silencing by a semicolon.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.magic import magics_class, needs_local_scope, no_var_expand

from mojentic_nb.magics.arguments import Flags, Line, read_around, read_first
from mojentic_nb.magics.consenting import Asking
from mojentic_nb.magics.failures import friendly
from mojentic_nb.magics.last_image import LastImage
from mojentic_nb.magics.manual import MANUAL
from mojentic_nb.magics.once import Once
from mojentic_nb.magics.options import ASK, COMPARE, FIX, STRUCTURED
from mojentic_nb.magics.prompt import filled_flag, note, worded
from mojentic_nb.magics.settings import Settings
from mojentic_nb.magics.surroundings import has_lossy_loops
from mojentic_nb.magics.watching import Watching

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mojentic_nb.magics.asking import Desk
    from mojentic_nb.magics.session import Session
    from mojentic_nb.reply import Reply

__all__ = ["LLMMagics"]

F = TypeVar("F", bound=Callable[..., Any])


def prose(function: F) -> F:
    """Mark a magic whose line is prose, and which wants the caller's variables."""
    return needs_local_scope(no_var_expand(function))


@magics_class
class LLMMagics(Settings):
    """Language models in cells: `%llm`, `%%llm`, `%%structured` and their settings."""

    def __init__(self, shell: InteractiveShell, **traits: Any) -> None:
        super().__init__(shell, **traits)
        self._shell = shell
        self.once = Once(shell)
        self.last_image = LastImage(shell)
        self.asking = Asking(shell)
        self.watching = Watching(shell, self)
        self._session: Session | None = None
        self._has_warned = False

    def warn_of_nested_loops(self) -> None:
        """Say once what nest_asyncio does to a kernel, if it is there."""
        if not self._has_warned and has_lossy_loops():
            self._has_warned = True
            note(
                "nest_asyncio is applied in this kernel and makes it lose messages. These magics "
                "do not need it; where other code does, nest_asyncio2 loses none."
            )

    @property
    def session(self) -> Session:
        """This kernel's conversation, made when first needed: it brings pydantic along."""
        if self._session is None:
            from mojentic_nb.magics.session import Session

            self._session = Session(settings=self)

        return self._session

    def leave(self) -> None:
        """Let go of what was made on the way."""
        self.once.forget()
        self.last_image.unwatch()
        if self._session is not None:
            self._session.close()

    @property
    def desk(self) -> Desk:
        """Where calls are made."""
        from mojentic_nb.magics.asking import Desk

        return Desk(
            shell=self._shell, session=self.session, once=self.once, last_image=self.last_image
        )

    @prose
    def llm(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Reply | None:
        """Ask, and show the answer as it comes."""
        namespace = self._namespace(local_ns)
        with friendly(debug="--debug" in line.split()):
            magic = f"%{self.name}" if cell is None else f"%%{self.name}"
            read = read_first(line, ASK, magic=magic)
            if "help" in read.typed:
                self._help(self.llm)
                return None

            flags = self._flags(read, namespace)
            if read.late:
                note(f"{read.late} came after the prompt began and is part of it: flags go first.")

            from mojentic_nb.magics.composing import composed

            text = _joined(read.rest, cell)
            result = composed(self._shell, flags, text, namespace, name=self.name)
            return self._asked(flags, result.text, result.used, namespace)

    @prose
    def llm_fix(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Reply | None:
        """Explain the notebook's last error, and show a corrected cell."""
        namespace = self._namespace(local_ns)
        with friendly(debug="--debug" in line.split()):
            read = read_first(line, FIX, magic="%llm_fix")
            if "help" in read.typed:
                self._help(self.llm_fix)
                return None

            from mojentic_nb.magics.last_error import fix_prompt

            flags = self._flags(read, namespace)
            wish = worded(read.rest, namespace, raw=False)
            return self._asked(flags, fix_prompt(self._shell, wish.text), wish.used, namespace)

    def _asked(
        self, flags: Flags, prompt: str, used: Mapping[str, str], namespace: Mapping[str, Any]
    ) -> Reply | None:
        from mojentic_nb.magics.asking import ask, is_timed, planned, sent

        self.warn_of_nested_loops()

        call = planned(self.desk, flags, prompt, used, namespace)
        if flags.dry_run:
            from mojentic_nb.magics.dry_run import show

            model = self.session.named_model(flags.model)
            show(call, sent(self.desk, call), model=model, sized=is_timed(self.desk))
            return None

        return ask(self.desk, call)

    @prose
    def structured(self, line: str, cell: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Ask for an object, and put it into a variable."""
        from mojentic_nb.magics.structured import structured

        namespace = self._namespace(local_ns)
        with friendly(debug="--debug" in line.split()):
            read = read_around(line, STRUCTURED, magic="%%structured")
            if "help" in read.typed:
                self._help(self.structured)
                return None

            flags = self._flags(read, namespace)
            result = worded(cell, namespace, raw=flags.raw)
            return structured(self.desk, flags, read.rest, result, namespace)

    @prose
    def compare(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Any:
        """Ask several models the same."""
        from mojentic_nb.magics.comparing import compared

        namespace = self._namespace(local_ns)
        with friendly(debug="--debug" in line.split()):
            read = read_first(line, COMPARE, magic="%compare" if cell is None else "%%compare")
            if "help" in read.typed:
                self._help(self.compare)
                return None

            flags = self._flags(read, namespace)
            text = worded(_joined(read.rest, cell), namespace, raw=flags.raw)
            return compared(self.desk, flags, text.text, namespace)

    def llm_config(self, line: str) -> None:
        """Show or change what holds for every call.

        %llm_config                        a table of the settings
        %llm_config model=demo stream=off  change some; a text with blanks in quotes
        %llm_config temperature=none       take one back
        %llm_config budget_usd=0.10        refuse what would cost more
        %llm_config personas               list the names that --persona takes
        %llm_config forget                 begin a new conversation
        %llm_config reset                  everything as at the start
        """
        from mojentic_nb.magics.configuring import configure

        with friendly():
            configure(self.session, line)

    def llm_models(self, line: str) -> None:
        """List the models there are, by provider.

        %llm_models            every provider; one that does not answer says why
        %llm_models ollama     one of them, its list whole
        """
        from mojentic_nb.magics.models import show_models

        with friendly():
            show_models(self.session, line.strip())

    def llm_tools(self, line: str) -> None:
        """List the tools a model may be given, search them, or look at one.

        %llm_tools             every tool that comes with us
        %llm_tools csv         those that have to do with csv
        %llm_tools @files      all of a category
        %llm_tools file_read   one, with its parameters

        `%%llm --tools calculator,@files,my_function` gives them to a model.
        """
        from mojentic_nb.magics.toolroom import show_tools

        with friendly():
            show_tools(line.strip())

    def llm_cassette(self, line: str) -> None:
        """Keep what models answer in a file, and answer from it the next time.

        %llm_cassette answers.jsonl                 replay what is there, record what is not
        %llm_cassette answers.jsonl --mode replay   send nothing; or record, to begin anew
        %llm_cassette off                           back to the models
        %llm_cassette                               which one holds, and what it has done
        """
        from mojentic_nb.magics.cassette import switch_cassette

        with friendly():
            switch_cassette(line)

    def traced(self, line: str) -> Any:
        """Show what happened."""
        with friendly(debug="--debug" in line.split()):
            if self._is_help(line, self.traced):
                return None

            from mojentic_nb.magics.tracing import trace

            return trace(self.desk, self.watching.tracer(), line)

    def cost(self, line: str) -> None:
        """Show what calls came to."""
        with friendly(debug="--debug" in line.split()):
            if not self._is_help(line, self.cost):
                from mojentic_nb.magics.cost_table import cost

                cost(self.desk, self.watching.tracer(), line)

    def llm_history(self, line: str) -> Any:
        """Give what was said, as a DataFrame."""
        with friendly(debug="--debug" in line.split()):
            if self._is_help(line, self.llm_history):
                return None

            from mojentic_nb.magics.history import history

            return history(self.desk, self.watching.tracer(), line)

    @prose
    def llm_chat(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Show the conversation, or go on with another one."""
        with friendly(debug="--debug" in line.split()):
            if self._is_help(line, self.llm_chat):
                return None

            from mojentic_nb.magics.chat import chat

            return chat(self.desk, line, self._namespace(local_ns))

    def _is_help(self, line: str, magic: Callable[..., Any]) -> bool:
        if "--help" not in line.split():
            return False

        self._help(magic)
        return True

    def _namespace(self, local_ns: Mapping[str, Any] | None) -> Mapping[str, Any]:
        return ChainMap(dict(local_ns or {}), self._shell.user_ns)

    def _flags(self, read: Line, namespace: Mapping[str, Any]) -> Flags:
        def fill(name: str, value: str) -> str:
            if name == "system" and "raw" in read.typed:
                return value
            if name == "image" and value[:1] == "{" and value[-1:] == "}":
                return value[1:-1]  # the picture itself, not its description

            return filled_flag(name, value, namespace)

        return Flags.of(read.typed, fill)

    def _help(self, magic: Callable[..., Any]) -> None:
        sys.stdout.write(f"{magic.__doc__}\n")


def _joined(first: str, cell: str | None) -> str:
    """Words after the flags begin the prompt that a cell goes on with."""
    if cell is None:
        return first

    return f"{first}\n{cell}" if first.strip() else cell


for _name, _text in MANUAL.items():
    getattr(LLMMagics, _name).__doc__ = _text
