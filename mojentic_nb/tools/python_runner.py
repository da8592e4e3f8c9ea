"""Runs code from its standard input and leaves its value in a file.

Law: a script for a Python of its own, with the standard library only; `kit/system_python`
is the only caller. What the code prints goes its own way; only the last expression's
value and the error are written down.
"""

from __future__ import annotations

import ast
import io
import json
import linecache
import sys
import traceback
from pathlib import Path
from typing import Any

__all__ = ["main"]

_NAME = "<code>"


def main() -> None:
    """Run; the command line is `answer-file most-characters`."""
    code = sys.stdin.read()
    answer, most = Path(sys.argv[1]), int(sys.argv[2])
    # `input()` finds the end of it, and a module in the folder is found.
    sys.stdin = io.StringIO()
    sys.argv[:] = [_NAME]
    sys.path.insert(0, "")
    linecache.cache[_NAME] = (len(code), None, code.splitlines(keepends=True), _NAME)

    told = outcome(code, most)
    answer.write_text(json.dumps(told), encoding="utf-8")
    sys.stdout.flush()
    raise SystemExit(1 if "error" in told else told.get("exit", 0))


def outcome(code: str, most: int) -> dict[str, Any]:
    """What running the code gave: `value`, `error` with `traceback`, or `exit`."""
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        first, last = parts(code)
        exec(first, names)
        if last is None:
            return {}
        value = eval(last, names)
        return {} if value is None else {"value": _cut(repr(value), most)}
    except SystemExit as wish:
        return {"exit": wish.code if isinstance(wish.code, int) else int(wish.code is not None)}
    except BaseException as problem:
        told = traceback.TracebackException.from_exception(problem)
        # What is above the code is ours and the standard library's, and nobody's business.
        names_seen = [one.filename for one in told.stack]
        del told.stack[: names_seen.index(_NAME) if _NAME in names_seen else None]
        return {
            "error": _cut("".join(told.format_exception_only()).strip(), most),
            "traceback": _cut("".join(told.format()), most),
        }


def parts(code: str) -> tuple[Any, Any]:
    """The code without its last expression, and that expression, each compiled."""
    tree = ast.parse(code, _NAME)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        end = tree.body.pop()
        assert isinstance(end, ast.Expr)
        last = compile(ast.Expression(end.value), _NAME, "eval")

    return compile(tree, _NAME, "exec"), last


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


if __name__ == "__main__":
    main()
