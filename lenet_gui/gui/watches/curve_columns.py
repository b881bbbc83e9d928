"""Curves of different lengths, as one plot reads them: a pyramid of one column each. Only NumPy; nothing here draws."""

from __future__ import annotations

import numpy as np

from lenet_gui.gui.plots.pyramid import Envelope, Floats, Pyramid


class GapPyramid(Pyramid):
    """One curve, in which NaN is a step without a value, and a gap; only Inf is marked as not finite."""

    def __init__(self) -> None:
        super().__init__(1)

    def write(self, first: int, values: Floats) -> None:
        """Put `values` [n] at the steps from `first` on. They may lie anywhere: what is left out between is a gap."""
        behind = self.rows(first + len(values), len(self)).copy()
        gap = np.full((max(0, first - len(self)), 1), np.nan, np.float32)
        self.truncate(first)
        for rows in (gap, values[:, None], behind):
            self.append(rows)

    def _read(self, k: int, start: int, stop: int) -> Floats:
        least = super()._read(k, start, stop)
        if not k:
            least[2, np.isnan(self.raw.read(start, stop))] = 0
        return least


class CurveColumns(Pyramid):
    """As long as the longest of its curves; the others are NaN behind their ends."""

    def __init__(self, columns: int) -> None:
        super().__init__(columns)
        self.curves = [GapPyramid() for _ in range(columns)]

    def __len__(self) -> int:
        return max(map(len, self.curves), default=0)

    def rows(self, start: int, stop: int) -> Floats:
        rows = np.full((max(0, min(stop, len(self)) - start), self.columns), np.nan, np.float32)
        for i, curve in enumerate(self.curves):
            found = curve.rows(start, min(stop, len(curve)))
            rows[: len(found), i] = found[:, 0]
        return rows

    def envelope(self, start: int, stop: int, width: int) -> Envelope:
        if not self.curves:
            return super().envelope(start, stop, width)
        found = [curve.envelope(start, stop, width) for curve in self.curves]
        # Buckets lie at multiples of their width: those of all curves are the same, up to the ends of the short ones.
        steps = found[max(range(self.columns), key=lambda i: len(self.curves[i]))].steps
        least = np.full((3, self.columns, len(steps)), np.nan, np.float32)
        least[2] = 0
        for i, curve in enumerate(found):
            least[:, i, : len(curve.steps)] = curve.least[:, 0]
        return Envelope(steps, least)
