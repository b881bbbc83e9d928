"""The source of a model and of what it uses of its file, so that it can stand in a script of its own."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import resolve_name
from typing import Any, NamedTuple


class Import(NamedTuple):
    """`import module as alias`, or with a `name` `from module import name as alias`; what is not there is empty."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """The name that it gives to the file."""
        return self.alias or self.name or self.module.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`code` runs on its own after `imports`, and `call` then makes the model. `names` are those that `code` binds."""

    imports: frozenset[Import]
    code: str
    call: str
    names: frozenset[str]


def excerpt(make_model: Callable[..., Any], arguments: Mapping[str, Any] | None = None) -> Excerpt:
    """Of what makes the model when it is called with the `arguments`.

    Raises ValueError for a model that is not made by a class or a function at the top of a file.
    """
    name = getattr(make_model, "__name__", repr(make_model))
    module = inspect.getmodule(make_model)
    source = _source(module)
    statements = [part for statement in ast.parse(source).body for part in _parts(statement, module)]
    if getattr(module, name, None) is not make_model or not any(name in _bound(part) for part in statements):
        raise ValueError(
            f"the source of the model, {name}, is not to be had; give the session a class or a function "
            f"that stands in a file, outside of any other"
        )
    kept = _needed(name, statements)
    code = [part for part in kept if not isinstance(part, Import)]
    return Excerpt(
        frozenset(part for part in kept if isinstance(part, Import)),
        "\n\n\n".join(_text(part, source) for part in code),
        f"{name}({', '.join(f'{key}={value!r}' for key, value in (arguments or {}).items())})",
        frozenset(bound for part in code for bound in _bound(part)),
    )


def _source(module: Any) -> str:
    """The text of a module, and of somebody's own as it was when it was opened; empty where it is not to be had."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    if isinstance(origin, str) and origin.startswith("<") and origin in linecache.cache:
        return "".join(linecache.getlines(origin))
    try:
        return "" if module is None else inspect.getsource(module)
    except (OSError, TypeError):
        return ""


def import_lines(imports: Iterable[Import]) -> list[str]:
    """The imports as a file begins with them: Python's own first, an empty line between the groups."""
    groups: dict[int, dict[str, list[str]]] = {}
    for module, name, alias in sorted(imports, key=lambda one: (one.name != "", one)):
        own = module.partition(".")[0] in sys.stdlib_module_names
        lines = groups.setdefault(0 if module == "__future__" else 1 if own else 2, {})
        renamed = f" as {alias}" if alias else ""
        if name:
            lines.setdefault(f"from {module} import ", []).append(f"{name}{renamed}")
        else:
            lines[f"import {module}{renamed}"] = []
    texts = [[begin + ", ".join(names) for begin, names in lines.items()] for _, lines in sorted(groups.items())]
    return [line for group in texts for line in ("", *group)][1:]


def _parts(statement: ast.stmt, module: Any) -> Iterator[Import | ast.stmt]:
    """The statement; an import name by name."""
    if isinstance(statement, ast.Import):
        yield from (Import(one.name, "", one.asname or "") for one in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        origin = "." * statement.level + (statement.module or "")
        origin = resolve_name(origin, module.__package__) if statement.level else origin
        yield from (Import(origin, one.name, one.asname or "") for one in statement.names)
    else:
        yield statement


def _needed(name: str, statements: list[Import | ast.stmt]) -> list[Import | ast.stmt]:
    """What binds the name, what that uses, and so on, in the file's order."""
    binding: dict[str, list[int]] = {}
    for index, part in enumerate(statements):
        for bound in _bound(part):
            binding.setdefault(bound, []).append(index)
    kept = {index for index, part in enumerate(statements) if isinstance(part, Import) and _always(part)}
    wanted = [name]
    while wanted:
        for index in binding.pop(wanted.pop(), ()):
            part = statements[index]
            if index not in kept and not isinstance(part, Import):
                wanted += [node.id for node in ast.walk(part) if isinstance(node, ast.Name)]
            kept.add(index)
    return [statements[index] for index in sorted(kept)]


def _always(part: Import) -> bool:
    """What changes how the file is read, and what brings names that only running it would tell."""
    return part.module == "__future__" or part.name == "*"


def _bound(part: Import | ast.stmt) -> set[str]:
    if isinstance(part, Import):
        return {part.bound}
    if isinstance(part, ast.FunctionDef | ast.ClassDef):
        return {part.name}
    found: set[str] = set()
    for node in ast.walk(part):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return found


def _text(part: ast.stmt, source: str) -> str:
    decorators = getattr(part, "decorator_list", [])
    first = min([part.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(source.splitlines()[first - 1 : part.end_lineno])
