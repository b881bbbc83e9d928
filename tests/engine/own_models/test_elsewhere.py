"""Models in the style of PyTorch's examples and of model collections, which know nothing of this program: opened from
their own files as a person opens them, stepped forward, backward, inside and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.models import own
from lenet_gui.engine.storage.store import Store
from lenet_gui.protocol import Advance, Back, Frame, Move, Notice, Run
from tests.engine.hosting import Host
from tests.engine.own_models.opened import allowed, begin

FOLDER = Path(__file__).parents[2] / "models_from_elsewhere"
MODELS = {
    "dropout_net.py": "Net",
    "bottleneck_net.py": "ResNet",
    "attention_net.py": "ViT",
    "recurrent_net.py": "RNN",
    "looping_net.py": "DynamicNet",
    "grouped_net.py": "GroupedNet",
}


def test_they_open_and_step_through_the_window_s_own_messages() -> None:
    with Host(Settings(batch_size=4)) as host:
        for file, name in MODELS.items():
            frame = begin(host, allowed(FOLDER / file, name))
            assert frame.settings.model.endswith(f":{name}")
            for phase in ("zero_grad", "forward", "loss", "backward", "step"):
                assert host.do(Advance("phase")).reason == "one phase on", phase
            host.do(Advance("phase"), Advance("phase"), Back("phase"))
            assert host.do(Move("into")).place.item == 1
            assert host.do(Move("over")).place.item > 1
            assert host.do(Advance("step")).step == 2
            assert host.do(Run(3)).step == 5
            assert host.do(Back("step", 2)).step == 3
        assert not [notice.words for notice in host.of(Notice) if notice.kind in ("refused", "failed", "differs")]


@pytest.mark.parametrize(("file", "name"), MODELS.items())
def test_they_are_gone_over_again_to_the_bit(file: str, name: str) -> None:
    source, store = (FOLDER / file).read_bytes(), Store()
    own.allow(own.name_of(source), FOLDER / file)
    options: dict[str, Any] = {"momentum": 0.9}
    session = Session(Settings(model=f"file:{store.put(source)}:{name}", batch_size=4, **options), store=store)
    session.run(4)
    then = session.digest()
    session.zero_grad()
    session.forward()
    session.loss()
    session.backward()
    now = session.digest()
    trace = session.trace()
    assert trace.forward
    assert all(operation.source is not None for operation in trace.forward)
    assert trace.backward
    assert session.digest() == now
    session.step_back(4)
    assert session.digest() == then
    session.seek()
    assert session.digest() == now
    assert Session.replay(session.journal, store=store).digest() == now


def test_what_the_data_tell_a_constructor_is_not_asked() -> None:
    with Host(Settings(batch_size=4)) as host:
        frame = begin(host, allowed(FOLDER / "bottleneck_net.py", "ResNet"))
        shapes = {row.name: row.shape for row in frame.parameters}
        assert shapes["stem.0.weight"][1] == 1
        assert shapes["fc.weight"][0] == 10
        assert frame.settings.of("model") == {}
        assert isinstance(host.of(Frame)[-1], Frame)
