"""Which commands lead to the place where one is, and which are of another time. Neither Qt nor what is drawn."""

from __future__ import annotations

from lenet_gui.protocol import Frame, Place


class Past:
    """Told of each line's place and of each frame, in the order in which they come."""

    def __init__(self) -> None:
        self._run: int | None = None
        self._names: tuple[str, ...] = ()
        # By branch: how many commands it shares with its parent.
        self._shared: dict[str, int] = {}
        self._parents: dict[str, str] = {}
        # The line that leads here: up to how many commands it is which branch's.
        self._limits: dict[str, int] = {}
        self.newest: Place | None = None
        """Where the last that was told is."""

    def note(self, place: Place) -> None:
        """A command was done that led there. The first one on a branch is what made it grow."""
        self._shared.setdefault(place.branch, place.commands - 1)
        self.newest = place

    def show_frame(self, frame: Frame) -> dict[str, str] | None:
        """One is here now. Returns the branches that have new names, or `None` where another run has begun."""
        another = self._run is not None and frame.run != self._run
        names = tuple(row.name for row in frame.branches)
        renamed = {old: new for old, new in zip(self._names, names, strict=False) if old != new and not another}
        self._shared = {} if another else {renamed.get(name, name): n for name, n in self._shared.items()}
        self._parents = {row.name: row.parent for row in frame.branches if row.parent}
        self._run, self._names, self.newest = frame.run, names, frame.place
        self._limits = self._line(frame)
        return None if another else renamed

    def holds(self, place: Place) -> bool:
        """Whether the command that led to a place is on the line that leads here."""
        name = place.branch
        while name in self._parents and place.commands <= self._shared.get(name, -1):
            name = self._parents[name]
        return place.commands <= self._limits.get(name, -1)

    def _line(self, frame: Frame) -> dict[str, int]:
        name, limit = frame.place.branch, frame.place.commands
        steps = {row.name: row.leaves for row in frame.branches}
        found = {name: limit}
        while name in self._parents:
            # Of a branch that grew unseen only the steps are known.
            limit = min(limit, self._shared.setdefault(name, steps[name] * len(frame.cycle)))
            name = self._parents[name]
            found[name] = limit
        return found
