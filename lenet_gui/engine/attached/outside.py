"""The generators of somebody's loop, which are the global ones."""

from __future__ import annotations

from lenet_gui.engine.generators import Generators, GeneratorState, capture, install


class Outside(Generators):
    """The global generators, which are the loop's own: whatever is done in between leaves them as they were."""

    def __init__(self, device: str) -> None:
        super().__init__(0, device)

    def __enter__(self) -> None:
        if self._depth == 0:
            self._outside = capture(self._device)
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._outside is not None:
            install(self._outside, self._device)

    @property
    def state(self) -> GeneratorState:  # pyright: ignore[reportIncompatibleMethodOverride] (nobody else sets them)
        return capture(self._device)
