"""What a run gives to other tools, and the weights that it takes from them."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol.kinds import Long

KINDS = ("weights", "onnx", "tensorboard", "csv", "page")


@dataclass(frozen=True, slots=True)
class ExportRun(Long):
    """Write one of `KINDS` to a path; of weights the suffix decides, `.safetensors` or `.pt`.

    TensorBoard's is a folder, which gets one more event file. A pause ends it, and then nothing was written.
    """

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class LoadWeights:
    """Load weights from a `.safetensors` or a `.pt` file into the model, and journal it.

    Where not all of them fit it is said which, and nothing is loaded unless only the `fitting` ones are wanted.
    """

    path: str
    fitting: bool = False
