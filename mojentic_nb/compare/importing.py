"""Questions a person has already: promptfoo's test cases, and datasets as inspect_ai reads them.

Law: a file is read, never run: code in it stays text. What cannot be carried over is named in
`left_out` and warned of, never dropped in silence.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any

from mojentic_nb.compare.importing_asserts import check_of_assert, is_file
from mojentic_nb.compare.items import Item, preview, unique
from mojentic_nb.errors import BadArgument
from mojentic_nb.messages import LLMMessage, MessageRole

__all__ = ["Imported", "from_inspect", "from_promptfoo"]

# What of a test case comes over.
_CASE = {"assert", "description", "metadata", "vars"}

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# promptfoo's templates are nunjucks: {{name}}, and what we do not do.
_NUNJUCKS = re.compile(
    r"\{\{-?\s*(?P<name>[^{}]*?)\s*-?\}\}|\{%.*?%\}|\{#.*?#\}|\{(?P<own>[^\W\d]\w*)\}", re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was in a file: `compare(found.prompts, models, items=found.items)`.

    Attributes:
        prompts: Templates by their label; empty where the items have their own prompts.
        items: What they are filled with, each with its checks.
        left_out: What could not be carried over, in words.
    """

    prompts: Mapping[str, str]
    items: Sequence[Item]
    left_out: Sequence[str] = ()


def from_inspect(path: str | PathLike[str], *, cluster: str = "") -> list[Item]:
    """Read a dataset of JSON lines with `input`, `target`, `choices`, `id` and `metadata`.

    `compare(from_inspect("questions.jsonl"), models, checks=[equals()])`. Of several targets
    any is right. Choices are put under the question with a letter each, which is then what a
    target names.

    Args:
        path: The file: a JSON object a line, or one JSON list.
        cluster: Which field of the metadata says what questions have in common.

    Raises:
        BadArgument: The file is missing or not of that form; the message names the line.
    """
    records = list(_records(Path(path)))
    if not records:
        raise BadArgument(f"{str(path)!r} has no question.")

    return [_sample(record, f"{path}:{line}", cluster) for line, record in records]


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    text = _read(path)
    for at, record in _numbered(text, path):
        if not isinstance(record, Mapping) or "input" not in record:
            raise BadArgument(f"{path}:{at} is no question: it has no 'input'.")
        yield at, record


def _numbered(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    if text.lstrip().startswith("["):
        yield from enumerate(_parsed(text, f"{path}:1"), start=1)
        return

    # Only at line ends: splitlines would cut at what JSON allows within a text.
    for at, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield at, _parsed(line, f"{path}:{at}")


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as problem:
        raise BadArgument(f"{where} is not JSON: {problem}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadArgument(f"{str(path)!r} cannot be read: {problem}") from None


def _sample(record: Mapping[str, Any], where: str, cluster: str) -> Item:
    metadata = record.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise BadArgument(f"{where}: its metadata is no object.")

    target = record.get("target")
    return Item(
        id="" if record.get("id") is None else str(record["id"]),
        prompt=_asked(record["input"], record.get("choices") or [], where),
        expected=target if target not in ("", []) else None,
        cluster=str(metadata.get(cluster, "")) if cluster else "",
        metadata=metadata,
    )


def _asked(given: Any, choices: Any, where: str) -> Any:
    if not isinstance(choices, list) or len(choices) > len(_LETTERS):
        raise BadArgument(f"{where}: its choices are no list of at most {len(_LETTERS)}.")

    if isinstance(given, str) and not given.strip():
        raise BadArgument(f"{where}: its input is empty.")

    lines = [f"{letter}) {choice}" for letter, choice in zip(_LETTERS, choices, strict=False)]
    options = "\n".join(["", "", *lines, "", "Answer with the letter alone."]) if lines else ""
    if isinstance(given, str):
        return given + options
    if not isinstance(given, list) or not given:
        raise BadArgument(f"{where}: its input is neither text nor messages.")

    messages = [_message(one, where) for one in given]
    last = messages[-1]
    return [*messages[:-1], last.model_copy(update={"content": (last.content or "") + options})]


def _message(given: Any, where: str) -> LLMMessage:
    content = given.get("content") if isinstance(given, Mapping) else None
    role = given.get("role", "user") if isinstance(given, Mapping) else None
    if not isinstance(content, str) or role not in ("system", "user", "assistant"):
        raise BadArgument(f"{where}: {preview(str(given))!r} is no message of plain text.")

    return LLMMessage(role=MessageRole(role), content=content)


def from_promptfoo(path: str | PathLike[str]) -> Imported:
    """Read promptfoo's configuration, or a file of its test cases, in YAML or JSON.

    Prompts, `vars` (lists are tried one by one, as promptfoo does), `defaultTest` and the
    deterministic assertions come over; providers do not.

    Args:
        path: Such as `promptfooconfig.yaml`.

    Raises:
        BadArgument: The file is missing or not of that form, or YAML cannot be read here
            (`mojentic-nb[promptfoo]`).
    """
    place = Path(path)
    found = _yaml(place)
    config = {"tests": found} if isinstance(found, list) else found
    if not isinstance(config, Mapping):
        raise BadArgument(f"{str(path)!r} holds no test cases.")

    left_out: list[str] = []
    templates = dict(_templates(config.get("prompts") or [], place, left_out))
    tests = config.get("tests") or [{}]
    if isinstance(tests, str):
        tests = _yaml(_beside(place, tests))
    default = config.get("defaultTest") or {}
    if not isinstance(tests, list) or not isinstance(default, Mapping):
        raise BadArgument(f"{str(path)!r}: its tests are no list.")

    items = [item for test in tests for item in _cases(test, default, left_out)]
    names = unique(item.id or _case_name(item) for item in items)
    named = [Item(**{**vars(item), "id": name}) for item, name in zip(items, names, strict=True)]
    if left_out:
        told = "; ".join(dict.fromkeys(left_out))
        warnings.warn(f"Not carried over from {place.name}: {told}.", UserWarning, stacklevel=2)

    return Imported(prompts=templates, items=named, left_out=tuple(dict.fromkeys(left_out)))


def _case_name(item: Item) -> str:
    return preview(" · ".join(str(value) for value in item.vars.values())) or "case"


def _yaml(path: Path) -> Any:
    text = _read(path)
    if path.suffix == ".json":
        return _parsed(text, str(path))

    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        raise BadArgument(
            "YAML cannot be read here.", hint='Install it: pip install "mojentic-nb[promptfoo]".'
        ) from None

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise BadArgument(f"{str(path)!r} is not YAML: {problem}") from None


def _beside(path: Path, name: str) -> Path:
    return path.parent / name.removeprefix("file://")


def _templates(given: Any, path: Path, left_out: list[str]) -> Iterator[tuple[str, str]]:
    for one in given if isinstance(given, list) else [given]:
        raw = one.get("raw") or one.get("id") if isinstance(one, Mapping) else one
        if not isinstance(raw, str):
            raise BadArgument(f"{str(path)!r}: {preview(str(one))!r} is no prompt.")

        if is_file(raw) or raw.endswith(".txt"):
            if not raw.endswith((".txt", ".md")):
                left_out.append(f"the prompt {raw}")
                continue
            raw = _read(_beside(path, raw)).strip()

        label = one.get("label") if isinstance(one, Mapping) else None
        yield str(label or preview(raw)), _template(raw, left_out)


def _template(raw: str, left_out: list[str]) -> str:
    """Ours of promptfoo's: `{{name}}` becomes `{name}`, and a text's own `{name}` is kept."""

    def ours(found: re.Match[str]) -> str:
        if found["own"]:
            return f"{{{{{found['own']}}}}}"
        if (found["name"] or "").isidentifier():
            return f"{{{found['name']}}}"

        left_out.append(f"the template {found[0]}")
        return found[0]

    return _NUNJUCKS.sub(ours, raw)


def _cases(test: Any, default: Mapping[str, Any], left_out: list[str]) -> Iterator[Item]:
    if not isinstance(test, Mapping):
        raise BadArgument(f"{preview(str(test))!r} is no test case.")

    values = {**_part(default, "vars", {}), **_part(test, "vars", {})}
    asserted = [*_part(default, "assert", []), *_part(test, "assert", [])]
    left_out += [f"the {name} of a test case" for name in {**default, **test} if name not in _CASE]
    for chosen in _each_of(values):
        left_out += [f"the variable in {one}" for one in chosen.values() if is_file(one)]
        checks = (check_of_assert(one, chosen, left_out) for one in asserted)
        yield Item(
            id=str(test.get("description") or ""),
            vars=chosen,
            checks=tuple(check for check in checks if check is not None),
            metadata=_part(test, "metadata", {}),
        )


def _part(test: Mapping[str, Any], name: str, nothing: Any) -> Any:
    """A part of a test case, which is of the kind that `nothing` is."""
    part = test.get(name) or nothing
    if not isinstance(part, type(nothing)):
        raise BadArgument(
            f"{preview(str(test))!r} is no test case: its {name} are {preview(str(part))!r}."
        )

    return part


def _each_of(values: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    choices = [value if isinstance(value, list) else [value] for value in values.values()]
    return (dict(zip(values, chosen, strict=True)) for chosen in product(*choices))
