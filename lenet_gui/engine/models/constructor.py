"""What a model's constructor takes, read off its signature: what the data tell it, what a person may choose."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lenet_gui.engine.data import Images, Source
from lenet_gui.protocol import Option
from lenet_gui.settings import Value

CHANNELS = ("channels", "in_channels", "num_channels", "input_channels")
CLASSES = ("classes", "num_classes", "n_classes", "out_classes")
KINDS: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float), "str": (str,)}
WORDS = {"bool": "True or False", "int": "a whole number", "float": "a number", "str": "a text"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a model has to know of the data: one image is [channels, height, width]."""

    channels: int = 1
    height: int = 32
    width: int = 32
    classes: int = 10

    def of(self, name: str, beside: Iterable[str]) -> int | None:
        """The fact that an argument of this name is about; `None` where it is about something else.

        A width that has no height `beside` it is that of a layer.
        """
        if name in CHANNELS:
            return self.channels
        if name in CLASSES:
            return self.classes
        sides = {"height": self.height, "width": self.width}
        return sides.get(name) if sides.keys() <= set(beside) else None


def facts(source: Source) -> Facts:
    """Random data have ten classes, as the tutorial has them."""
    if isinstance(source, Images):
        channels, height, width = source.arrays.train[0].shape[1:]
        return Facts(channels, height, width, len(source.classes))
    return Facts()


def options(make: Callable[..., Any], known: Facts = Facts()) -> tuple[tuple[Option, ...], tuple[Option, ...]]:
    """The arguments that one may choose and those that one has to, without those that the data tell.

    What has a default that is no plain number, text or bool keeps it. A kind that is not known is empty.
    """
    chosen, wanted = [], []
    parameters = _parameters(make)
    for name, parameter in parameters.items():
        default = parameter.default
        if known.of(name, parameters) is not None:
            continue
        if default is parameter.empty:
            wanted.append(Option(name, _annotated(parameter.annotation), None))
        elif isinstance(default, bool | int | float | str):
            chosen.append(Option(name, _kind(default), default))
    return tuple(chosen), tuple(wanted)


def arguments(make: Callable[..., Any], given: Mapping[str, Value], known: Facts) -> dict[str, Value]:
    """What it is called with: what was given, and what of the data differs from its own default.

    Raises ValueError for an argument that it does not have, that is of another kind, or that is missing.
    """
    parameters, name = _parameters(make), getattr(make, "__name__", "the model")
    if unknown := given.keys() - parameters.keys():
        takes = f"it takes {', '.join(parameters)}" if parameters else "it takes none"
        raise ValueError(f"{name} has no argument {min(unknown)!r}; {takes}")
    found: dict[str, Value] = {}
    for key, parameter in parameters.items():
        fact = known.of(key, parameters)
        if key in given:
            found[key] = _fitting(name, key, given[key], parameter)
        elif fact is not None and fact != parameter.default:
            found[key] = fact
        elif fact is None and parameter.default is parameter.empty:
            raise ValueError(f"{name} has to be given {key}: it has no default")
    return found


def taken(make: Callable[..., Any], given: Mapping[str, Value]) -> dict[str, Value]:
    """Those of the arguments that it has."""
    return {name: value for name, value in given.items() if name in _parameters(make)}


def _parameters(make: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Raises ValueError for a constructor that cannot be called by names."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(make).parameters.items()
    return {name: parameter for name, parameter in found if parameter.kind in named}


def _kind(value: Value) -> str:
    return next((kind for kind, types in KINDS.items() if isinstance(value, types)), "")


def _annotated(annotation: Any) -> str:
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return name if name in KINDS else ""


def _fitting(model: str, name: str, value: Value, parameter: inspect.Parameter) -> Value:
    default = parameter.default
    kind = _kind(default) if default is not parameter.empty else _annotated(parameter.annotation)
    if not kind or (isinstance(value, KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))):
        return float(value) if kind == "float" and isinstance(value, int) else value
    raise ValueError(f"{name} of {model} must be {WORDS[kind]}, not {value!r}")
