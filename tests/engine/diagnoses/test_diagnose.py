"""Each fault gives its card, and a training without it does not. What is said has the run's own numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.diagnoses.diagnose import LOOKED_AT, answer, diagnose
from lenet_gui.engine.net import Net
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.trace.names import lookup
from lenet_gui.protocol import CYCLE
from lenet_gui.protocol.diagnoses import DiagnosesRequest, Diagnosis
from tests.engine.diagnoses import faulty

SMALL = Settings(batch_size=8)
PHASES = {"z": "zero_grad", "f": "forward", "l": "loss", "b": "backward", "s": "step"}


def press(session: Session, phases: str) -> Session:
    for letter in phases:
        getattr(session, PHASES[letter])()
    return session


def kinds(session: Session) -> list[str]:
    return [one.kind for one in diagnose(session)]


def card(session: Session, kind: str) -> Diagnosis:
    """The one of this kind. Looking has changed nothing, and the tensor that it shows is there."""
    before = session.digest(), session.item, len(session.journal)
    (found,) = [one for one in diagnose(session) if one.kind == kind]
    assert (session.digest(), session.item, len(session.journal)) == before
    assert found.title
    assert found.evidence.endswith(".")
    assert found.cause.endswith(".")
    assert found.code
    assert found.rows
    if found.show is not None and found.show.commands is not None:
        # There it is seen too.
        assert session.seek(found.show.commands)
        assert kind in kinds(session)
        assert session.seek()
    if found.show is not None and found.show.tensor:
        lookup(session, found.show.tensor)
    return found


def row(found: Diagnosis, label: str) -> str:
    return dict(found.rows)[label]


# ---------------------------------------------------------------------------------------------- the order of the phases


def test_a_step_as_it_should_be_shows_nothing_at_any_phase() -> None:
    session = Session(SMALL)
    for _ in range(2):
        for command in CYCLE:
            assert kinds(session) == []
            session.apply(command)
    assert kinds(session) == []


def test_gradients_that_were_not_zeroed() -> None:
    session = press(Session(SMALL), "zflbs")
    assert kinds(session) == []
    press(session, "fl")
    assert kinds(session) == []
    first = lookup(session, "conv1.weight.grad")
    assert isinstance(first, torch.Tensor)
    first = first.clone()
    press(session, "b")
    found = card(session, "not_zeroed")
    both = session.model.get_parameter("conv1.weight").grad
    assert both is not None
    assert row(found, "backward passes added up") == "2"
    assert row(found, "steps since zero_grad") == "1"
    assert row(found, "‖conv1.weight.grad‖") == f"{both.norm().item():.3g}"
    assert row(found, "of the newest backward alone") == f"{(both - first).norm().item():.3g}"
    assert found.show is not None
    assert (found.show.commands, found.show.tensor, found.show.part) == (8, "conv1.weight", "grad")
    assert "zero_grad" in found.code
    press(session, "s")
    assert kinds(session) == ["not_zeroed"]
    press(session, "z")
    assert kinds(session) == []


def test_two_backwards_before_one_step_are_called_accumulation() -> None:
    session = press(Session(SMALL), "zflbflb")
    found = card(session, "accumulation")
    assert found.severity == "note"
    assert row(found, "backward passes added up") == "2"
    assert "(loss / 2).backward()" in found.code
    assert "not_zeroed" not in kinds(session)
    press(session, "s")
    assert kinds(session) == ["accumulation"]


def test_gradients_set_to_zeros_are_zeroed_too() -> None:
    session = press(Session(SMALL), "zflbs")
    session.zero_grad(set_to_none=False)
    press(session, "flbs")
    assert kinds(session) == []


@pytest.mark.parametrize("before", ["", "zflbs"])
def test_a_step_without_a_backward(before: str) -> None:
    session = press(Session(SMALL), before + "zfls")
    found = card(session, "no_backward")
    assert row(found, "parameters with a gradient") == "0 of 10"
    assert row(found, "parameters that moved") == "0 of 10"
    assert "skips every parameter" in found.cause
    assert found.show is not None
    assert found.show.commands == len(before) + 4
    assert kinds(press(session, "zflbs")) == []


def test_a_step_without_a_backward_moves_by_what_the_optimizer_remembers() -> None:
    session = press(Session(Settings(batch_size=8, lr=0.01, momentum=0.9)), "zflbs")
    session.zero_grad(set_to_none=False)
    found = card(press(session, "fls"), "no_backward")
    assert row(found, "parameters with a gradient") == "10 of 10"
    assert row(found, "parameters that moved") == "10 of 10"
    assert "remembers" in found.cause


def test_a_second_step_with_the_gradients_of_the_first() -> None:
    session = press(Session(SMALL), "zflbss")
    found = card(session, "stale_step")
    assert row(found, "parameters that moved") == "10 of 10"
    assert "no_backward" not in kinds(session)


def test_a_model_without_dropout_in_eval_mode_is_a_note() -> None:
    session = Session(Settings(batch_size=8, mode="eval"))
    assert kinds(press(session, "zfl")) == []
    found = card(press(session, "b"), "eval_mode")
    assert (found.severity, row(found, "dropout and batch norm layers")) == ("note", "0")


def test_dropout_and_batch_norm_in_eval_mode_are_a_problem() -> None:
    session = Session(SMALL, faulty.WithDropout)
    assert kinds(press(session, "zflbs")) == []
    session.set(mode="eval")
    found = card(press(session, "zflb"), "eval_mode")
    assert found.severity == "problem"
    assert "norm and dropout" in found.evidence
    assert found.code.startswith("net.train()")


# ---------------------------------------------------------------------------------------------- what the parameters get


@pytest.mark.parametrize("model", [faulty.ForgetsALayer, faulty.CutsTheGraph])
def test_a_parameter_that_gets_no_gradient(model: Callable[[], nn.Module]) -> None:
    session = Session(SMALL, model)
    assert kinds(press(session, "zfl")) == []
    press(session, "b")
    found = card(session, "no_gradient")
    without = [name for name, one in session.model.named_parameters() if one.grad is None]
    assert without
    assert found.show is not None
    assert found.show.tensor == without[0]
    assert f"{len(without)} parameter" in found.evidence
    if model is faulty.ForgetsALayer:
        assert "self.fc_extra(x)" in found.code
        assert row(found, "used by this forward") == "none of them"
    else:
        assert "fc2.weight" in row(found, "used by this forward")


def test_a_frozen_layer_is_meant_so() -> None:
    assert kinds(press(Session(SMALL, faulty.Frozen), "zflbs")) == []


def test_a_parameter_that_the_optimizer_does_not_hold() -> None:
    session = Session(SMALL, faulty.GivesOnlyItsHead)
    found = card(session, "not_held")
    assert found.show is not None
    assert found.show.tensor == "conv1.weight"
    assert row(found, "numbers that never move") == "80,344 of 81,194"
    assert "not_held" in kinds(press(session, "zflbs"))


# ------------------------------------------------------------------------------------------------ what the loss expects


@pytest.mark.parametrize("model", [faulty.EndsInSoftmax, faulty.EndsInOwnSoftmax])
def test_a_softmax_before_the_cross_entropy(model: Callable[[], nn.Module]) -> None:
    session = press(Session(SMALL, model), "zf")
    found = card(session, "softmax_before_loss")
    perfect = nn.functional.one_hot(torch.tensor([3]), 10).float()
    best = nn.functional.cross_entropy(perfect, torch.tensor([3])).item()
    assert row(found, "lowest loss that 10 classes allow") == f"{best:.3f}"
    session.set(loss="MSELoss")
    assert "softmax_before_loss" not in kinds(session)


@pytest.mark.parametrize("model", [Net, faulty.EndsInLogSoftmax])
def test_logits_are_what_the_cross_entropy_expects(model: Callable[[], nn.Module]) -> None:
    assert kinds(press(Session(SMALL, model), "zflbs")) == []


def test_labels_without_an_output() -> None:
    session = press(Session(SMALL, faulty.FiveClasses), "zf")
    found = card(session, "targets_range")
    assert session.labels is not None
    assert row(found, "labels out of range") == f"{int((session.labels >= 5).sum())} of 8"
    with pytest.raises(Refused):  # it was right
        session.loss()


def test_targets_that_the_output_cannot_reach() -> None:
    session = press(Session(Settings(data="random", loss="MSELoss", batch_size=8), faulty.EndsInSigmoid), "zfl")
    found = card(session, "targets_range")
    target = session.target
    assert target is not None
    assert row(found, "targets out of reach") == f"{int(((target < 0) | (target > 1)).sum())} of 80"
    least = float(row(found, "lowest loss on this batch"))
    assert session.last_loss is not None
    assert 0 < least < session.last_loss.item()
    assert kinds(press(Session(Settings(loss="MSELoss", batch_size=8), faulty.EndsInSigmoid), "zflbs")) == []


def test_targets_given_by_hand_that_are_no_probabilities() -> None:
    session = press(Session(SMALL), "zfl")
    assert session.output is not None
    session.target = torch.randn(session.output.shape, generator=torch.Generator().manual_seed(0))
    assert kinds(session) == ["targets_kind"]
    session.target = torch.full(session.output.shape, 0.1)
    assert kinds(session) == []


# ------------------------------------------------------------------------------------------------ inside of the network


def test_dead_relus_over_many_samples() -> None:
    session = press(Session(Settings(batch_size=16), faulty.DeadFromTheStart), "zf")
    found = card(session, "dead_relu")
    assert "84 of 84 dead" in [value for label, value in found.rows if label.startswith("relu_3")]
    assert "128 samples, as many as 8 steps see" in found.evidence
    assert found.show is not None
    assert found.show.tensor == "relu_3"


@pytest.mark.parametrize("batch_size", [1, 16])
def test_units_that_are_zero_for_one_batch_are_not_dead(batch_size: int) -> None:
    assert "dead_relu" not in kinds(press(Session(Settings(batch_size=batch_size)), "zflbs"))


def test_one_step_that_was_far_too_large_kills_relus() -> None:
    session = press(Session(Settings(batch_size=16, lr=20.0)), "zflbs" * 4)
    assert "dead_relu" in kinds(press(session, "zf"))


def test_a_vanishing_gradient() -> None:
    session = press(Session(SMALL, lambda: faulty.Deep(nn.Sigmoid())), "zflb")
    found = card(session, "vanishing")
    first = session.model.get_parameter("layers.2.weight").grad
    assert first is not None
    assert row(found, "‖layers.2.weight.grad‖") == f"{first.norm().item():.3g}"
    assert found.show is not None
    assert (found.show.tensor, found.show.part) == ("layers.2.weight", "grad")


def test_an_exploding_gradient() -> None:
    session = press(Session(SMALL, lambda: faulty.Deep(nn.ReLU(), 8.0)), "zflb")
    found = card(session, "exploding")
    assert "clip_grad_norm_" in found.code


def test_a_deep_network_with_usual_weights_and_tanh_has_neither() -> None:
    def model() -> nn.Module:
        return faulty.Deep(nn.Tanh(), 1.7)

    assert kinds(press(Session(SMALL, model), "zflbs")) == []


# ---------------------------------------------------------------------------------------------------------- the updates


def test_updates_far_too_large() -> None:
    session = Session(Settings(batch_size=8, optimizer="Adam", lr=0.1))
    session.run(5)
    found = card(session, "large_updates")
    assert session.last_update is not None
    before, _, after = session.last_update[1]["fc1.weight"]
    ratio = ((after - before).norm() / before.norm()).item()
    assert row(found, "‖update‖ / ‖fc1.weight‖") == f"{ratio:.3g}"
    assert found.code.startswith("optimizer = torch.optim.Adam(net.parameters(), lr=")


def test_updates_far_too_small() -> None:
    session = Session(Settings(batch_size=8, lr=1e-7))
    session.run(12)
    assert "hardly" in card(session, "small_updates").title


# --------------------------------------------------------------------------------------------------------- the step log


def test_no_progress_where_images_and_labels_were_shuffled_apart() -> None:
    session = Session(Settings(batch_size=16, lr=0.05), faulty.ShufflesItsBatch)
    session.run(499)
    assert kinds(session) == []
    session.run(1)
    found = card(session, "no_progress")
    assert row(found, "loss of the same answer for every input") == "2.303"
    reply = answer(session, DiagnosesRequest(7, log_only=True))
    assert [one.kind for one in reply.diagnoses] == ["no_progress"]
    assert (reply.id, reply.step, reply.log_only, reply.looked_at) == (7, 500, True, LOOKED_AT[-1:])


def test_random_data_has_nothing_to_make_progress_with() -> None:
    session = Session(Settings(data="random", batch_size=4), faulty.ShufflesItsBatch)
    session.run(800)
    assert kinds(session) == []


# ----------------------------------------------------------------------------------------------------------- not finite


def test_numbers_that_are_not_finite() -> None:
    session = Session(Settings(batch_size=4, data="random", lr=1e30))
    session.run(6)
    found = card(session, "not_finite")
    losses = session.log.rows(0)[:, 0]
    first = next(step for step, loss in enumerate(losses) if not abs(loss) < float("inf"))
    assert row(found, "last finite loss").endswith(f"(step {first})")
    assert row(found, "first loss that is not").endswith(f"(step {first + 1})")
    assert found.show is not None
    assert found.show.commands == 5 * first + 5
    assert session.seek(step=0)
    assert kinds(session) == []


def test_what_overflows_only_in_its_norm_is_finite() -> None:
    session = Session(SMALL)
    session.edit("fc1.weight", 0, 3e38)
    assert "not_finite" not in kinds(session)


# ----------------------------------------------------------------------------------------------------- as of the cursor


def test_inside_of_a_step_only_what_has_happened_counts() -> None:
    session = press(Session(SMALL, faulty.EndsInSoftmax), "z")
    last = len(session.trace().forward) - 1
    session.stepper.go(1, last)
    assert kinds(session) == []
    press(session, "f")
    assert kinds(session) == ["softmax_before_loss"]


def test_an_answer_has_its_place_and_what_was_looked_at() -> None:
    session = press(Session(SMALL), "zflbsz")
    reply = answer(session, DiagnosesRequest(3))
    assert (reply.id, reply.branch, reply.commands, reply.item, reply.step) == (3, "main", 6, 0, 1)
    assert (reply.diagnoses, reply.looked_at, reply.unseen) == ((), LOOKED_AT, "")


def test_one_sample_without_its_batch_can_be_looked_at() -> None:
    session = Session(Settings(batch_size=4), faulty.DeadFromTheStart)
    session.forward(sample=1, unsqueeze=True)
    assert kinds(session) == ["dead_relu"]
    unbatched = Session(Settings(batch_size=4), faulty.SumsUp)
    unbatched.forward(sample=1)
    assert kinds(unbatched) == []


def test_a_step_that_cannot_be_gone_over_again_is_told_as_such() -> None:
    session = press(Session(SMALL), "zf")

    def fails() -> nn.Module:
        raise RuntimeError("the device has failed")

    session.make_model = fails
    reply = answer(session, DiagnosesRequest(1))
    assert (reply.diagnoses, reply.looked_at) == ((), ())
    assert "the device has failed" in reply.unseen
