"""`python -m mojentic_nb`: what can be asked from a terminal.

Law: parses the line, prints, returns an exit code. What is printed is made elsewhere.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence

from mojentic_nb.doctor import Diagnosis, described, examine, listed

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows the program's name; the process's own when left out.

    Returns:
        The exit code: 0 also when nothing answers, because that is a finding.
    """
    asked = parser().parse_args(arguments)
    diagnosis = examine()
    print(as_json(diagnosis) if asked.json else asked.tell(diagnosis))
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line, one subcommand a line."""
    line = argparse.ArgumentParser(prog="mojentic-nb", description="LLMs in a notebook.")
    commands = line.add_subparsers(required=True, metavar="command")
    add(commands.add_parser, "doctor", "what is reachable, which keys are set, versions", described)
    add(commands.add_parser, "models", "every model that answers, as -m takes it", listed)
    return line


def add(
    add_parser: Callable[..., argparse.ArgumentParser],
    name: str,
    purpose: str,
    tell: Callable[[Diagnosis], str],
) -> None:
    """Add one command; each can also answer in JSON."""
    command = add_parser(name, help=purpose, description=purpose)
    command.add_argument("--json", action="store_true", help="as JSON, for programs")
    command.set_defaults(tell=tell)


def as_json(diagnosis: Diagnosis) -> str:
    """The whole diagnosis as JSON."""
    return json.dumps(diagnosis.as_dict(), indent=2, ensure_ascii=False)


if __name__ == "__main__":
    raise SystemExit(main())
