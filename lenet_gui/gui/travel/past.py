"""Which commands lead to the place where one is, and which are of another time. Neither Qt nor what is drawn."""

from __future__ import annotations

from lenet_gui.protocol import BranchRow, Frame, Place


class Past:
    """Told of each line's place and of each frame, in the order in which they come."""

    def __init__(self) -> None:
        self._run: int | None = None
        self._rows: dict[str, BranchRow] = {}
        # The line that leads here: up to how many commands it is which branch's.
        self._limits: dict[str, int] = {}
        self.newest: Place | None = None
        """Where the last that was told is."""

    def note(self, place: Place) -> None:
        """A command was done that led there."""
        self.newest = place

    def show_frame(self, frame: Frame) -> dict[str, str] | None:
        """One is here now. Returns the branches that have new names, or `None` where another run has begun."""
        another = self._run is not None and frame.run != self._run
        before, self._rows = self._rows, {row.name: row for row in frame.branches}
        self._run, self.newest = frame.run, frame.place
        self._limits = self._line(frame.place)
        return None if another else {old: new for old, new in zip(before, self._rows, strict=False) if old != new}

    def holds(self, place: Place) -> bool:
        """Whether the command that led to a place is on the line that leads here."""
        name, row = place.branch, self._rows.get(place.branch)
        while row is not None and row.parent and place.commands <= row.shared:
            name, row = row.parent, self._rows.get(row.parent)
        return place.commands <= self._limits.get(name, -1)

    def _line(self, here: Place) -> dict[str, int]:
        found = {here.branch: here.commands}
        row, limit = self._rows.get(here.branch), here.commands
        while row is not None and row.parent:
            limit = min(limit, row.shared)
            found[row.parent] = limit
            row = self._rows.get(row.parent)
        return found
