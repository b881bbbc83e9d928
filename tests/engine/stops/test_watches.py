"""A watch shows its value at the cursor, and over all steps what it was at each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.answers import answer
from lenet_gui.protocol import CYCLE, Command
from lenet_gui.protocol.stops import LookAtWatch, WatchRow
from lenet_gui.protocol.tensors import LookReply


def small() -> Session:
    return Session(Settings(batch_size=2))


def row(session: Session, running: bool = False) -> WatchRow:
    return session.watches.rows(running)[0]


def watching(text: str) -> Session:
    session = small()
    session.watches.set(0, text)
    return session


def test_before_a_backward_there_is_no_gradient_and_that_is_no_problem() -> None:
    session = watching("conv1.bias.grad.norm()")
    assert (row(session).state, row(session).words) == ("not yet", "None: no gradient")
    session.run(1)
    assert row(session).state == "value"
    session.zero_grad()
    assert (row(session).state, row(session).words, row(session).number) == ("not yet", "None: no gradient", None)


@pytest.mark.parametrize("text", ["gradient_norm", "gradient_max + 1"])
def test_all_gradients_at_once(text: str) -> None:
    session = watching(text)
    assert row(session).state == "not yet"
    session.run(1)
    flat = torch.cat([one.grad.reshape(-1) for one in session.parameters if one.grad is not None])
    expected = flat.norm() if "norm" in text else flat.abs().max() + 1
    assert row(session).number == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(("text", "words"), [("nope", "there is no nope"), ("fc1.bias[500]", "out of bounds")])
def test_a_problem_is_said_in_one_sentence(text: str, words: str) -> None:
    found = row(watching(text))
    assert found.state == "problem"
    assert words in found.words


def test_inside_a_forward_an_activation_is_there_once_it_is_computed() -> None:
    session = watching("relu_1.mean()")
    session.run(1)
    session.zero_grad()
    states: list[str] = []
    for item in range(12):
        session.stepper.go(6, item)
        states.append(row(session).state)
    assert states == ["not yet"] * 5 + ["value"] * 7
    expected = next(one for one in session.trace().operations if one.name == "relu_1").outputs[0].mean()
    assert row(session).number == float(expected)


def test_inside_a_backward_a_gradient_is_there_once_it_is_accumulated() -> None:
    session = watching("fc3.bias.grad.norm()")
    for command in CYCLE[:3]:
        session.apply(command)
    traced = session.trace().at(3)
    assert traced is not None
    states: list[str] = []
    for item in range(len(traced.items)):
        session.stepper.go(3, item)
        states.append(row(session).state)
    assert states == sorted(states)  # not yet, then value
    assert {*states} == {"not yet", "value"}
    seen = row(session).number
    session.backward()
    assert row(session).number == seen


def test_inside_a_step_a_parameter_is_the_one_before_and_then_the_one_behind() -> None:
    session = watching("conv1.bias[0]")
    for command in CYCLE[:4]:
        session.apply(command)
    before = row(session).number
    numbers: list[float | None] = []
    for item in range(10):
        session.stepper.go(4, item)
        numbers.append(row(session).number)
    session.step()
    after = row(session).number
    assert before != after
    assert numbers == [before] * 2 + [after] * 8  # conv1.bias is the second


def test_the_change_is_the_one_since_the_last_stop_and_a_run_does_not_move_it() -> None:
    session = watching("step")
    row(session)
    session.run(3)
    assert (row(session).number, row(session).before) == (3.0, 0.0)
    assert row(session).before == 0.0  # looked at again, nothing has moved
    session.run(2)
    assert (row(session, running=True).number, row(session, running=True).before) == (5.0, 3.0)
    session.run(2)
    assert (row(session, running=True).number, row(session, running=True).before) == (7.0, 3.0)
    assert (row(session).number, row(session).before) == (7.0, 3.0)


def test_in_a_run_nothing_is_traced() -> None:
    session = watching("relu_1.mean()")
    session.run(2)
    number = session.stepper.number
    found = row(session, running=True)
    assert (found.state, found.words) == ("not yet", "not yet computed")
    assert session.stepper.number == number
    assert row(session).state == "value"


def test_a_changed_watch_keeps_its_id_and_a_bad_text_leaves_it() -> None:
    session = watching("loss")
    number = row(session).id
    assert session.watches.set(number, "step") == number
    with pytest.raises(ValueError, match="not"):
        session.watches.set(number, "step.__class__")
    assert row(session).expression == "step"
    session.watches.drop(number)
    assert session.watches.rows() == ()


def test_a_vector_is_written_out_and_a_large_tensor_begun() -> None:
    session = watching("conv1.bias")
    assert row(session).words.endswith("]  6")
    assert row(session).number is None
    session.watches.set(row(session).id, "fc1.weight")
    assert row(session).shape == (120, 576)
    weight = session.model.get_parameter("fc1.weight")
    words = f"120×576  {weight.min().item():.3g} … {weight.max().item():.3g}, mean {weight.mean().item():.3g}"
    assert row(session).words == words.replace("-", "−")


# ------------------------------------------------------------------------------------------------ over the steps

Measure = Callable[[Session], float]


def _norm_of_gradients(session: Session) -> float:
    return float(torch.nn.utils.get_total_norm([one.grad for one in session.parameters if one.grad is not None]))


def _share(session: Session) -> float:
    operation = next(one for one in session.trace().operations if one.name == "relu_1")
    return float((operation.outputs[0] == 0).float().mean())


def _loss(session: Session) -> float:
    assert session.last_loss is not None
    return session.last_loss.item()


MEASURES: list[tuple[str, str, Measure]] = [
    ("loss", "loss", _loss),
    ("loss * 2", "loss", lambda session: 2 * _loss(session)),
    ("gradient_norm", "backward", _norm_of_gradients),
    ("conv1.weight.norm()", "step", lambda one: float(one.model.get_parameter("conv1.weight").detach().norm())),
    ("(relu_1 == 0).mean()", "forward", _share),
    ("output.max()", "forward", lambda session: float(session.output.detach().max())),  # pyright: ignore[reportOptionalMemberAccess]
    ("lr", "step", lambda session: session.settings.lr),
]


@pytest.mark.parametrize(("text", "phase", "measure"), MEASURES, ids=[text for text, _, _ in MEASURES])
def test_over_the_steps_it_is_what_it_was_at_each(text: str, phase: str, measure: Measure) -> None:
    session = watching(text)
    expected: list[float] = []
    for step in range(9):
        if step == 4:
            session.set(optimizer="Adam", lr=0.003)
        if step == 6:
            session.edit("conv1.weight", 3, 0.7)
        for command in CYCLE:
            session.apply(command)
            if command.name == phase:
                expected.append(measure(session))
    before = session.digest()
    (series,) = session.watches.over_the_steps(row(session).id, 7)
    assert (series.first, series.run, series.branch, series.expression) == (0, 7, "main", text)
    assert series.values.tolist() == np.asarray(expected, np.float32).tolist()
    assert not series.values.flags.writeable
    assert session.digest() == before
    session.seek(step=5)
    (series,) = session.watches.over_the_steps(row(session).id, 7)
    assert series.values.tolist() == np.asarray(expected[:5], np.float32).tolist()


def test_over_the_steps_comes_in_pieces_and_can_be_ended() -> None:
    session = watching("conv1.bias.norm()")
    session.run(600)
    found = [*session.watches.over_the_steps(row(session).id, 1)]
    assert [one.first for one in found] == [0, 256, 512]
    assert sum(len(one.values) for one in found) == 600
    looks = iter([True])
    ended = [*session.watches.over_the_steps(row(session).id, 1, lambda: next(looks, False))]
    assert sum(len(one.values) for one in ended) < 600
    values = np.concatenate([one.values for one in found])
    assert all((one.values == values[one.first : one.first + len(one.values)]).all() for one in ended)


def test_over_the_steps_of_a_branch_are_the_branches_own() -> None:
    session = watching("loss + 0")
    session.run(4)
    session.seek(step=2)
    session.set(lr=0.9)
    session.run(2)
    (series,) = session.watches.over_the_steps(row(session).id, 1)
    assert series.branch == "branch 2"
    assert series.values.tolist() == session.log.rows()[:, 0].tolist()


def test_a_step_without_a_value_is_nan() -> None:
    session = watching("conv1.bias.grad.norm()")
    session.run(1)
    session.zero_grad()
    session.step()
    session.run(1)
    (series,) = session.watches.over_the_steps(row(session).id, 1)
    assert np.isnan(series.values).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conv1.weight", r"a plotted watch is one number, and this is a tensor of \[6, 1, 3, 3\]"),
        ("nope + 1", "no nope"),
    ],
)
def test_what_is_no_number_is_refused_in_one_sentence(text: str, words: str) -> None:
    session = watching(text)
    session.run(3)
    before = session.digest()
    with pytest.raises(ValueError, match=words):
        list(session.watches.over_the_steps(row(session).id, 1))
    with pytest.raises(ValueError, match="there is no watch 99"):
        list(session.watches.over_the_steps(99, 1))
    assert session.digest() == before
    assert session.next_command == Command("zero_grad")


def test_the_tensor_of_a_watch_is_given_as_a_picture_that_is_bounded_by_its_room() -> None:
    session = watching("fc1.weight * 2")
    (number,) = session.watches.all
    reply = answer(session, LookAtWatch(7, number, (40, 60)))
    assert isinstance(reply, LookReply)
    assert (reply.id, reply.shape, reply.missing) == (7, (120, 576), "")
    assert reply.picture is not None
    assert reply.picture.full == (1, 120, 576)
    assert reply.picture.tiles.size <= 40 * 60
    small_one = session.watches.set(0, "conv1.weight * 2")
    reply = answer(session, LookAtWatch(8, small_one, (100, 100)))
    assert isinstance(reply, LookReply)
    assert reply.picture is not None
    expected = (session.model.get_parameter("conv1.weight").detach() * 2).numpy()
    assert np.array_equal(reply.picture.tiles, expected.reshape(6, 3, 3))


def test_a_tensor_that_is_not_there_has_no_picture_and_says_why() -> None:
    session = watching("relu_1 * 2")
    (number,) = session.watches.all
    assert isinstance(reply := answer(session, LookAtWatch(1, number, (9, 9))), LookReply)
    assert (reply.missing, reply.picture) == ("not yet", None)
    wrong = session.watches.set(0, "nope + 1")
    assert isinstance(reply := answer(session, LookAtWatch(2, wrong, (9, 9))), LookReply)
    assert "there is no nope" in reply.missing
    with pytest.raises(ValueError, match="there is no watch 99"):
        answer(session, LookAtWatch(3, 99, (9, 9)))
