"""The house's source as data: its files, and what each imports where.

Law: reads text only; nothing of `mojentic_nb` is imported or run here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "mojentic_nb"
GENERATED = {"__pycache__", "node_modules", "static", ".ipynb_checkpoints"}

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """Every source file below `folders` of the root, sorted; a missing folder is empty."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return sorted(p for p in found if p.suffix in suffixes and not GENERATED & set(p.parts))


def shown(path: Path) -> str:
    """The path as a person writes it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[tuple[str, AnyFunction]]:
    """Every function with its dotted name inside the file."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, AnyFunction]]:
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}{child.name}."
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name[:-1], child

            yield from walk(child, name)

    return walk(parsed(path), "")


def dotted_name(path: Path) -> str:
    """`mojentic_nb/gateways/__init__.py` -> `mojentic_nb.gateways`."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, kw_only=True)
class Import:
    """One name one file imports, and how."""

    file: Path
    line: int
    target: str  # dotted and absolute
    lazy: bool  # inside a function: paid on first use
    for_types: bool  # under TYPE_CHECKING: never paid

    @property
    def top(self) -> str:
        return self.target.partition(".")[0]

    @property
    def where(self) -> str:
        return f"{shown(self.file)}:{self.line}"


def imports(path: Path) -> list[Import]:
    """Everything the file imports, in order, wherever in the file it stands."""
    return list(_imports_below(parsed(path), path, lazy=False, for_types=False))


def _imports_below(node: ast.AST, path: Path, *, lazy: bool, for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for target in _targets(child, path):
            line = getattr(child, "lineno", 0)
            yield Import(file=path, line=line, target=target, lazy=lazy, for_types=for_types)

        inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        types = for_types or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test))
        yield from _imports_below(child, path, lazy=inside, for_types=types)


def _targets(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        origin = _origin(node, path)
        yield from (_module_of(origin, alias.name) for alias in node.names)
    elif isinstance(node, ast.Call) and "import_module" in ast.dump(node.func):
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _origin(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""

    folder = path.relative_to(ROOT).parent.parts
    above = folder[: len(folder) - (node.level - 1)]
    return ".".join([*above, *([node.module] if node.module else [])])


def _module_of(origin: str, name: str) -> str:
    """`from mojentic_nb import errors` imports a module; `... import ask` the front door."""
    if origin.partition(".")[0] != PACKAGE.name:
        return origin

    below = ROOT.joinpath(*origin.split("."), name)
    is_module = below.with_suffix(".py").is_file() or (below / "__init__.py").is_file()
    return f"{origin}.{name}" if is_module else origin
