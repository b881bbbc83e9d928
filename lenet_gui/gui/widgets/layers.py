"""Where the nodes of a directed acyclic graph stand: in columns along its edges, its main chain straight on row 0.

Columns are the longest paths, as in the method of Sugiyama, Tagawa and Toda (1981). For the rows the graph is taken
apart into chains that stay on one row each; an edge over several columns is such a chain too. Nothing is drawn here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Cell = tuple[int, int]
"""(column, row), both from 0."""
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Layers:
    """`cells` has a cell for each node, no two in one.

    `lanes` has the row on which an edge (from, to) over more than one column runs between the two; no node is there.
    """

    cells: tuple[Cell, ...]
    lanes: dict[tuple[int, int], int]

    @property
    def size(self) -> Cell:
        """How many columns and rows there are, those of the lanes included."""
        rows = [row for _, row in self.cells] + list(self.lanes.values())
        return max((column for column, _ in self.cells), default=-1) + 1, max(rows, default=-1) + 1


@dataclass(slots=True)
class _Chain:
    """What stays on one row, from column `first` to `last`; `joined` are the chains that edges lead to."""

    first: int
    last: int
    tail: int = -1
    row: int = 0
    joined: list[int] = field(default_factory=list)

    @property
    def mask(self) -> int:
        return ((1 << (self.last - self.first + 1)) - 1) << self.first


def layered(inputs: Sequence[Sequence[int]]) -> tuple[Cell, ...]:
    """(column, row) for each node, given each node's predecessors by index (negative ones: none).

    Raises `ValueError` where the graph has a cycle or an edge from a node that is not there.
    """
    return laid_out(inputs).cells


def laid_out(inputs: Sequence[Sequence[int]]) -> Layers:
    """As `layered`, and the rows that long edges take past the nodes between their ends."""
    before = [list(dict.fromkeys(one for one in each if one >= 0)) for each in inputs]
    column = _columns(before)
    if not column:
        return Layers((), {})
    chains, chain_of, inside = _chains(before, column)
    lanes = _lanes(before, column, chains, chain_of, inside)
    for node, each in enumerate(before):
        for one in each:
            ends = [chain_of[one], chain_of[node]]
            ends.insert(1, lanes.get((one, node), ends[0]))
            for this, that in pairwise(ends):
                if this != that:
                    chains[this].joined.append(that)
                    chains[that].joined.append(this)
    _choose_rows(chains)
    cells = tuple((column[node], chains[chain].row) for node, chain in enumerate(chain_of))
    return Layers(cells, {edge: chains[chain].row for edge, chain in lanes.items()})


def _columns(before: list[list[int]]) -> list[int]:
    """One more than the furthest predecessor's."""
    if any(one >= len(before) for each in before for one in each):
        raise ValueError("The graph has an edge from a node that is not in it.")
    after = defaultdict[int, list[int]](list)
    for node, each in enumerate(before):
        for one in each:
            after[one].append(node)
    column, missing = [0] * len(before), [len(each) for each in before]
    ready = [node for node, count in enumerate(missing) if not count]
    for node in ready:  # grows while it is walked
        for one in after[node]:
            column[one] = max(column[one], column[node] + 1)
            missing[one] -= 1
            if not missing[one]:
                ready.append(one)
    if len(ready) < len(before):
        raise ValueError("The graph has a cycle, so it cannot be laid out in layers.")
    return column


def _chains(before: list[list[int]], column: list[int]) -> tuple[list[_Chain], list[int], set[tuple[int, int]]]:
    """The chains, the longest first; the chain of each node; the edges inside of chains."""
    node = column.index(max(column))
    chains, chain_of, inside = [_Chain(0, column[node], node)], [-1] * len(before), set[tuple[int, int]]()
    chain_of[node] = 0
    while before[node]:
        one = next(one for one in before[node] if column[one] == column[node] - 1)
        inside.add((one, node))
        chain_of[one] = 0
        node = one
    for node in sorted(range(len(before)), key=lambda one: (column[one], one)):
        if chain_of[node] >= 0:
            continue
        tails = [one for one in before[node] if chains[chain_of[one]].tail == one]
        if tails:
            one = max(tails, key=lambda one: column[one])
            inside.add((one, node))
            chain_of[node] = chain_of[one]
            chains[chain_of[one]].last, chains[chain_of[one]].tail = column[node], node
        else:
            chain_of[node] = len(chains)
            chains.append(_Chain(column[node], column[node], node))
    return chains, chain_of, inside


def _lanes(
    before: list[list[int]],
    column: list[int],
    chains: list[_Chain],
    chain_of: list[int],
    inside: set[tuple[int, int]],
) -> dict[tuple[int, int], int]:
    """The chain on whose row each edge over several columns runs: its end's where that is free, else one of its own.

    Edges that come from one node, or lead to one, share theirs: a weight used in each turn of a loop has a single lane.
    """
    long = [(one, node) for node, each in enumerate(before) for one in each if column[node] - column[one] > 1]
    lanes = {edge: chain_of[edge[0]] for edge in long if edge in inside}
    others = [edge for edge in long if edge not in inside]
    heads = [chain.first for chain in chains]
    leaving, arriving = Counter(one for one, _ in others), Counter(node for _, node in others)
    shared: dict[tuple[str, int], int] = {}
    for one, node in others:
        by_source = leaving[one] >= arriving[node]
        if by_source and chains[chain_of[one]].tail == one:
            lane = chain_of[one]
        elif heads[chain_of[node]] == column[node] and (not by_source or leaving[one] == 1):
            lane = chain_of[node]
        else:
            lane = shared.setdefault(("from", one) if by_source else ("to", node), len(chains))
        begin, end = column[one] + 1, column[node] - 1
        if lane == len(chains):
            chains.append(_Chain(begin, end))
        chains[lane].first, chains[lane].last = min(chains[lane].first, begin), max(chains[lane].last, end)
        lanes[one, node] = lane
    return lanes


def _choose_rows(chains: list[_Chain]) -> None:
    """Place the chains as near to those that they are joined to as there is room; the best of a few sweeps holds."""
    order = sorted(range(1, len(chains)), key=lambda chain: (chains[chain].last - chains[chain].first, chain))
    best, rows = -1, list[int]()
    for sweep in range(SWEEPS):
        _place(chains, order, sweep > 0)
        height = sum(abs(chain.row - chains[one].row) for chain in chains for one in chain.joined)
        if best < 0 or height < best:
            best, rows = height, [chain.row for chain in chains]
        order.sort(key=lambda chain: (_barycentre(chains, chain), chains[chain].last - chains[chain].first))
    # The rows between that were left free are closed up.
    nth = {row: index for index, row in enumerate(sorted(set(rows)))}
    for chain, row in zip(chains, rows, strict=True):
        chain.row = nth[row]


def _place(chains: list[_Chain], order: list[int], near: bool) -> None:
    """Give each chain a row from 1 on that is free over all of its columns: the lowest, or the one `near` its own."""
    taken = [0] * 2 * len(chains)  # of each row, a bit a column
    taken[0] = -1
    wanted = {chain: min(max(1, round(_barycentre(chains, chain))), len(chains) - 1) if near else 1 for chain in order}
    for chain in order:
        mask, row = chains[chain].mask, wanted[chain]
        below = next(one for one in range(row, len(taken)) if not taken[one] & mask)
        above = next((one for one in range(row, 0, -1) if not taken[one] & mask), below)
        chains[chain].row = above if row - above < below - row else below
        taken[chains[chain].row] |= mask


def _barycentre(chains: list[_Chain], chain: int) -> float:
    joined = chains[chain].joined
    return sum(chains[one].row for one in joined) / len(joined) if joined else 0.0
