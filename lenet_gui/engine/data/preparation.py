"""What is done to images before the network sees them, as the settings say it: `data_normalise`, `data_shift`, …"""

from __future__ import annotations

from dataclasses import dataclass, fields

from lenet_gui.settings import Value

MOST_SHIFT = 16
"""Pixels: half an image."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """The share of own images that is held out, and what is done to a batch.

    `normalise` takes the mean of the training set away and divides by its standard deviation. Each epoch each training
    image is moved by up to `shift` whole pixels both ways, turned by up to `rotate` degrees and, with `flip`, half the
    time mirrored left to right. Test images are normalised and nothing else.
    """

    test_share: float = 0.2
    normalise: bool = False
    shift: int = 0
    rotate: float = 0.0
    flip: bool = False

    @property
    def augments(self) -> bool:
        return bool(self.shift or self.rotate or self.flip)


AS_THEY_ARE = Preparation()


def preparation(given: dict[str, Value]) -> Preparation:
    """From the data's options. Raises ValueError, in a sentence that says what to choose."""
    known = [field.name for field in fields(Preparation)]
    for name in given:
        if name not in known:
            raise ValueError(f"data has no option {name!r}; it has {', '.join(known)}")
    usual = AS_THEY_ARE
    return Preparation(
        _number("test_share", given.get("test_share", usual.test_share), 0, 0.9),
        _flag("normalise", given.get("normalise", usual.normalise)),
        int(_number("shift", given.get("shift", usual.shift), 0, MOST_SHIFT, whole=True)),
        _number("rotate", given.get("rotate", usual.rotate), 0, 180),
        _flag("flip", given.get("flip", usual.flip)),
    )


def _number(name: str, value: Value, low: float, high: float, whole: bool = False) -> float:
    kinds = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"data_{name} must be {kind} from {low:g} to {high:g}, not {value!r}")
    return float(value)


def _flag(name: str, value: Value) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"data_{name} must be True or False, not {value!r}")
    return value
