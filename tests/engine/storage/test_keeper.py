"""What a runner keeps: its journal as it grows, the files it saves and opens, and what a crash has left."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.protocol import (
    Advance,
    Command,
    ExportReport,
    ExportScript,
    ForgetSession,
    Frame,
    NewRun,
    Notice,
    OpenSession,
    RecoverSession,
    Run,
    SaveSession,
    Seek,
)
from tests.engine.hosting import Host

SMALL = Settings(batch_size=4)


def norms(frame: Frame) -> list[tuple[str, float, float | None]]:
    return [(row.name, row.value_norm, row.grad_norm) for row in frame.parameters]


def test_a_saved_session_is_opened_where_it_stood(tmp_path: Path) -> None:
    path = str(tmp_path / "run.lenet")
    with Host(SMALL, tmp_path / "sessions") as host:
        assert not host.do(Advance("phase"), Run(6), Seek(2), Command.of("set", lr=0.5), Run(2)).file
        before = host.do(Advance("phase"), Advance("phase"))
        assert before.unsaved
        saved = host.do(SaveSession(path))
        assert (saved.file, saved.unsaved) == (path, False)
        assert host.do(Seek(1)).unsaved is False
        host.do(Seek(commands=before.place.commands))
        assert host.do(Advance("phase")).unsaved
        host.do(NewRun(SMALL))
        opened = host.do(OpenSession(path))
        assert (opened.place, opened.branches, norms(opened)) == (before.place, before.branches, norms(before))
        assert (opened.file, opened.unsaved, opened.run) == (path, False, 3)
        assert host.losses(3) == host.losses(1)
    assert list((tmp_path / "sessions").iterdir()) == []


def test_what_was_not_saved_is_offered_at_the_next_start(tmp_path: Path) -> None:
    with Host(SMALL, tmp_path) as host:
        before = host.do(Run(5))
    with Host(SMALL, tmp_path) as host:
        notice = host.wait_for_notice()
        assert notice.kind == "recovery"
        assert "not saved" in notice.words
        recover, forget = (offer.action for offer in notice.offers)
        assert isinstance(recover, RecoverSession)
        assert isinstance(forget, ForgetSession)
        after = host.do(recover)
        assert (after.place, norms(after), after.unsaved) == (before.place, norms(before), True)
    with Host(SMALL, tmp_path) as host:
        forget = host.wait_for_notice().offers[1].action
        assert isinstance(forget, ForgetSession)
        assert Path(forget.folder).is_dir()
        host.do(forget)
        assert not Path(forget.folder).exists()


def test_a_session_in_which_nothing_was_done_leaves_nothing(tmp_path: Path) -> None:
    with Host(SMALL, tmp_path) as host:
        host.do(Run(2))
        host.do(NewRun(SMALL))
    assert list(tmp_path.iterdir()) == []
    with Host(SMALL, tmp_path) as host:
        assert host.of(Notice) == []


CRASHING = """
import os, sys, threading
from pathlib import Path
from lenet_gui.channel import Channel
from lenet_gui.engine.runner import Runner
from lenet_gui.protocol import Frame, Run
from lenet_gui.settings import Settings
woken = threading.Event()
channel = Channel(woken.set)
threading.Thread(target=Runner(channel, Settings(batch_size=4), Path(sys.argv[1])).serve, daemon=True).start()
channel.send(Run())
while True:
    woken.wait()
    woken.clear()
    frames = [value for value in channel.take() if isinstance(value, Frame)]
    channel.wants_frame = True
    if frames and frames[-1].step > 100:
        print(frames[-1].step, flush=True)
        os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_after_a_kill_the_session_is_back_to_the_bit(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHING, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == -9
    seen = int(done.stdout)
    with Host(SMALL, tmp_path) as host:
        notice = host.wait_for_notice()
        assert "without closing" in notice.words
        recover = notice.offers[0].action
        assert isinstance(recover, RecoverSession)
        frame = host.do(recover)
        # A slice of the run, 20 ms, may have been under way.
        assert frame.step >= seen - 60
        session = Session(SMALL)
        session.run(frame.step)
        assert session.last_loss is not None
        assert frame.loss == session.last_loss.item()
        assert (
            host.runner._session.digest() == Session.replay(host.runner._session.journal).digest() == session.digest()
        )


@pytest.mark.parametrize("content", [b"", b"not a session", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_file_is_one_sentence_and_changes_nothing(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.lenet"
    path.write_bytes(content)
    with Host(SMALL, tmp_path / "sessions") as host:
        before = host.do(Run(2))
        after = host.do(OpenSession(str(path)))
        assert (after.place, norms(after), after.run) == (before.place, norms(before), before.run)
        assert "damaged.lenet" in host.notice("note").words


def test_a_folder_that_cannot_be_written_is_said_once_and_training_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with Host(SMALL, blocked) as host:
        assert host.do(Run(3)).step == 3
        assert host.do(SaveSession(str(blocked / "run.lenet"))).unsaved
        first, second = host.of(Notice)
        assert first.title == "This session is not recorded"
        assert "run.lenet" in second.words


def test_a_script_is_written_beside_its_data(tmp_path: Path) -> None:
    with Host(SMALL) as host:
        host.do(Run(3))
        host.do(ExportScript(str(tmp_path / "run.py")))
        assert {path.name for path in tmp_path.iterdir()} == {"run.py", "digits.npz"}
        host.do(ExportScript(str(tmp_path / "nowhere" / "run.py")))
        assert "cannot be written" in host.notice("note").words


def test_a_report_holds_the_session_its_script_and_the_versions(tmp_path: Path) -> None:
    with Host(SMALL) as host:
        before = host.do(Run(3))
        host.do(ExportReport(str(tmp_path / "report.zip")))
        with zipfile.ZipFile(tmp_path / "report.zip") as archive:
            assert {*archive.namelist()} == {"run.lenet", "run.py", "digits.npz", "versions.json"}
            archive.extractall(tmp_path)
        opened = host.do(OpenSession(str(tmp_path / "run.lenet")))
        assert norms(opened) == norms(before)


def test_two_windows_do_not_offer_each_others_sessions(tmp_path: Path) -> None:
    with Host(SMALL, tmp_path) as one:
        one.do(Run(2))
        with Host(SMALL, tmp_path) as other:
            other.do(Run(1))
            assert other.of(Notice) == []
        assert threading.active_count() > 1
