"""What is measured, against plain PyTorch and NumPy; and the training goes on as if nobody had measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import Images
from lenet_gui.engine.data.images import Arrays
from lenet_gui.engine.measures import told
from lenet_gui.engine.measures.figures import class_rows, confusion, names_for
from lenet_gui.engine.measures.measured import measure, sides
from lenet_gui.protocol.measures import MOST_TRAINED, ImageRequest, ImagesRequest
from tests.engine.models import NormAndDropout


def trained(steps: int = 120, **settings: object) -> Session:
    session = Session(Settings(**settings))  # pyright: ignore[reportArgumentType]
    session.run(steps)
    return session


def plain(session: Session, side: str) -> tuple[Tensor, Tensor]:
    """Outputs and labels of a whole side, in one forward of plain PyTorch."""
    source = session.source
    assert isinstance(source, Images)
    size = source.test_size if side == "test" else source.size
    images, labels = source.chosen(side, torch.arange(size))
    training = session.model.training
    with torch.no_grad():
        output = session.model.eval()(images)
    session.model.train(training)
    return output, labels


@pytest.mark.parametrize("side", ["test", "train"])
def test_loss_and_accuracy_are_those_of_plain_pytorch(side: str) -> None:
    session = trained()
    found = measure(session, side)
    output, labels = plain(session, side)
    assert found is not None
    assert (len(found.labels), found.whole) == (len(labels), len(labels))
    assert found.correct == int((output.argmax(-1) == labels).sum())
    assert found.loss == pytest.approx(functional.cross_entropy(output, labels).item(), rel=1e-5)
    assert (found.step, found.epoch) == (120, 1 + 30 * 16 / 1437)


def test_a_loss_of_numbers_has_its_mean_and_its_accuracy() -> None:
    session = trained(steps=30, loss="MSELoss")
    found = measure(session, "test")
    output, labels = plain(session, "test")
    assert found is not None
    target = functional.one_hot(labels, 10).float()
    assert found.loss == pytest.approx(functional.mse_loss(output, target).item(), rel=1e-5)
    assert found.correct == int((output.argmax(-1) == labels).sum())


def test_measuring_leaves_no_trace_even_with_batch_norm_and_dropout_and_a_live_graph() -> None:
    quiet, measured = Session(Settings(batch_size=8), NormAndDropout), Session(Settings(batch_size=8), NormAndDropout)
    for session in (quiet, measured):
        session.run(3)
        session.zero_grad()
        session.forward()
    before = measured.digest()
    for side in ("test", "train"):
        assert measure(measured, side) is not None
    assert measured.digest() == before == quiet.digest()
    for session in (quiet, measured):
        session.loss()
        session.backward()
        session.step()
        session.run(3)
    assert measured.digest() == quiet.digest()


def test_it_can_be_left_off_between_two_batches() -> None:
    session = trained(5)
    before, looks = session.digest(), []
    assert measure(session, "train", lambda: bool(looks.append(1)) or len(looks) < 2) is None
    assert len(looks) == 2
    assert session.digest() == before


class Many(Images):
    """More training images than are looked at, of one grey each."""

    def __init__(self) -> None:
        count = MOST_TRAINED + 2000
        greys = (torch.arange(count) % 251).to(torch.uint8)
        images = greys[:, None, None, None].expand(-1, 1, 32, 32)
        super().__init__(Arrays((images, torch.arange(count) % 10), None, tuple("abcdefghij")), 0, "cpu")


def test_of_many_training_images_a_fixed_sample_is_looked_at_and_it_is_not_the_first_ones() -> None:
    session = Session(Settings(batch_size=4))
    session.source = Many()
    found, again = measure(session, "train"), measure(session, "train")
    assert found is not None
    assert again is not None
    assert (len(found.labels), found.whole) == (MOST_TRAINED, MOST_TRAINED + 2000)
    assert torch.equal(found.indices, again.indices)
    assert int(found.indices.max()) >= MOST_TRAINED
    assert torch.equal(found.labels, found.indices % 10)
    assert sides(session) == ("train",)
    with pytest.raises(ValueError, match="No images are held out"):
        measure(session, "test")


def test_data_without_labels_say_so() -> None:
    with pytest.raises(ValueError, match="Random tensors have no labels"):
        measure(Session(Settings(data="random")), "test")


class OneSize(nn.Module):
    """Takes batches of 4 only."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1024, 10)

    def forward(self, input: Tensor) -> Tensor:
        return self.linear(input.view(4, 1024))


def test_a_model_that_cannot_be_given_many_images_says_so_and_goes_on() -> None:
    session = Session(Settings(batch_size=4), OneSize)
    session.run(2)
    before = session.digest()
    with pytest.raises(ValueError, match="cannot be measured on 360 images at once"):
        measure(session, "test")
    assert session.digest() == before


# ----------------------------------------------------------------------------------------------------- the matrix


def test_the_matrix_and_its_figures_are_those_of_counting_one_by_one() -> None:
    random = np.random.default_rng(0)
    labels, predictions = random.integers(0, 4, 300), random.integers(0, 5, 300)
    labels[labels == 2] = 1  # a class that never occurs
    counts = confusion(labels, predictions, 5)
    pairs = list(zip(labels.tolist(), predictions.tolist(), strict=True))
    assert counts.tolist() == [[sum(pair == (i, j) for pair in pairs) for j in range(5)] for i in range(5)]
    for k, row in enumerate(class_rows(counts, names_for(("a", "b", "c", "d"), 5))):
        right = sum(pair == (k, k) for pair in pairs)
        taken, there = sum(j == k for _, j in pairs), sum(i == k for i, _ in pairs)
        assert (row.support, row.predicted) == (there, taken)
        assert row.precision == pytest.approx(right / taken)
        assert row.recall == (pytest.approx(right / there) if there else pytest.approx(np.nan, nan_ok=True))
        assert row.f1 == pytest.approx(2 * right / (taken + there))
    assert names_for(("a", "b", "c", "d"), 5)[-1] == "4"


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    row = class_rows(confusion(np.array([0, 1]), np.array([0, 0]), 2), ("a", "b"))[1]
    assert np.isnan(row.precision)
    assert (row.recall, row.f1, row.support, row.predicted) == (0, 0, 1, 0)


def test_a_cell_gives_its_images_and_an_image_its_outputs() -> None:
    session = trained(60)
    found = measure(session, "test")
    assert found is not None
    session.measured["test"] = found
    output, labels = plain(session, "test")
    label, predicted = next((int(i), int(j)) for i, j in zip(labels, output.argmax(-1), strict=True) if i != j)
    cell = told.answer(session, ImagesRequest(1, "test", label, predicted))
    wanted = [k for k in range(360) if (int(labels[k]), int(output[k].argmax())) == (label, predicted)]
    assert sorted(cell.indices) == wanted  # pyright: ignore[reportAttributeAccessIssue]
    assert cell.count == len(wanted)  # pyright: ignore[reportAttributeAccessIssue]
    session.run(30)  # what was measured stays as it was then
    one = told.answer(session, ImageRequest(2, "test", wanted[0]))
    assert one.label == label  # pyright: ignore[reportAttributeAccessIssue]
    np.testing.assert_allclose(one.scores, output[wanted[0]].numpy(), rtol=1e-4, atol=1e-5)  # pyright: ignore[reportAttributeAccessIssue]
    images, _ = session.source.chosen("test", torch.tensor(wanted[:1]))  # pyright: ignore[reportAttributeAccessIssue]
    assert np.array_equal(one.image, images[0, 0].numpy())  # pyright: ignore[reportAttributeAccessIssue]


def test_the_worst_mistakes_are_the_wrong_ones_with_the_largest_loss() -> None:
    session = trained(60)
    found = measure(session, "test")
    assert found is not None
    session.measured["test"] = found
    output, labels = plain(session, "test")
    losses = functional.cross_entropy(output, labels, reduction="none")
    wrong = [k for k in losses.argsort(descending=True).tolist() if int(output[k].argmax()) != int(labels[k])]
    worst = told.answer(session, ImagesRequest(1, "test"))
    assert list(worst.indices[:5]) == wrong[:5]  # pyright: ignore[reportAttributeAccessIssue]
    assert worst.losses[0] == pytest.approx(losses.max().item(), rel=1e-4)  # pyright: ignore[reportAttributeAccessIssue]


def test_nothing_measured_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="Nothing has been measured"):
        told.answer(Session(), ImagesRequest(1, "test"))
