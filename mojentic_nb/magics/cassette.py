"""`%llm_cassette`: a cassette for the rest of the notebook.

Law: reads its line, and hands over; what a cassette is belongs to the library. A block
inside a cell goes before it, and it goes before the environment's.
"""

from __future__ import annotations

import shlex
import sys
from difflib import get_close_matches

from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways import cassette_scope
from mojentic_nb.gateways.cassette import MODES, Cassette

__all__ = ["switch_cassette", "take_out"]

FLAGS = ("--mode", "--pace")

WHAT_HAPPENS = {
    "auto": "what is in it is replayed, what is not is asked and recorded",
    "record": "everything is asked and recorded anew",
    "replay": "everything is replayed, nothing is sent",
    "off": "nothing is replayed or recorded",
}


def switch_cassette(line: str) -> None:
    """Show the cassette that holds, put one in, or take it out.

    Raises:
        BadArgument: The line cannot be read, or the file cannot be used.
        CassetteError: The file is no cassette, or damaged; the one before stays in.
    """
    given = _words(line)
    if not given:
        _say(_status())
    elif given == ["off"]:
        _put_in(Cassette("none.jsonl", mode="off"))
        _say("No cassette: calls go to the models.")
    else:
        cassette = _cassette(given)
        _put_in(cassette)
        _say(f"{cassette.path}: {WHAT_HAPPENS[cassette.mode]}.")


def take_out() -> None:
    """Leave no cassette behind, such as when the magics go."""
    standing = cassette_scope.standing()
    cassette_scope.stand(None)
    if isinstance(standing, Cassette):
        standing.close()


def _put_in(cassette: Cassette) -> None:
    standing = cassette_scope.standing()
    # The one before first: the new one may be the file that it has just written.
    if isinstance(standing, Cassette) and standing.mode == "record":
        standing.close()
    cassette.open()
    take_out()
    cassette_scope.stand(cassette)


def _words(line: str) -> list[str]:
    try:
        # As a shell does, but a backslash is a backslash: it parts folders on Windows.
        reader = shlex.shlex(line, posix=True, punctuation_chars=False)
        reader.whitespace_split, reader.escape, reader.commenters = True, "", ""
        return list(reader)
    except ValueError:
        raise BadArgument(
            f"%llm_cassette {line}: a quotation mark has no partner.",
            hint='Write a path with blanks as "my answers.jsonl".',
        ) from None


def _cassette(words: list[str]) -> Cassette:
    paths, mode, pace = [], "auto", False
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name == "--mode":
            mode = value if equals else next(rest, "")
        elif word == "--pace":
            pace = True
        elif word.startswith("-"):
            raise _unknown(word)
        else:
            paths.append(word)

    if len(paths) != 1:
        told = f"{len(paths)} paths" if paths else "no path"
        raise BadArgument(
            f"%llm_cassette was given {told}.",
            hint="Write %llm_cassette answers.jsonl, or %llm_cassette off.",
        )

    if mode not in MODES:
        raise BadArgument(f"--mode {mode}: there are {', '.join(MODES)}.")

    return Cassette(paths[0], mode=mode, pace=pace)


def _unknown(word: str) -> BadArgument:
    close = get_close_matches(word, FLAGS, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {' and '.join(FLAGS)}."
    return BadArgument(f"%llm_cassette has no flag {word}.", hint=hint)


def _status() -> str:
    holding = cassette_scope.holding()
    if not isinstance(holding, Cassette) or holding.mode == "off":
        return "No cassette; %llm_cassette answers.jsonl puts one in."

    holding.open()
    there = holding.size + holding.recorded
    counts = f"{there} in it, {holding.replayed} replayed, {holding.recorded} recorded"
    return f"{holding.path} ({holding.mode}): {counts}."


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
