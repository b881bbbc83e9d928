"""It learns: with the defaults, nine of ten held-out digits within a few epochs."""

from __future__ import annotations

import pytest
import torch

from lenet_gui.engine import Session, Settings

EPOCH = -(-1437 // 16)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_defaults_reach_90_percent_on_the_held_out_digits(seed: int) -> None:
    session = Session(Settings(seed=seed))
    session.run(10 * EPOCH)
    accuracy = session.evaluate()
    assert accuracy is not None
    assert (accuracy.total, accuracy.step, accuracy.epoch) == (360, 10 * EPOCH, 9)
    assert session.epoch_ended
    assert accuracy.correct >= 0.9 * accuracy.total


def test_the_accuracy_is_the_share_of_right_answers_in_eval_mode() -> None:
    session = Session(Settings(batch_size=64))
    session.run(20)
    images, labels = session.source.test or (torch.empty(0), torch.empty(0))
    with torch.no_grad():
        right = (session.model(images).argmax(1) == labels).sum()
    accuracy = session.evaluate()
    assert accuracy is not None
    assert accuracy.correct == int(right)
    assert session.model.training


def test_random_tensors_have_no_accuracy() -> None:
    assert Session(Settings(data="random")).evaluate() is None
