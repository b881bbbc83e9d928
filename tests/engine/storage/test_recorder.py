"""A session that runs can be had back whatever ends it, to the bit, and no window takes it away from another."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import islice, repeat
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import rule
from torch import Tensor

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.storage.recorder import JOURNAL, Recorder, log_name
from lenet_gui.engine.storage.recovery import abandoned, discard, recover
from lenet_gui.engine.storage.session_file import CHECKPOINT
from lenet_gui.engine.storage.stored import SessionFileError
from tests.engine import dying
from tests.engine.models import NormAndDropout
from tests.engine.storage.test_stored import branched, full_disk, otherwise, summary
from tests.engine.test_history import Machine as History

MOMENTS = 100 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 8
"""At which a live process is killed."""


def left_behind(recorder: Recorder) -> Path:
    """The folder as a crash now would leave it."""
    recorder.close(keep=True)
    return recorder.folder


def test_what_was_recorded_comes_back(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    session.run(60, lambda: recorder.record() or True)
    session.zero_grad()
    session.forward()
    session.add_bookmark("before the loss")
    recorder.record()
    found = recover(left_behind(recorder), Session)
    assert found.note == ""
    assert summary(found.session) == summary(session)
    found.session.loss()
    assert found.session.graph == "alive"


def test_a_session_that_was_opened_is_recorded_with_all_that_it_brings(tmp_path: Path) -> None:
    session = branched(Settings(batch_size=2, optimizer="Adam"), NormAndDropout)
    recorder = Recorder(session, tmp_path / "live")
    for change in (
        lambda: session.seek(branch="main"),
        lambda: session.seek(step=7),
        lambda: session.set(lr=0.1),
        lambda: session.seek(branch="branch 2"),
        lambda: session.run(5),
        lambda: session.rename_branch("main", "the first"),
        lambda: session.bookmarks.clear(),
        lambda: session.seek(step=3),
    ):
        change()
        recorder.record()
        shutil.copytree(recorder.folder, tmp_path / "copy")
        assert summary(recover(tmp_path / "copy", make).session) == summary(session)
        shutil.rmtree(tmp_path / "copy")
    recorder.close()


def test_a_branch_that_differs_only_in_its_bits_comes_back_as_one(tmp_path: Path) -> None:
    session = otherwise(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    assert summary(recover(left_behind(recorder), make).session) == summary(session)


make = partial(Session, make_model=NormAndDropout)


def test_a_line_that_was_being_written_is_none(tmp_path: Path) -> None:
    """Cut at any byte, the journal still gives what was whole."""
    session = branched(Settings(batch_size=2), NormAndDropout)
    recorder = Recorder(session, tmp_path / "live")
    for _ in range(7):
        session.apply(session.next_command)
        recorder.record()
    folder = left_behind(recorder)
    whole, reference = (folder / JOURNAL).read_bytes(), branched(Settings(batch_size=2), NormAndDropout)
    places = set()
    for end in range(len(whole), len(whole) - 180, -5):
        (folder / JOURNAL).write_bytes(whole[:end])
        found = recover(folder, make)
        assert found.note == ""
        place = len(found.session.journal)
        places.add(place)
        reference.seek(place, branch=found.session.branch.name)
        assert found.session.digest() == reference.digest()
    assert len(places) == 8


@pytest.mark.parametrize("line", [b"\0" * 30, b'{"n": -1}', b'{"at": [7, 0]}', b'{"do": "dance"}', b"[]", b'{"n": 9}'])
def test_behind_a_damaged_line_nothing_is_believed(line: bytes, tmp_path: Path) -> None:
    """A run that has no rows in the log is one, too: the last of these."""
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    session.run(4)
    recorder.record()
    digest = session.digest()
    folder = left_behind(recorder)
    with (folder / JOURNAL).open("ab") as file:
        file.write(line + b'\n{"do": "zero_grad"}\n')
    found = recover(folder, Session)
    assert found.session.digest() == digest
    assert found.note == "A part of what was recorded is damaged: the session is back up to there."


def test_a_log_that_is_too_short_gives_the_steps_that_it_has(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    for _ in range(3):
        session.run(2)
        recorder.record()
    folder = left_behind(recorder)
    os.truncate(folder / log_name(0), 5 * 28 + 3)
    found = recover(folder, Session)
    session.seek(step=4)
    assert found.session.digest() == session.digest()
    assert "damaged" in found.note


def test_a_journal_without_a_beginning_is_refused(tmp_path: Path) -> None:
    recorder = Recorder(Session(Settings(batch_size=2)), tmp_path / "live")
    folder = left_behind(recorder)
    for text in (b"", b"\0\0\n", b"{}\n", b'{"format": 2}\n'):
        (folder / JOURNAL).write_bytes(text)
        with pytest.raises(SessionFileError, match=r"^The session (is damaged|was written by a newer).*\.$"):
            recover(folder, Session)


# --------------------------------------------------------------------------------------------- checkpoints on disk


class Counting(NormAndDropout):
    forwards = 0

    def forward(self, x: Tensor) -> Tensor:
        Counting.forwards += 1
        return super().forward(x)


def counted(folder: Path) -> tuple[Session, int]:
    """The session, and the forwards that it took to have it back."""
    Counting.forwards = 0
    session = recover(folder, partial(Session, make_model=Counting)).session
    return session, Counting.forwards


def test_a_long_run_comes_back_from_its_newest_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet_gui.engine.storage.recorder.SPACING", 0.05)
    monkeypatch.setattr("lenet_gui.engine.storage.recorder.SHARE", 1.0)
    session = Session(Settings(batch_size=2), Counting)
    recorder = Recorder(session, tmp_path / "live")
    session.run(500, lambda: recorder.record() or True)
    recorder.record()
    again, forwards = counted(left_behind(recorder))
    assert again.digest() == session.digest()
    assert 0 < forwards < 250
    (recorder.folder / CHECKPOINT).write_bytes((recorder.folder / CHECKPOINT).read_bytes()[:-1])
    again, forwards = counted(recorder.folder)
    assert again.digest() == session.digest()
    assert forwards == 500


def test_behind_a_jump_the_checkpoint_is_one_that_can_be_used_there(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2), Counting)
    recorder = Recorder(session, tmp_path / "live")
    session.run(500)
    for jump in (lambda: session.seek(step=400), lambda: session.seek(step=200), lambda: session.set(lr=0.01)):
        recorder._not_before = 0.0  # as if some time had gone by
        jump()
        recorder.record()
        shutil.copytree(recorder.folder, tmp_path / "copy")
        again, forwards = counted(tmp_path / "copy")
        assert again.digest() == session.digest()
        assert forwards < 100
        shutil.rmtree(tmp_path / "copy")
    recorder.close()


# ------------------------------------------------------------------------------------------------- whose folder it is


def test_a_clean_end_leaves_nothing_behind(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "root" / "live")
    session.run(2)
    recorder.record()
    recorder.close()
    assert not [*(tmp_path / "root").iterdir()]
    assert abandoned(tmp_path / "root") == []
    assert abandoned(tmp_path / "nowhere") == []


def test_the_newest_is_offered_first_and_one_without_anything_done_not_at_all(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("old", "new", "empty")]
    for age, folder in enumerate(folders):
        session = Session(Settings(batch_size=2))
        recorder = Recorder(session, folder)
        session.run(0 if folder.name == "empty" else 1)
        recorder.record()
        os.utime(left_behind(recorder) / JOURNAL, (age, age))
    (tmp_path / "something else").mkdir()
    assert abandoned(tmp_path) == [folders[1], folders[0]]
    discard(folders[1])
    assert abandoned(tmp_path) == [folders[0]]
    with pytest.raises(SessionFileError, match="The session is no longer there"):
        recover(folders[1], Session)


def test_a_folder_has_one_session(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    session.run(1)
    recorder.record()
    for act in (lambda: recover(tmp_path / "live", Session), lambda: discard(tmp_path / "live")):
        with pytest.raises(SessionFileError, match="The session is open in another window: go on with it there"):
            act()
    with pytest.raises(SessionFileError, match="is not recorded"):
        Recorder(session, tmp_path / "live")
    assert abandoned(tmp_path) == []
    digest = session.digest()
    assert recover(left_behind(recorder), Session).session.digest() == digest


def test_a_full_disk_is_said_once_and_the_session_goes_on(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    session.run(20)
    recorder.record()
    before = session.digest()
    session.run(400)
    with full_disk(), pytest.raises(SessionFileError, match=r"not recorded any more \(.*: save it, or"):
        recorder.record()
    recorder.record()
    after = session.digest()
    session.seek(step=20)
    session.seek(step=420)
    assert session.digest() == after
    session.save(tmp_path / "run.lenet")
    assert Session.open(tmp_path / "run.lenet").digest() == after
    assert recover(left_behind(recorder), Session).session.digest() == before


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SessionFileError, match=r"not recorded any more \(Not a directory\): save it"):
        Recorder(Session(Settings(batch_size=2)), tmp_path / "file" / "live")
    with full_disk(0), pytest.raises(SessionFileError, match="not recorded any more"):
        Recorder(Session(Settings(batch_size=2)), tmp_path / "live")
    assert abandoned(tmp_path) == []


# ---------------------------------------------------------------------------------------------------------- crashes


class Machine(History):
    """Crashes on the way, and goes on with what comes back."""

    recorder: Recorder | None = None

    @rule()
    def record(self) -> None:
        if self.recorder is None:
            self.recorder = Recorder(self.session, Path(tempfile.mkdtemp()))
        self.recorder.record()

    @rule()
    def crash(self) -> None:
        session = self.session
        recorder = self.recorder or Recorder(session, Path(tempfile.mkdtemp()))
        recorder.record()
        folder = left_behind(recorder)
        self.recorder, self.session = None, recover(folder, partial(Session, make_model=session.make_model)).session
        discard(folder)
        assert summary(self.session) == summary(session)
        self.session.history.budget = session.history.budget

    def teardown(self) -> None:
        if self.recorder is not None:
            self.recorder.close()
        super().teardown()


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint wherever one may be taken."""
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 0.0)


@pytest.mark.usefixtures("dense")
class TestMachine(Machine.TestCase):
    settings = hypothesis_settings(stateful_step_count=40)


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    """A process that forks others to be killed: so none of them has to import torch first."""
    command = [sys.executable, "-m", "tests.engine.dying"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    yield process
    process.communicate()
    assert process.returncode == 0


@pytest.fixture(scope="module")
def undisturbed() -> Session:
    """The same training, to its end."""
    session = dying.fresh()
    dying.train(session, lambda: True, lambda: None)
    return session


def kill_at(moment: int, nursery: subprocess.Popen[str], folder: Path) -> None:
    """Let a process train in the folder, and kill it when it has told of so many things, or a little later."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{folder}\n")
    process = int(nursery.stdout.readline())
    assert [nursery.stdout.readline() for _ in range(moment)] == [".\n"] * moment
    deque(repeat(None, random.randrange(2**18)), maxlen=0)  # up to some milliseconds: anywhere in what comes next
    os.kill(process, signal.SIGKILL)
    assert deque(iter(nursery.stdout.readline, "dead\n"), maxlen=1) in (deque(), deque([".\n"]))


def is_a_part_of(found: Session, undisturbed: Session) -> None:
    """Everything in it was done, and where it stands every bit is what it was."""
    for one, other in zip(found.branches, undisturbed.branches, strict=False):
        assert [*one.journal.commands()] == [*islice(other.journal.commands(), len(one.journal))]
        assert one.log.rows().tobytes() == other.log.rows()[: one.journal.steps].tobytes()
    position = found.branches.index(found.branch)
    undisturbed.seek(len(found.journal), branch=undisturbed.branches[position].name)
    assert found.digest() == undisturbed.digest()


def test_killed_at_any_moment(nursery: subprocess.Popen[str], undisturbed: Session, tmp_path: Path) -> None:
    steps, saved = set(), 0
    for number in range(MOMENTS):
        folder = tmp_path / str(number)
        kill_at(random.randrange(number * dying.TOLD // MOMENTS, dying.TOLD), nursery, folder)
        for live in abandoned(folder):  # none, where it was killed before it began
            found = recover(live, Session)
            assert found.note == ""
            is_a_part_of(found.session, undisturbed)
            steps.add(found.session.steps)
            discard(live)
        if (folder / dying.SAVED).exists():
            is_a_part_of(Session.open(folder / dying.SAVED), undisturbed)
            saved += 1
        assert abandoned(folder) == []
    assert max(steps) > 100
    assert saved
