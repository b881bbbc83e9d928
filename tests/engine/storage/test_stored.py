"""What was saved opens as it was, to the bit; what cannot be saved leaves everything as it is."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import rule
from safetensors.numpy import load as tensors_of
from torch import Tensor, nn

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.checkpoint import SLOTS
from lenet_gui.engine.history import Budget
from lenet_gui.engine.net import Net
from lenet_gui.engine.storage import session_file as file_format
from lenet_gui.engine.storage.stored import SessionFileError
from lenet_gui.protocol import CYCLE, Command
from tests.engine import damage
from tests.engine.damage import CHECKPOINT, LOG, SESSION
from tests.engine.models import TROUBLESOME, DrawsElsewhere, NormAndDropout
from tests.engine.test_checkpoint import OPTIMIZERS
from tests.engine.test_history import Machine as History

Model = Callable[[], nn.Module]


def branched(settings: Settings, make_model: Model = Net) -> Session:
    """Two branches and a bookmark, in the past of one of them and in the middle of a step, with a live graph."""
    session = Session(settings, make_model)
    session.run(20)
    session.add_bookmark("here it was good\nstill")
    session.seek(step=15)
    session.set(lr=0.002)
    session.run(8)
    session.seek(19 * 5 + 1 + 3)
    return session


def summary(session: Session) -> dict[str, Any]:
    """What a person would see of it."""
    return {
        "digest": session.digest(),
        "branch": session.branch.name,
        "branches": [(one.name, one.parent and one.parent.name, one.leaves, one.differs) for one in session.branches],
        "commands": [list(one.journal.commands()) for one in session.branches],
        "rows": [one.log.rows().tobytes() for one in session.branches],
        "here": session.log.rows().tobytes(),
        "bookmarks": [(one.branch.name, one.place, one.note) for one in session.bookmarks],
        "graph": session.graph,
        "modes": [module.training for module in session.model.modules()],
    }


@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
@pytest.mark.parametrize(("loss", "data"), [*product(("CrossEntropyLoss", "MSELoss"), ("digits", "random"))])
@pytest.mark.parametrize("make_model", [Net, NormAndDropout, DrawsElsewhere])
def test_a_session_opens_as_it_was_saved(
    make_model: Model, loss: str, data: str, options: dict[str, Any], tmp_path: Path
) -> None:
    session = branched(Settings(loss=loss, data=data, batch_size=2, **options), make_model)
    path = tmp_path / "run.lenet"
    session.save(path)
    again = Session.open(path, make_model)
    assert again.graph == "alive"
    assert summary(again) == summary(session)
    for one in (session, again):
        one.backward()
        one.step()
        one.run(3)
    assert summary(again) == summary(session)


@pytest.mark.parametrize("make_model", TROUBLESOME)
def test_every_place_of_a_step_can_be_saved(make_model: Model, tmp_path: Path) -> None:
    session = Session(Settings(batch_size=3, optimizer="Adam"), make_model)
    commands = (*CYCLE, *CYCLE[1:3], *CYCLE, Command("next_batch"), Command.of("set", batch_size=2), *CYCLE[1:4])
    for command in (*CYCLE, *commands):
        with suppress(Refused):
            session.apply(command)
        session.save(tmp_path / "run.lenet")
        assert summary(Session.open(tmp_path / "run.lenet", make_model)) == summary(session)


def test_every_place_and_branch_is_there_again(tmp_path: Path) -> None:
    session = branched(Settings(batch_size=2))
    session.save(tmp_path / "run.lenet")
    again = Session.open(tmp_path / "run.lenet")
    for branch, step in (("main", 3), ("branch 2", 22), ("main", 20), ("branch 2", 16), ("branch 2", 0), ("main", 16)):
        for one in (session, again):
            one.seek(step=step, branch=branch)
        assert again.digest() == session.digest()


def otherwise(settings: Settings) -> Session:
    """With a branch that grew because the same commands gave other bits, as they can on a GPU."""
    session = Session(settings, NormAndDropout)
    session.run(10)
    session.log._block[6, 0] += 1e-3
    session.seek(step=3)
    session.run(5)
    assert [branch.differs for branch in session.branches] == [False, True]
    return session


def test_a_branch_that_differs_only_in_its_bits_opens_as_one(tmp_path: Path) -> None:
    session = otherwise(Settings(batch_size=2))
    session.save(tmp_path / "run.lenet")
    assert summary(Session.open(tmp_path / "run.lenet", NormAndDropout)) == summary(session)


def test_what_was_opened_can_be_saved_again(tmp_path: Path) -> None:
    session = branched(Settings(batch_size=2))
    session.save(tmp_path / "one.lenet")
    again = Session.open(tmp_path / "one.lenet")
    again.run(600)
    again.save(tmp_path / "two.lenet")
    assert summary(Session.open(tmp_path / "two.lenet")) == summary(again)


def test_opening_starts_from_the_newest_checkpoint(tmp_path: Path) -> None:
    forwards = 0

    class Counting(NormAndDropout):
        def forward(self, x: Tensor) -> Tensor:
            nonlocal forwards
            forwards += 1
            return super().forward(x)

    session = Session(Settings(batch_size=2), Counting)
    session.run(500)
    session.save(tmp_path / "run.lenet")
    forwards = 0
    assert Session.open(tmp_path / "run.lenet", Counting).digest() == session.digest()
    assert 0 < forwards < 100


def test_without_a_checkpoint_it_opens_from_the_start(tmp_path: Path) -> None:
    session = branched(Settings(batch_size=2))
    session.save(tmp_path / "run.lenet")
    parts = damage.members((tmp_path / "run.lenet").read_bytes())
    del parts[CHECKPOINT]
    (tmp_path / "run.lenet").write_bytes(damage.packed(parts))
    assert summary(Session.open(tmp_path / "run.lenet")) == summary(session)


def test_opening_can_be_ended_on_the_way_and_loses_nothing(tmp_path: Path) -> None:
    session = Session(Settings(), budget=Budget(0, 0))
    session.run(200)
    session.save(tmp_path / "run.lenet")
    parts = damage.members((tmp_path / "run.lenet").read_bytes())
    parts.pop(CHECKPOINT, None)
    (tmp_path / "run.lenet").write_bytes(damage.packed(parts))
    looks: list[int] = []
    opened = file_format.load(tmp_path / "run.lenet", Session, lambda one: len(looks.append(one.steps) or looks) < 2)
    assert len(looks) == 2
    assert 0 < opened.session.steps < 200
    opened.session.seek(branch="main")
    assert opened.session.digest() == session.digest()


def test_the_file_is_plain_json_and_safetensors(tmp_path: Path) -> None:
    """As resources/FORMAT.md says, other programs can read it."""
    session = branched(Settings(batch_size=2, optimizer="Adam"))
    session.save(tmp_path / "run.lenet")
    parts = damage.members((tmp_path / "run.lenet").read_bytes())
    value = json.loads(parts[SESSION])
    assert value["format"] == 1
    assert value["versions"].keys() == {"lenet-gui", "torch", "python", "cpu", "threads"}
    assert value["branches"][1]["entries"] == [{"do": "set", "with": {"lr": 0.002}}, {"n": 8}]
    assert value["bookmarks"] == [{"branch": 0, "place": 100, "note": "here it was good\nstill"}]
    log = tensors_of(parts[LOG])
    assert [log[name].shape for name in "01"] == [(20, 7), (8, 7)]
    weights = tensors_of(parts[CHECKPOINT])
    assert weights["parameter/conv1.weight"].shape == weights["optimizer/conv1.weight/exp_avg"].shape == (6, 1, 3, 3)


def test_every_slot_has_its_place_in_the_file() -> None:
    assert {*SLOTS} == {"settings", "steps", "cursor", "due", "target", "target_kind", "forwarded", "graph"}


# ------------------------------------------------------------------------------------------------------ saving


@contextmanager
def full_disk(room: int = 5_000) -> Iterator[None]:
    """The system lets no file grow beyond so many bytes."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_what_was_saved_before(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    session.run(3)
    path = tmp_path / "run.lenet"
    session.save(path)
    before = session.digest()
    session.run(3)
    after = session.digest()
    with full_disk(), pytest.raises(SessionFileError, match=r"run\.lenet cannot be written \(.*room"):
        session.save(path)
    assert session.digest() == after
    assert [one.name for one in tmp_path.iterdir()] == ["run.lenet"]
    assert Session.open(path).digest() == before


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match="cannot be written"):
        Session(Settings(batch_size=2)).save(tmp_path / "nowhere" / "run.lenet")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.lenet").symlink_to(tmp_path / "run.lenet")
    Session(Settings(batch_size=2)).save(tmp_path / "link.lenet")
    assert (tmp_path / "link.lenet").is_symlink()
    assert (tmp_path / "run.lenet").is_file()


def test_more_than_can_be_opened_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = branched(Settings(batch_size=2))
    for limit in ("MOST_BRANCHES", "MOST_ENTRIES", "MOST_STEPS", "MOST_BATCH", "MOST_JSON"):
        monkeypatch.setattr(file_format, limit, 1)
        with pytest.raises(SessionFileError, match=r"cannot be saved \("):
            session.save(tmp_path / "run.lenet")
        monkeypatch.undo()
    assert not [*tmp_path.iterdir()]


# ------------------------------------------------------------------------------------------------- all in one


class Machine(History):
    """Saves and opens on the way, and goes on with what was opened."""

    @rule()
    def save_and_open(self) -> None:
        session, folder = self.session, Path(tempfile.mkdtemp())
        try:
            session.save(folder / "run.lenet")
            self.session = Session.open(folder / "run.lenet", session.make_model)
        finally:
            shutil.rmtree(folder)
        assert summary(self.session) == summary(session)
        self.session.history.budget = session.history.budget


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint wherever one may be taken."""
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 0.0)


@pytest.mark.usefixtures("dense")
class TestMachine(Machine.TestCase):
    settings = hypothesis_settings(stateful_step_count=40)
