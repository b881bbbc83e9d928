"""Looking closer: what is found on copies, that it changes nothing, and that it can be left off."""

from __future__ import annotations

import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.diagnoses import overshoot
from lenet_gui.engine.diagnoses.aside import aside
from lenet_gui.engine.diagnoses.closer import LOOKED_AT, ORIGIN, look_closer
from lenet_gui.engine.diagnoses.moment import Moment
from lenet_gui.engine.diagnoses.overfitting import look as look_for_overfitting
from lenet_gui.engine.digest import same
from lenet_gui.protocol.diagnoses import CloserReply, LookCloser
from tests.engine.diagnoses import faulty
from tests.engine.models import NormAndDropout


def closer(session: Session) -> CloserReply:
    before = session.digest(), session.item, len(session.journal), len(session.branches)
    found = look_closer(session, LookCloser(4), lambda: True)
    assert (session.digest(), session.item, len(session.journal), len(session.branches)) == before
    assert found.id == 4
    return found


def test_a_learning_rate_that_overshoots() -> None:
    session = Session(Settings(batch_size=16))
    session.run(250)
    assert closer(session).diagnoses == ()
    session.set(lr=1.0)
    found = closer(session)
    (card,) = found.diagnoses
    assert card.kind == "overshoot"
    assert "more than twice as high" in card.evidence
    assert card.code.startswith("optimizer = torch.optim.SGD(net.parameters(), lr=")
    advised = float(card.code.rpartition("lr=")[2].rstrip(")"))
    assert advised <= 0.5
    session.set(lr=advised)
    assert closer(session).diagnoses == ()


def test_one_step_of_the_copy_is_the_session_s_own_and_its_parabola_fits() -> None:
    session = Session(Settings(batch_size=8, lr=0.3), NormAndDropout)
    session.run(3)
    copy = aside(session)
    tried = overshoot.try_step(copy)
    session.run(1)
    for one, other in zip(copy.tensors().values(), session.tensors().values(), strict=True):
        assert same(None if one is None else one.detach(), None if other is None else other.detach())
    assert torch.equal(copy.generators.state.torch, session.generators.state.torch)
    assert session.last_loss is not None
    assert tried.before == session.last_loss.item()
    update = session.last_update
    assert update is not None
    slope = sum(float((grad * (after - was)).sum()) for was, grad, after in update[1].values() if grad is not None)
    assert tried.slope == pytest.approx(slope, rel=1e-5)
    bend = tried.after - tried.before - tried.slope
    assert tried.before + tried.slope * 1 + bend * 1 == pytest.approx(tried.after)
    if bend > 0:
        assert 2 * bend * tried.lowest == pytest.approx(-tried.slope)


def test_the_loss_after_the_step_is_that_of_the_same_batch() -> None:
    session = Session(Settings(batch_size=8, lr=0.3))
    tried = overshoot.try_step(aside(session))
    images, labels = session.input, session.labels
    session.run(1)
    assert labels is not None
    with torch.no_grad():
        assert tried.after == torch.nn.functional.cross_entropy(session.model(images), labels).item()


def test_overfitting_on_the_digits() -> None:
    session = Session(Settings(batch_size=64, optimizer="Adam", lr=0.003), faulty.LearnsByHeart)
    session.run(300)
    (card,) = closer(session).diagnoses
    assert card.kind == "overfitting"
    losses = [tuple(map(float, value.split(", "))) for _, value in card.rows]
    assert [label for label, _ in card.rows] == [f"step {n}: train, held out" for n in (60, 120, 180, 240, 300)]
    (_, lowest), (train, test) = min(losses, key=lambda one: one[1]), losses[-1]
    assert test > 1.1 * lowest
    assert train < losses[0][0]
    # The last is that of here.
    assert session.source.test is not None
    images, labels = session.source.test
    with torch.no_grad():
        assert test == round(torch.nn.functional.cross_entropy(session.model(images), labels).item(), 3)
    assert card.show is not None
    assert session.seek(card.show.commands)


def test_a_run_too_short_to_learn_by_heart() -> None:
    session = Session(Settings(batch_size=64, optimizer="Adam", lr=0.003), faulty.LearnsByHeart)
    session.run(40)
    assert not list(look_for_overfitting(Moment(session), lambda: True))


def test_where_not_finite_numbers_began() -> None:
    session = Session(Settings(batch_size=2, data="random", lr=1e30))
    session.run(8)
    found = closer(session)
    (card,) = found.diagnoses
    assert (card.kind, found.looked_at) == ("not_finite", (ORIGIN,))
    assert card.show is not None
    assert card.show.commands is not None
    session.stepper.go(card.show.commands, card.show.item)
    assert session.stepper.words()


@pytest.mark.parametrize("looks", [0, 5, 22])
def test_it_can_be_left_off(looks: int) -> None:
    session = Session(Settings(batch_size=64))
    session.run(60)
    before, left = session.digest(), looks

    def between() -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    found = look_closer(session, LookCloser(1), between)
    assert found.cancelled
    assert session.digest() == before
    assert found.looked_at == (LOOKED_AT[:1] if looks > 20 else ())
    session.run(2)
    assert session.steps == 62
