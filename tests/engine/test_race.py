"""Two branches side by side: the same until they part, and then as far apart as two plain runs are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.race import Race
from lenet_gui.protocol import RaceReport


def two_branches() -> Session:
    """They part at step 8: one went on at 0.05 to step 20, the other at 0.2 to step 15."""
    session = Session(Settings(batch_size=4))
    session.run(20)
    session.seek(step=8)
    session.set(lr=0.2)
    session.run(7)
    return session


def result(session: Session, one: str, other: str) -> RaceReport:
    race = Race(session, one, other)
    for _ in race.run():
        pass
    return race.report()


def test_the_losses_of_both_and_the_first_step_that_differs() -> None:
    session = two_branches()
    found = result(session, "main", "branch 2")
    assert (found.start, found.end, found.differs_at) == (8, 15, 9)
    main, other = session.branches
    expected = np.stack([main.log.rows()[8:15, 0], other.log.rows()[8:15, 0]], 1)
    assert np.array_equal(found.losses, expected)
    assert found.losses[0, 0] == found.losses[0, 1]  # the first forward behind the change is still the same
    assert found.losses[1, 0] != found.losses[1, 1]


def test_the_distances_are_those_of_two_plain_runs() -> None:
    found = result(two_branches(), "main", "branch 2")
    one, other = (Session(Settings(batch_size=4)) for _ in range(2))
    one.run(15)
    other.run(8)
    other.set(lr=0.2)
    other.run(7)
    assert [distance.name for distance in found.distances] == [name for name, _ in one.model.named_parameters()]
    for distance in found.distances:
        mine, theirs = (session.model.get_parameter(distance.name).detach().double() for session in (one, other))
        assert distance.difference == torch.linalg.vector_norm(mine - theirs).item() > 0
        assert distance.norm == torch.linalg.vector_norm(mine).item()


def test_a_change_that_changes_nothing_makes_no_difference() -> None:
    session = Session(Settings(batch_size=4))
    session.run(6)
    session.seek(step=3)
    session.set(mode="eval")  # LeNet has nothing that would notice
    session.run(3)
    found = result(session, "branch 2", "main")
    assert found.differs_at is None
    assert {distance.difference for distance in found.distances} == {0.0}


def test_a_race_leaves_the_session_as_it_is() -> None:
    session = two_branches()
    session.zero_grad()
    session.forward()
    before = session.digest()
    result(session, "main", "branch 2")
    assert session.digest() == before
    assert [len(branch.journal) for branch in session.branches] == [100, 78]
    session.loss()
    session.backward()
    session.step()
    assert session.steps == 16
    assert session.branch.journal is session.journal


@pytest.mark.parametrize(("one", "other"), [("main", "main"), ("main", "nowhere")])
def test_a_race_needs_two_branches(one: str, other: str) -> None:
    with pytest.raises(ValueError, match="branch"):
        Race(two_branches(), one, other)
