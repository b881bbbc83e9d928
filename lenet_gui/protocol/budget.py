"""What checkpoints may take, and what they do."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol.kinds import Answer, NewestOnly


@dataclass(frozen=True, slots=True)
class Budget:
    """What checkpoints may take, in bytes: of memory, and of the disk."""

    memory: int = 256 * 2**20
    disk: int = 2**30


@dataclass(frozen=True, slots=True)
class SetBudget:
    """Keep the checkpoints of this session and of every later one within a budget. Changes no number of any run."""

    budget: Budget


@dataclass(frozen=True, slots=True)
class BudgetRequest:
    """What do the checkpoints take, and what may they?"""

    id: int


@dataclass(frozen=True, slots=True)
class BudgetReply(Answer, NewestOnly):
    """The checkpoints take about `memory` and `disk` bytes of their budget.

    `disk_failed`: the disk could not be written; until a budget is set again nothing more is kept there.
    """

    id: int
    budget: Budget
    memory: int
    disk: int
    disk_failed: bool
