"""An own model in a session: kept by its source, gone over again, reloaded, saved, opened only where it is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.models import own
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.storage.revival import CodeNotAllowed
from lenet_gui.engine.storage.store import Store
from lenet_gui.protocol import Command
from tests.engine.own_models.opened import MODEL

WIDER = MODEL.replace("hidden: int = 8", "hidden: int = 12").replace(
    "        return self.fc2(x)", "        return self.last(self.fc2(x))"
).replace(
    "        self.fc2 = nn.Linear(hidden, 10)\n",
    "        self.fc2 = nn.Linear(hidden, 10)\n        self.last = nn.Linear(10, 10)\n",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test allows, it allows for itself."""
    monkeypatch.setattr(own, "_allowed", {})
    monkeypatch.setattr(own, "_modules", {})


def noisy(folder: Path) -> str:
    """A model whose file leaves a mark when it runs."""
    return f"from pathlib import Path\nPath({str(folder / 'ran')!r}).touch()\n{MODEL}"


def put(store: Store, source: str) -> str:
    """Allow a source; what settings call its model."""
    name = store.put(source.encode())
    own.allow(name)
    return f"file:{name}:Net"


def session_of(source: str = MODEL, **settings: Any) -> Session:
    store = Store()
    return Session(Settings(model=put(store, source), batch_size=4, **settings), store=store)


def test_nothing_of_it_runs_before_it_is_allowed(tmp_path: Path) -> None:
    source = noisy(tmp_path)
    store = Store()
    name = store.put(source.encode())
    with pytest.raises(ValueError, match="its code runs only where one allows it"):
        Session(Settings(model=f"file:{name}:Net"), store=store)
    assert not (tmp_path / "ran").exists()


def test_it_goes_back_and_again_to_the_bit_with_a_second_session() -> None:
    session = session_of(momentum=0.9)
    session.run(6)
    digest = session.digest()
    assert session.trace().forward[0].source.file.endswith("/model.py")  # type: ignore[union-attr]
    session.step_back(3)
    session.seek()
    assert session.digest() == digest
    assert Session.replay(session.journal, store=session.store).digest() == digest


def test_it_becomes_a_script_with_what_it_uses_of_its_file() -> None:
    script = session_of(f"SCALE = 2\nUNUSED = 3\n{MODEL}".replace("self.fc2(x)\n", "SCALE * self.fc2(x)\n")).script()
    assert "SCALE = 2" in script
    assert "UNUSED" not in script
    assert "net = Net()" in script


# ------------------------------------------------------------------------------------------------------- reloading


def reload(session: Session, source: str, **options: Any) -> str:
    return session.apply(Command.of("reload", model=put(session.store, source), **options))


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_what_fits_goes_on_with_its_numbers_and_the_rest_is_told(optimizer: str) -> None:
    session = session_of(MODEL, optimizer=optimizer, **({"momentum": 0.9} if optimizer == "SGD" else {}))
    session.run(3)
    before = {name: one.clone() for name, one in session.tensors().items() if one is not None}
    told = reload(session, WIDER, model_hidden=8)
    assert told == "9 of 11 tensors go on with their numbers; last.weight, last.bias: new"
    now = session.tensors()
    assert now["fc1.weight.grad"] is None
    for name, tensor in before.items():
        if not name.endswith(".grad"):
            assert torch.equal(now[name], tensor), name  # type: ignore[arg-type]
    session.run(2)


def test_what_has_another_shape_begins_anew() -> None:
    session = session_of()
    session.run(2)
    told = reload(session, WIDER)
    assert "fc1.weight, fc1.bias, norm.weight, norm.bias and 3 more: another shape, begun anew" in told
    assert session.model.get_parameter("fc1.weight").shape == (12, 1024)


def test_a_reload_is_gone_over_again_undone_and_redone_to_the_bit() -> None:
    session = session_of(momentum=0.9)
    session.run(4)
    session.zero_grad()
    session.forward()
    before = session.digest()
    reload(session, WIDER, model_hidden=8)
    behind = session.digest()
    session.run(5)
    end = session.digest()
    assert [operation.function for operation in session.trace().forward].count("linear") == 3
    session.seek(place=4 * 5 + 2)
    assert session.digest() == before
    assert [operation.function for operation in session.trace().forward].count("linear") == 2
    session.seek(place=4 * 5 + 3)
    assert session.digest() == behind
    session.seek()
    assert session.digest() == end
    assert Session.replay(session.journal, store=session.store).digest() == end


def test_a_branch_from_before_the_reload_has_the_model_of_then() -> None:
    session = session_of()
    session.run(4)
    reload(session, WIDER)
    session.run(3)
    end = session.digest()
    session.seek(step=2)
    session.set(lr=0.5)
    session.run(3)
    assert session.branch.name == "branch 2"
    assert session.model.get_parameter("fc1.weight").shape == (8, 1024)
    session.seek(branch="main")
    assert session.digest() == end


def test_a_run_with_a_reload_is_saved_and_opened_and_has_no_script(tmp_path: Path) -> None:
    session = session_of()
    session.run(3)
    reload(session, WIDER)
    session.run(3)
    session.save(tmp_path / "run.lenet")
    assert Session.open(tmp_path / "run.lenet").digest() == session.digest()
    with pytest.raises(ValueError, match="reloaded during this run, and a script has one model: go back to before"):
        session.script()
    session.seek(step=3)
    assert "net = Net()" in session.script()


def test_a_reload_that_fails_changes_nothing() -> None:
    session = session_of()
    session.run(2)
    digest, journal = session.digest(), len(session.journal)
    with pytest.raises(Refused, match=r"Net\(\) cannot be made: RuntimeError: not today"):
        reload(session, MODEL.replace("super().__init__()", "raise RuntimeError('not today')"))
    assert (session.digest(), len(session.journal)) == (digest, journal)
    session.run(2)


# ----------------------------------------------------------------------------------------------------- from elsewhere


def test_a_session_with_somebody_elses_model_opens_only_where_it_is_trusted(tmp_path: Path) -> None:
    session = session_of(noisy(tmp_path))
    session.run(3)
    session.add_bookmark("look here")
    session.save(tmp_path / "run.lenet")
    (tmp_path / "ran").unlink()
    own._allowed.clear()
    own._modules.clear()
    with pytest.raises(CodeNotAllowed, match=r"Session.open\(path, trust=True\)") as refused:
        Session.open(tmp_path / "run.lenet")
    assert not (tmp_path / "ran").exists()
    assert refused.value.stored.bookmarks == [(0, 15, "look here")]
    assert refused.value.rows[0][:, 0].tolist() == session.log.rows()[:, 0].tolist()
    assert Session.open(tmp_path / "run.lenet", trust=True).digest() == session.digest()
    assert (tmp_path / "ran").exists()


def test_code_that_a_later_reload_would_run_is_not_run_either(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=4))
    session.run(1)
    reload(session, noisy(tmp_path))
    session.step_back()
    session.save(tmp_path / "run.lenet")
    (tmp_path / "ran").unlink()
    own._allowed.clear()
    own._modules.clear()
    with pytest.raises(CodeNotAllowed):
        Session.open(tmp_path / "run.lenet")
    assert not (tmp_path / "ran").exists()


# ---------------------------------------------------------------------------------------------------- a failing forward


def test_a_forward_that_fails_is_told_up_to_the_operation_with_its_line() -> None:
    session = session_of(MODEL.replace("return self.fc2(x)", "return self.fc1(x)"))
    with pytest.raises(Refused) as refused:
        session.run(1)
    notice = refused.value.notice
    assert notice.words == "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x8 and 1024x8)"
    assert notice.advice.startswith("It was raised in line 14 of model.py. Up to there came: input [4, 1, 32, 32] → ")
    assert "linear [4, 8] (fc1, line 13)" in notice.advice
    assert notice.advice.endswith("relu [4, 8] (net, line 13). The state is as it was before.")
