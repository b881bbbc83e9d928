"""A drawing is seen without a trace; put into a batch it is a command like any other, replayed and told to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.drawing.images import file_of, from_bytes, to_bytes
from lenet_gui.engine.drawing.putting import command_for, put_command
from lenet_gui.engine.drawing.seeing import see
from lenet_gui.engine.export.script import write_script
from lenet_gui.engine.net import Net
from lenet_gui.engine.refusal import Refused
from lenet_gui.protocol import Command, Frame, Line, Notice, Run, Seek
from lenet_gui.protocol.drawing import DrawingReply, DrawingRequest, PutDrawing
from tests.engine.drawing.test_centring import ONE, SEVEN
from tests.engine.hosting import Host
from tests.engine.models import NormAndDropout

INK = (SEVEN * 255).astype(np.uint8)
OTHER = (ONE * 255).astype(np.uint8)


def put(session: Session, ink: np.ndarray = INK, label: int = 7, at: int = 0) -> None:
    session.apply(command_for(session, PutDrawing(ink, label, at)))


# --------------------------------------------------------------------------------------------------------- seeing


def test_what_is_told_is_the_forward_of_plain_pytorch() -> None:
    session = Session()
    session.run(20)
    told = see(session, DrawingRequest(1, INK, cards=True))
    with torch.no_grad():
        output = session.model(torch.from_numpy(told.image.copy())[None, None])
    assert np.array_equal(told.scores, output[0].numpy())
    assert told.names == tuple("0123456789")
    assert told.cards is not None
    names = [one.name for one in told.cards.operations]
    assert names[:3] == ["conv2d", "relu", "max_pool2d"]
    assert told.cards.operations[-1].output.shape == (1, 10)
    assert np.array_equal(told.cards.batch.picture, told.image)


@pytest.mark.parametrize("model", [Net, NormAndDropout])
def test_seeing_leaves_no_trace(model: type[nn.Module]) -> None:
    sessions = [Session(Settings(batch_size=8), model) for _ in range(2)]
    for session in sessions:
        session.run(3)
        session.zero_grad()
        session.forward()
    before = sessions[0].digest()
    for cards in (True, False):
        see(sessions[0], DrawingRequest(1, INK, cards))
    assert sessions[0].digest() == before
    for session in sessions:
        session.loss()
        session.backward()
        session.step()
    assert sessions[0].digest() == sessions[1].digest()


def test_an_empty_sheet_has_no_outputs() -> None:
    told = see(Session(), DrawingRequest(1, np.zeros((50, 50), np.uint8), cards=True))
    assert (told.image.size, told.scores.size, told.cards, told.missing) == (0, 0, None, "")


# --------------------------------------------------------------------------------------------------------- putting


def test_after_a_step_it_is_a_sample_of_the_batch_that_comes() -> None:
    session, plain = Session(Settings(batch_size=4)), Session(Settings(batch_size=4))
    for one in (session, plain):
        one.run(3)
    put(session, at=2)
    plain.next_batch()
    image = torch.from_numpy(see(plain, DrawingRequest(1, INK)).image.copy())
    assert torch.equal(session.input[2, 0], image)
    assert session.labels is not None
    assert plain.labels is not None
    assert session.labels.tolist() == [*plain.labels.tolist()[:2], 7, plain.labels.tolist()[3]]
    assert torch.equal(session.input[[0, 1, 3]], plain.input[[0, 1, 3]])
    session.zero_grad()
    session.forward()
    assert torch.equal(session.input[2, 0], image)


def test_a_step_on_it_makes_the_network_surer_and_back_undoes_all_of_it() -> None:
    session = Session(Settings(batch_size=1, lr=0.02))
    session.run(400)
    before, digest = see(session, DrawingRequest(1, INK)), session.digest()
    place = len(session.journal)
    put(session)
    session.run(1)
    after = see(session, DrawingRequest(1, INK))

    def share(scores: np.ndarray) -> float:
        return float(torch.from_numpy(scores.copy()).softmax(0)[7])

    assert share(after.scores) > share(before.scores)
    session.seek(place)
    assert session.digest() == digest
    assert np.array_equal(see(session, DrawingRequest(1, INK)).scores, before.scores)


def test_it_is_replayed_to_the_bit_from_checkpoints_too_and_saved_and_opened(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=8))
    session.run(4)
    put(session)
    session.run(3)
    put(session, OTHER, 1, at=5)
    session.zero_grad()
    session.forward()
    digest, place = session.digest(), len(session.journal)
    for elsewhere in (0, 21, 22, 30):
        session.seek(elsewhere)
        session.seek(place)
        assert session.digest() == digest
    session.save(tmp_path / "drawn.lenet")
    assert Session.open(tmp_path / "drawn.lenet").digest() == digest
    twin = Session.replay(session.journal, store=session.store)
    assert twin.digest() == digest


@pytest.mark.parametrize(
    "settings",
    [Settings(batch_size=8), Settings(batch_size=8, loss="MSELoss"), Settings(data="random", batch_size=8)],
    ids=["classes", "values", "random"],
)
@pytest.mark.parametrize("between", [False, True])
def test_the_exported_script_reads_the_image_beside_it_and_ends_in_the_same_bits(
    tmp_path: Path, settings: Settings, between: bool
) -> None:
    session = Session(settings)
    session.run(2)
    if between:  # the forward of this step is done: what is put in its place is not what it has seen
        session.zero_grad()
        session.forward()
    seven, one = (-1, -1) if settings.data == "random" else (7, 1)
    put(session, label=seven)
    session.run(3)
    put(session, OTHER, one, at=7)
    put(session, INK, seven, at=6)
    session.run(2)
    script = tmp_path / "run.py"
    write_script(session, script)
    images = {file_of(dict(one.arguments)["image"]) for one in session.journal.commands(0) if one.name == "put"}
    assert images == {path.name for path in tmp_path.glob("image-*.npy")}
    subprocess.run([sys.executable, script, tmp_path / "end.pt"], check=True, capture_output=True)
    ended = torch.load(tmp_path / "end.pt", weights_only=True)
    for name, parameter in session.model.named_parameters():
        assert torch.equal(ended[name], parameter.detach())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"label": 10}, "no class 10"),
        ({"label": True}, "no class True"),
        ({"at": 8}, "no sample 8"),
        ({"at": -1}, "no sample -1"),
        ({"label": None}, "needs a label"),
        ({"image": "f" * 64}, "does not hold"),
        ({"image": 5}, "does not hold"),
    ],
)
def test_what_fits_no_batch_is_refused_and_changes_nothing(wrong: dict[str, object], words: str) -> None:
    session = Session(Settings(batch_size=8))
    session.run(2)
    image = session.store.put(to_bytes(torch.zeros(1, 32, 32)))
    before = session.digest()
    given = {"image": image, "label": 3, "at": 0} | wrong
    with pytest.raises(Refused) as refused:
        session.apply(put_command(**given))  # pyright: ignore[reportArgumentType]
    assert words in refused.value.notice.words
    assert session.digest() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no image",
        to_bytes(torch.zeros(1, 28, 28)),
        to_bytes(torch.zeros(1, 32, 32, dtype=torch.float64)),
        to_bytes(torch.full((1, 32, 32), float("nan"))),
        to_bytes(torch.zeros(1, 32, 32))[:-9],
    ],
)
def test_bytes_that_are_no_image_are_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(ValueError, match="image"):
        from_bytes(data, torch.zeros(1, 32, 32))


def test_random_tensors_take_it_without_a_label() -> None:
    session = Session(Settings(data="random", batch_size=2))
    put(session, label=-1)
    assert torch.equal(session.input[0, 0], torch.from_numpy(see(session, DrawingRequest(1, INK)).image.copy()))
    session.run(2)
    again = Session.replay(session.journal, store=session.store)
    assert again.digest() == session.digest()


# ------------------------------------------------------------------------------------------------------- for a window


def test_a_window_puts_it_takes_a_step_and_goes_back() -> None:
    with Host(Settings(batch_size=4)) as host:
        frame = host.do(Run(2))
        assert "put" in frame.allowed
        first = host.ask(DrawingRequest(1, INK), DrawingReply)
        frame = host.do(PutDrawing(INK, 7))
        assert frame.place.commands == 11
        assert frame.samples.targets[0] == 7
        line = next(line for line in host.of(Line) if line.code.startswith("input, target"))
        assert "input[0] = torch.from_numpy(np.load(" in line.code
        assert line.code.endswith("target[0] = 7")
        assert host.do(Command("zero_grad"), Command("forward")).samples.targets[0] == 7
        assert "put" not in host.of(Frame)[-1].allowed
        host.do(Run(1))
        second = host.ask(DrawingRequest(2, INK), DrawingReply, lambda one: one.id == 2)
        assert not np.array_equal(first.scores, second.scores)
        host.do(Seek(commands=10))
        third = host.ask(DrawingRequest(3, INK), DrawingReply, lambda one: one.id == 3)
        assert np.array_equal(first.scores, third.scores)


def test_an_empty_sheet_is_not_put_and_says_so() -> None:
    with Host(Settings(batch_size=4)) as host:
        host.do(PutDrawing(np.zeros((50, 50), np.uint8), 7))
        assert "Nothing is drawn yet" in host.of(Notice)[-1].words
