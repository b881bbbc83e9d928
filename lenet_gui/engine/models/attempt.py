"""Import, construction and one forward of somebody's own model: what `child` does in its process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lenet_gui.engine.models import own
from lenet_gui.engine.models.constructor import Facts, arguments, options, taken
from lenet_gui.engine.models.forward import operations_of
from lenet_gui.engine.models.outcome import Outcome
from lenet_gui.engine.models.shaped import Shaped, shape_in
from lenet_gui.protocol.models import INPUT
from lenet_gui.settings import Value

AT = "at"
"""Begins the lines that say how far it has come."""
SAMPLES = 2
"""Images in the batch of the one forward: batch norm needs more than one."""


class Attempt:
    """`stage` says how far it has come: `import`, `init`, `forward`."""

    def __init__(self, asked: dict[str, Any], tell: Callable[[str], None]) -> None:
        """`tell` is given a line at each stage, for when there is no outcome."""
        self._tell = tell
        self._source = asked["source"].encode("latin-1")
        self._path = Path(asked["path"]) if asked["path"] else None
        self.name: str = asked["name"]
        self._given: dict[str, Value] = asked["given"]
        self._facts = Facts(*asked["facts"])
        self.shown = own.shown_as(own.name_of(self._source), self._path)
        self.folder = "" if self._path is None else str(self._path.parent)
        self._loose: bool = asked["loose"]
        self._enter("import")
        self.operations: list[str] = []

    def outcome(self) -> Outcome:
        """Raises whatever the model's code raises."""
        own.allow(own.name_of(self._source), self._path)
        module = own.load(self._source)
        found = own.classes(module)
        if not self.name and len(found) == 1:
            self.name = found[0]
        make: Any = getattr(module, self.name, None) if self.name else None
        if not callable(make):
            return self._which(list(found))
        given, text = dict(self._given), self._given.get(INPUT, "")
        shape = shape_in(given.pop(INPUT, ""))
        if self._loose:
            given = taken(make, given)
        known = Facts(*shape, self._facts.classes) if len(shape) == 3 else self._facts
        wanted = [one for one in options(make, known)[1] if one.name not in given]
        if wanted:
            return Outcome("arguments", "init", name=self.name, wanted=[(one.name, one.kind) for one in wanted])
        self._enter("init")
        torch.manual_seed(0)
        with own.first_in_path(None if self._path is None else self._path.parent):
            model: Any = make(**arguments(make, given, known))
            if reason := _no_model(model):
                return Outcome("unfit", "init", reason, name=self.name)
            if shape:
                model.register_forward_pre_hook(Shaped(shape))
            self._enter("forward")
            output = self._forward(model)
        if reason := _unfit(output, self._facts.classes):
            return Outcome("unfit", "forward", reason, name=self.name, operations=self.operations)
        given |= {INPUT: text} if text else {}
        return Outcome("fits", "forward", name=self.name, classes=list(found), given=given)

    def _enter(self, stage: str) -> None:
        self.stage = stage
        self._tell(f"{AT} {stage} {self.name}")

    def beside(self) -> list[str]:
        return list(own.beside(self._path))

    def _which(self, found: list[str]) -> Outcome:
        if not found:
            return Outcome("unfit", "import", "it defines no class that is an nn.Module")
        if self.name and not self._loose:
            words = f"there is no {self.name} in it; there are {', '.join(found)}"
            return Outcome("unfit", "import", words, name=self.name)
        return Outcome("class", "import", classes=found)

    def _forward(self, model: nn.Module) -> Any:
        facts = self._facts
        images = torch.randn(SAMPLES, facts.channels, facts.height, facts.width)
        output, self.operations, error = operations_of(model.train(), images)
        if error is not None:
            raise error
        return output


def _no_model(model: object) -> str:
    if not isinstance(model, nn.Module):
        return f"what it makes is a {type(model).__name__} and no nn.Module"
    lazy = [name for name, one in model.named_parameters() if isinstance(one, nn.parameter.UninitializedParameter)]
    if lazy:
        return f"{lazy[0]} has no shape before its first forward; use a layer that is not lazy, with its sizes given"
    if not any(True for _ in model.parameters()):
        return "it has no parameters, so that there is nothing to train"
    if not any(one.requires_grad for one in model.parameters()):
        return "none of its parameters asks for a gradient (requires_grad), so that there is nothing to train"
    return ""


def _unfit(output: object, classes: int) -> str:
    """Why this output cannot go into a loss; empty where it can."""
    if not isinstance(output, Tensor):
        return f"its forward gives a {type(output).__name__} and no tensor; return the logits alone"
    if output.ndim < 2 or len(output) != SAMPLES:
        return (
            f"its forward gives {list(output.shape)} for a batch of {SAMPLES} images, and must give a row of logits "
            f"for each: [{SAMPLES}, {classes}]"
        )
    if output.ndim == 2 and output.shape[1] < classes:
        return f"its forward gives {output.shape[1]} numbers for each image, and the data has {classes} classes"
    if not output.is_floating_point() or output.grad_fn is None:
        return "its output does not depend on its parameters in a way that has a gradient"
    return ""
