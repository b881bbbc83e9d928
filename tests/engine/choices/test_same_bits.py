"""Every optimizer, loss, scheduler and clipping of PyTorch's trains here as in a plain loop, to the bit.

And wherever one goes: back and forth, along branches, from a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lenet_gui.engine import Session, Settings
from tests.engine.choices.runs import (
    CLIPS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULERS,
    STEPS,
    Flat,
    Tiny,
    ended,
    plain,
    scheduled,
    settings_of,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning"),
]

CASES: dict[str, dict[str, Any]] = {
    **{
        f"{name}, {loss}": {"optimizer": name, "loss": loss}
        for name in OPTIMIZERS
        for loss in ("CrossEntropyLoss", "L1Loss")
    },
    **{f"SGD, {loss}": {"loss": loss, "momentum": 0.9} for loss in LOSSES},
    **{
        f"{name} each {per}": scheduled(name, scheduler_per=per, momentum=0.9)
        for name in SCHEDULERS
        for per in ("epoch", "step")
    },
    **{
        f"{clip}, {name}": {"optimizer": name, **options}
        for clip, options in CLIPS.items()
        for name in ("SGD", "Adam", "LBFGS")
        if clip
    },
    "all at once": {"optimizer": "AdamW", **CLIPS["clip_grad_norm_"], **scheduled("StepLR", scheduler_per="step")},
    "a memory that is full": {"optimizer": "LBFGS", "history_size": 2, "line_search_fn": "strong_wolfe"},
    "smooth labels": {"loss_label_smoothing": 0.1, "loss_reduction": "sum"},
    "milestones": scheduled("MultiStepLR", scheduler_milestones="2, 5", scheduler_per="step"),
    "on a plateau": scheduled("ReduceLROnPlateau", scheduler_patience=0, scheduler_threshold=0.9, scheduler_per="step"),
}


def case(name: str) -> tuple[Settings, type[Tiny] | type[Flat]]:
    options = CASES[name]
    flat = options.get("optimizer") == "Muon" or options.get("loss") == "BCELoss"
    return settings_of(**options), Flat if flat else Tiny


@pytest.mark.parametrize("name", CASES)
def test_it_trains_as_a_plain_loop_does(name: str) -> None:
    settings, make_model = case(name)
    session = Session(settings, make_model)
    session.run(STEPS - 2)
    for _ in range(2):
        steps = session.steps
        while session.steps == steps:
            session.apply(session.next_command)
    if session.next_phase == "schedule":
        session.schedule()
    assert ended(session) == plain(settings, make_model)


@pytest.mark.parametrize("name", CASES)
def test_every_place_can_be_gone_to_and_opened_again(name: str, tmp_path: Path) -> None:
    settings, make_model = case(name)
    session = Session(settings, make_model)
    session.run(3)
    seen = {}
    for _ in range(2 * len(session.journal.cycle) + 2):
        seen[len(session.journal)] = session.digest()
        session.apply(session.next_command)
    session.run(2)
    end = session.digest()
    for place, digest in list(seen.items())[::-3]:
        session.seek(place)
        assert session.digest() == digest
    session.seek()
    assert session.digest() == end
    session.seek(step=4)
    session.save(tmp_path / "run.lenet")
    again = Session.open(tmp_path / "run.lenet", make_model)
    assert again.digest() == session.digest()
    for one in (session, again):
        one.run(2)
        one.set(lr=0.02)  # a branch, whose scheduler goes on from there
        one.run(2)
    assert again.digest() == session.digest()
    assert Session.replay(session.journal, make_model).digest() == session.digest()
