"""Somebody's own `.py` file as a model: its source becomes a module, once it is allowed to run here.

A session keeps the source by its SHA-256; which file it came from, and that its code may run, is known to the process
(`consent` remembers it between two starts). Nothing here runs code that was not allowed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from torch import nn

from lenet_gui.engine.storage.store import Store

PREFIX = "file:"
MOST_BYTES = 2**20
"""Of source; what is larger is no file that a person has written."""
UNKNOWN = "model.py"
"""What a source is called that came here without a file."""

_allowed: dict[str, Path | None] = {}
_modules: dict[str, ModuleType] = {}
_beside: dict[Path, set[str]] = {}
"""By folder, the names of the modules that own files have imported from it."""


class NotAllowed(ValueError):
    """The code of a source may not run here, because nobody has said that it may."""

    def __init__(self, names: tuple[str, ...]) -> None:
        """`names` are the SHA-256 of the sources."""
        some = ", ".join(name[:12] for name in names)
        super().__init__(f"it has a model of somebody's own ({some}…), and its code runs only where one allows it")
        self.names = names


def name_of(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


def parsed(model: object) -> tuple[str, str]:
    """The source's name and the class of `file:SHA256:Class`. Raises ValueError for what is none."""
    word, _, rest = str(model).partition(":")
    source, _, name = rest.partition(":")
    if f"{word}:" != PREFIX or len(source) != 64 or not name.isidentifier():
        raise ValueError(f"{str(model)[:80]!r} names no model: it is file:, the SHA-256 of its source, and its class")
    return source, name


def allow(source: str, path: Path | None = None) -> None:
    """Let the code of this source, by its name, run in this process. It came from the file at `path`."""
    _allowed[source] = path or _allowed.get(source)


def is_allowed(source: str) -> bool:
    return source in _allowed


def knows(path: Path) -> bool:
    """Whether a source of this file was allowed in this process."""
    return path in _allowed.values()


def origin(source: str) -> Path | None:
    """The file that a source came from, where that is known."""
    return _allowed.get(source)


def path_of(model: str) -> Path | None:
    """The file that an own model came from, where that is known."""
    return _allowed.get(parsed(model)[0]) if model.startswith(PREFIX) else None


def file_name(model: str) -> str:
    path = path_of(model)
    return UNKNOWN if path is None else path.name


def found(model: str, store: Store) -> Callable[..., nn.Module]:
    """The class, or the function, that an own model is made by. Raises ValueError, NotAllowed."""
    source, name = parsed(model)
    try:
        module = load(store.get(source))
    except NotAllowed:
        raise
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{file_name(model)} needs the module {error.name}, and a session keeps its model's own file alone: save "
            f"that code as a file beside {error.name}.py, open it as a model, and then the session"
        ) from error
    except BaseException as error:  # it was tried out before, so that this is rare: another folder, another machine
        raise ValueError(f"{file_name(model)} cannot be imported here: {type(error).__name__}: {error}") from error
    make = vars(module).get(name)
    if not callable(make):
        raise ValueError(f"{file_name(model)} has no {name}; it has {', '.join(classes(module)) or 'no model'}")
    return cast("Callable[..., nn.Module]", make)


def load(source: bytes) -> ModuleType:
    """Run a source, once in this process. Raises NotAllowed, and whatever the code raises."""
    name = name_of(source)
    if name not in _allowed:
        raise NotAllowed((name,))
    if name not in _modules:
        path = _allowed[name]
        _modules[name] = _run(source, name, path)
    return _modules[name]


def classes(module: ModuleType) -> tuple[str, ...]:
    """The names of the models that a module has of its own."""
    own = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, nn.Module)]
    return tuple(dict.fromkeys(one.__name__ for one in own if one.__module__ == module.__name__))


def shown_as(source: str, path: Path | None) -> str:
    """What the code's own file is called in traces: it stays what it was when the file on the disk has changed."""
    return f"<{source[:12]}>/{UNKNOWN if path is None else path.name}"


def beside(path: Path | None) -> tuple[str, ...]:
    """The modules that own files of this folder have imported from it. A session does not keep them."""
    return tuple(sorted(_beside.get(path.parent, ()))) if path is not None else ()


@contextmanager
def folder_in_path(model: str) -> Iterator[None]:
    """What Python itself does when it is given a file: modules are looked for in its folder first."""
    path = path_of(model)
    with first_in_path(None if path is None else path.parent):
        yield


def _run(source: bytes, name: str, path: Path | None) -> ModuleType:
    shown = shown_as(name, path)
    text = importlib.util.decode_source(source)
    module: Any = ModuleType(f"{Path(shown).stem}_{name[:12]}")
    module.__file__ = str(path) if path is not None else shown
    module.__spec__ = ModuleSpec(module.__name__, None, origin=shown)
    # Without a time of change it is never looked for on the disk.
    linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)
    folder = None if path is None else path.parent
    code = compile(text, shown, "exec", dont_inherit=True)
    if folder is not None:
        for stale in _beside.pop(folder, ()):
            sys.modules.pop(stale, None)
    before = set(sys.modules)
    sys.modules[module.__name__] = module
    try:
        with first_in_path(folder):
            exec(code, module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    finally:
        if folder is not None:
            _beside[folder] = {one for one in set(sys.modules) - before if _lies_in(folder, sys.modules[one])}
            _beside[folder].discard(module.__name__)
    return module


@contextmanager
def first_in_path(folder: Path | None) -> Iterator[None]:
    """Later it comes last: what a forward imports is found, and nothing of Python's own is hidden by it."""
    if folder is None:
        yield
        return
    text = str(folder)
    sys.path.insert(0, text)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(text)
        if text not in sys.path:
            sys.path.append(text)


def _lies_in(folder: Path, module: ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return False
    place = Path(file)
    return folder in place.parents and "site-packages" not in place.parts
