"""The model as ONNX, by PyTorch's own exporter, which needs the packages `onnx` and `onnxscript` to be installed."""

from __future__ import annotations

import copy
import importlib.util
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from lenet_gui.engine.results.weights import state_dict
from lenet_gui.engine.storage.session_file import written_whole

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

NEEDED = ("onnx", "onnxscript")


def write_onnx(session: Session, path: Path) -> None:
    """Write the model as it evaluates: dropout passes all, batch norm has its running statistics.

    It takes `input` [N, …] of any batch size and gives `output`. Raises OSError, and ValueError in one sentence where
    the model cannot be told as ONNX.
    """
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ValueError(f"ONNX needs {' and '.join(missing)}: pip install 'lenet-gui[onnx]', then export again")
    example = session.input[:2].detach().cpu().clone()
    if len(example) < 2:
        # A batch of one would be taken for a constant.
        example = torch.cat([example, example])
    with session.undisturbed(), tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model.onnx"
        try:
            model = copy.deepcopy(session.model).cpu()
            model.load_state_dict(state_dict(session))
            with _silence():
                torch.onnx.export(
                    model.eval(),
                    (example,),
                    whole,
                    input_names=["input"],
                    output_names=["output"],
                    dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
                    external_data=False,
                    verbose=False,
                    dynamo=True,
                )
        except Exception as error:
            words = " ".join(str(error.__cause__ or error).split())[:200]
            raise ValueError(f"{type(session.model).__name__} cannot be told as ONNX ({words})") from error
        with written_whole(path) as file:
            file.write(whole.read_bytes())


@contextmanager
def _silence() -> Iterator[None]:
    """What the exporter says of its own insides is of no use to a person."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    try:
        logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
