"""Opening an own file on a real runner: what is asked, what is remembered, reloading, sessions without consent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lenet_gui.engine import Session
from lenet_gui.engine.models import own
from lenet_gui.protocol import (
    Advance,
    Frame,
    Line,
    NewRun,
    Notice,
    OpenSession,
    Run,
    SaveSession,
    Seek,
    Series,
)
from lenet_gui.protocol.models import INPUT, LeaveIt, ModelInUse, OpenModel, RunItsCode, WithoutCode
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from lenet_gui.settings import Settings
from tests.engine.hosting import Host
from tests.engine.own_models.opened import MODEL, allowed, begin, hash_of, question, reloaded, written

TWO = f"""{MODEL}

class Other(Net):
    def __init__(self, hidden: int, scale=0.5, *, deep: bool = False):
        super().__init__(hidden)
"""


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(Settings(batch_size=4)) as found:
        yield found


@pytest.fixture(autouse=True)
def _nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_allowed", {})
    monkeypatch.setattr(own, "_modules", {})


def test_it_asks_before_the_code_runs_then_for_the_class_then_for_arguments(host: Host, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = written(tmp_path, f"from pathlib import Path\nPath({str(ran)!r}).touch()\n{TWO}")
    asked = question(host, OpenModel(str(path)))
    assert (asked.what, asked.source, asked.code) == ("allow", hash_of(path), path.read_text())
    assert not ran.exists()
    asked = question(host, replace(asked.about, allowed=asked.source))
    assert (asked.what, asked.classes) == ("class", ("Net", "Other"))
    asked = question(host, replace(asked.about, name="Other"))
    assert (asked.what, [(one.name, one.kind) for one in asked.wanted]) == ("arguments", [("hidden", "int")])
    frame = begin(host, replace(asked.about, options=(("model_hidden", 5),)))
    assert frame.settings.model == f"file:{hash_of(path)}:Other"
    assert frame.settings.of("model") == {"hidden": 5}
    assert {row.name: row.shape for row in frame.parameters}["fc1.weight"] == (5, 1024)
    in_use = host.of(ModelInUse)[-1]
    assert (in_use.path, in_use.file) == (str(path), "my_model.py")
    assert [one.name for one in in_use.options] == ["scale", "deep"]


def test_consent_is_remembered_for_the_file_as_it_is_and_asked_again_when_it_is_another(tmp_path: Path) -> None:
    path = written(tmp_path)
    root = tmp_path / "sessions"
    with Host(Settings(batch_size=4), root) as host:
        begin(host, allowed(path))
    own._allowed.clear()
    with Host(Settings(batch_size=4), root) as host:
        begin(host, OpenModel(str(path)))
        path.write_text(MODEL.replace("= 8", "= 9"))
        asked = question(host, OpenModel(str(path)))
    assert (asked.what, asked.words) == ("allow", "It has changed since its code was allowed.")


def test_images_that_its_forward_refuses_are_asked_for_in_another_shape(host: Host, tmp_path: Path) -> None:
    path = written(tmp_path, MODEL.replace("1024", "784"))
    asked = question(host, allowed(path))
    assert (asked.what, asked.shape) == ("shape", "1x32x32")
    assert "refuses to go forward in line 13" in asked.words
    assert "Up to there came: input [2, 1, 32, 32] → flatten [2, 1024] (net, line 13)." in asked.words
    frame = begin(host, replace(asked.about, options=((f"model_{INPUT}", "28x28"),)))
    assert host.do(Run(2)).step == 2
    assert frame.settings.of("model") == {INPUT: "28x28"}
    assert host.do(NewRun(frame.settings.change(seed=3))).settings.seed == 3


def test_a_file_that_cannot_be_opened_leaves_the_run_as_it_is(host: Host, tmp_path: Path) -> None:
    host.do(Run(3))
    (tmp_path / "folder.py").mkdir()
    raising = written(tmp_path, f"{MODEL}\nraise ValueError('no')\n", "raising.py")
    for path, words in (
        (tmp_path / "missing.py", "is not there: choose a Python file with a model in it."),
        (tmp_path / "folder.py", "is a folder: choose a Python file with a model in it."),
        (raising, "while it is imported it raises ValueError: no in line 16 (raise ValueError('no'))."),
    ):
        source = hash_of(path) if path.is_file() else ""
        notice = host.ask(OpenModel(str(path), allowed=source), Notice)
        assert words in notice.words
    assert host.do(Run(1)).step == 4
    assert host.of(Frame)[-1].settings.model == "LeNet"


# ------------------------------------------------------------------------------------------------------- reloading


def test_a_changed_file_is_taken_into_the_run_and_step_back_undoes_it(host: Host, tmp_path: Path) -> None:
    path = written(tmp_path)
    first = begin(host, allowed(path)).settings.model
    host.do(Run(3))
    path.write_text(MODEL.replace("torch.relu", "torch.tanh"))
    notice = reloaded(host, path)
    assert (notice.title, notice.words) == ("my_model.py was reloaded", "9 of 9 tensors go on with their numbers.")
    frame = host.do(Run(2))
    assert (frame.step, frame.settings.model) == (5, f"file:{hash_of(path)}:Net")
    assert "net = Net()  # my_model.py, reloaded" in host.code()
    assert host.do(Seek(3)).settings.model == first
    assert host.do(Seek()).settings.model == frame.settings.model


def test_a_changed_file_that_fails_is_told_and_the_run_goes_on(host: Host, tmp_path: Path) -> None:
    path = written(tmp_path)
    begin(host, allowed(path))
    host.do(Run(3))
    path.write_text(MODEL.replace("return self.fc2(x)", "return self.fc3(x)"))
    notice = reloaded(host, path)
    assert notice.title == "my_model.py was not reloaded"
    assert "in line 14 (return self.fc3(x)): AttributeError: 'Net' object has no attribute 'fc3'" in notice.words
    assert host.do(Run(2)).step == 5


# --------------------------------------------------------------------------------------------------- without consent


def saved_elsewhere(folder: Path, text: str = MODEL) -> Path:
    """A session with somebody's model, a bookmark and three steps. Nothing of it is allowed here any more."""
    with Host(Settings(batch_size=4)) as host:
        begin(host, allowed(written(folder, text)))
        host.do(Run(3))
        host.runner._session.add_bookmark("look here")
        host.do(SaveSession(str(folder / "run.lenet")))
    own._allowed.clear()
    return folder / "run.lenet"


def test_a_session_with_somebody_elses_model_is_shown_without_it_until_one_allows_it(tmp_path: Path) -> None:
    path = saved_elsewhere(tmp_path)
    with Host(Settings(batch_size=4), tmp_path / "sessions") as host:
        host.do(Run(2))
        own_run = host.of(Frame)[-1].run
        without = host.ask(OpenSession(str(path)), WithoutCode)
        shown = host.of(Frame)[-1]
        assert (shown.run, shown.step, shown.allowed) == (without.run, 3, ("new",))
        assert shown.settings.model.endswith(":Net")
        assert (shown.parameters, shown.modules, shown.file) == ((), (), str(path))
        assert [row.note for row in shown.bookmarks] == ["look here"]
        assert host.of(Series)[-1].rows.shape[0] == 3
        assert shown.loss == pytest.approx(host.losses(without.run)[-1])
        assert [line.code for line in host.of(Line) if "islice(batches, 3)" in line.code]
        assert MODEL in without.code
        trace = host.ask(TraceRequest(7), TraceReply, lambda one: one.id == 7)
        assert [file.text for file in trace.sources] == [MODEL]
        refused = host.ask(Advance("phase"), Notice)
        assert refused.title == "Nothing can be done here yet"
        assert host.ask(LeaveIt(), Frame, lambda frame: frame.run > without.run).step == 2
        again = host.ask(OpenSession(str(path)), WithoutCode)
        ran = host.ask(RunItsCode(again.sources), Frame, lambda frame: frame.run > again.run)
        assert (ran.step, len(ran.parameters)) == (3, 6)
        assert host.do(Run(1)).step == 4
        assert own_run < without.run < again.run < ran.run
    own._allowed.clear()
    with Host(Settings(batch_size=4), tmp_path / "sessions") as host:
        run = host.of(Frame)[-1].run
        assert host.ask(OpenSession(str(path)), Frame, lambda frame: frame.run > run).parameters


def test_code_that_hangs_once_it_is_allowed_leaves_everything_as_it_is(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    path = saved_elsewhere(
        tmp_path, f"from pathlib import Path\nwhile Path({str(trap)!r}).exists():\n    pass\n{MODEL}"
    )
    trap.touch()
    with Host(Settings(batch_size=4)) as host:
        host.runner._opening._deadline = 1.0
        host.do(Run(2))
        without = host.ask(OpenSession(str(path)), WithoutCode)
        notice = host.ask(RunItsCode(without.sources), Notice)
        assert notice.title == "The session's code was not run here"
        assert "was stopped: while it is imported it is not done after 1 s in line" in notice.words
        assert not own.is_allowed(without.sources[0])
        assert host.ask(LeaveIt(), Frame, lambda frame: frame.run > without.run).step == 2


def test_what_was_recorded_of_an_allowed_model_comes_back_after_a_crash(tmp_path: Path) -> None:
    from lenet_gui.engine.storage import recovery
    from lenet_gui.engine.storage.recorder import Recorder

    source = written(tmp_path)
    own.allow(hash_of(source), source)
    with Host(Settings(batch_size=4)) as host:
        begin(host, allowed(source))
        host.do(Run(3))
        session = host.runner._session
        recorder = Recorder(session, tmp_path / "kept")
        recorder.record()
        recorder.close(keep=True)
        digest = session.digest()
    assert recovery.recover(tmp_path / "kept", Session).session.digest() == digest
    own._allowed.clear()
    with pytest.raises(ValueError, match="runs only where"):
        recovery.recover(tmp_path / "kept", Session)
