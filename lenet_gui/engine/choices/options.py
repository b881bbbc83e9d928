"""The parameters of something of PyTorch's as plain options: found in its signature, and handed to it again.

What an option may be is PyTorch's to say; here is only looked at what kind of value it takes.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from lenet_gui.protocol import Option
from lenet_gui.settings import Value

HIDDEN = {"foreach", "fused", "capturable", "differentiable", "maximize", "last_epoch"}
"""How PyTorch computes, and not what; or what stands against lowering a loss, which is what is done here."""

_KINDS = {"bool": "bool", "int": "int", "float": "float", "str": "choice"}
_WORD = re.compile(r"""[`'"]+([a-z][a-z0-9_]*)[`'"]+""")


def read(callable_: Callable[..., Any], given: set[str]) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """Its options, and the parameters that it needs and that are no plain values. `given` are given otherwise.

    Pairs and triples are an option a number: `betas` are `beta1` and `beta2`. A text has no choices yet.
    """
    found: list[Option] = []
    needed: list[str] = []
    for one in inspect.signature(callable_).parameters.values():
        if one.name in given | HIDDEN or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            continue
        options = _options(one)
        found += options
        if not options and one.default is one.empty:
            needed.append(one.name)
    return tuple(found), tuple(needed)


def words_in(callable_: Callable[..., Any], name: str) -> list[str]:
    """What its documentation quotes, or its signature names: texts that this option may take."""
    annotation = _text(inspect.signature(callable_).parameters[name].annotation)
    literal = re.findall(r"'([^']*)'", annotation) if "Literal" in annotation else []
    return literal or list(dict.fromkeys(_WORD.findall(inspect.getdoc(callable_) or "")))


def arguments(
    what: str, known: tuple[Option, ...], usual: Mapping[str, Any], given: Mapping[str, Value]
) -> dict[str, Any]:
    """The options that were given as PyTorch takes them. `usual` are its `defaults`.

    Raises ValueError, in a sentence, for an option that there is not, one of another kind, or one that is missing.
    """
    by_name = {option.name: option for option in known}
    for name, value in given.items():
        if name not in by_name:
            raise ValueError(f"{what} has no parameter {name!r}; it has {', '.join(by_name) or 'none'}")
        _check(what, by_name[name], value)
    missing = [option.name for option in known if option.required and given.get(option.name) is None]
    if missing:
        raise ValueError(f"{what} needs {missing[0]}: PyTorch has no default for it")
    found: dict[str, Any] = {}
    for name, default in usual.items():
        parts = parts_of(name, default)
        if parts and any(part in given for part in parts):
            found[name] = tuple(given.get(part, number) for part, number in zip(parts, default, strict=True))
        elif name in given:
            found[name] = _as_taken(by_name[name], given[name])
    return found


def defaults(callable_: Callable[..., Any]) -> dict[str, Any]:
    """By parameter PyTorch's default; `inspect.Parameter.empty` where there is none."""
    return {name: one.default for name, one in inspect.signature(callable_).parameters.items()}


def parts_of(name: str, default: object) -> tuple[str, ...]:
    """What the numbers of a pair or triple are called; empty where it is none."""
    if not isinstance(default, tuple) or not all(isinstance(one, int | float | None) for one in default):
        return ()
    stem = name[:-1] if name.endswith("s") and len(name) > 3 else name
    return tuple(f"{stem}{number}" for number in range(1, len(default) + 1))


def owner(name: str, all_defaults: Mapping[str, Any]) -> str:
    """The parameter of PyTorch's that an option belongs to: `betas` for `beta1`."""
    return next((one for one, default in all_defaults.items() if name in parts_of(one, default)), name)


def quietly(do: Callable[[], Any]) -> Any:
    """What it returns, without the warnings of what is only tried."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return do()


def _options(one: inspect.Parameter) -> list[Option]:
    if parts := parts_of(one.name, one.default):
        return [
            Option(part, "float", None if default is None else float(default), optional=default is None)
            for part, default in zip(parts, one.default, strict=True)
        ]
    kinds = {part.strip() for part in _text(one.annotation).split("|")}
    required, optional = one.default is one.empty, "None" in kinds
    default: Value = None if required else one.default
    if not isinstance(default, bool | int | float | str | None):
        return []
    if any("Literal" in kind for kind in kinds):
        return [Option(one.name, "choice", default, required=required)]
    if {"Iterable[int]", "list[int]", "Sequence[int]"} & kinds:
        return [Option(one.name, "ints", default, required=required)]
    # A number that may be whole or not is no whole number.
    for kind in ("bool", "float", "int", "str"):
        if kind in kinds:
            default = float(default) if kind == "float" and isinstance(default, int) else default
            return [Option(one.name, _KINDS[kind], default, optional=optional, required=required)]
    return []


def _text(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(collections\.abc|typing)\.", "", text)


def _check(what: str, option: Option, value: Value) -> None:
    if value is None and (option.optional or option.default is None):
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "bool": isinstance(value, bool),
        "int": number and float(value).is_integer() if isinstance(value, int | float) else False,
        "float": number,
        "choice": isinstance(value, str),
        "ints": isinstance(value, str) and bool(re.fullmatch(r"\s*\d{1,9}\s*(,\s*\d{1,9}\s*)*", value)),
    }
    words = {
        "bool": "true or false",
        "int": "a whole number",
        "float": "a number",
        "choice": f"one of {', '.join(option.choices)}",
        "ints": "whole numbers, such as 30, 80",
    }
    if not fits[option.kind] or (option.choices and value not in option.choices):
        raise ValueError(f"{option.name} of {what} must be {words[option.kind]}, not {value!r}")


def _as_taken(option: Option, value: Value) -> Any:
    if option.kind == "ints" and isinstance(value, str):
        return [int(part) for part in value.split(",")]
    return int(value) if option.kind == "int" and isinstance(value, int | float) else value
