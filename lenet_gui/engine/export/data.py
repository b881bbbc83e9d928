"""How a script gets its data: the file beside it, and the lines that make the same batches of it as the session."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui import resources
from lenet_gui.engine.data import TEST_DIGITS, Digits, Images
from lenet_gui.engine.data.augment import augmented
from lenet_gui.engine.data.files import DATASETS
from lenet_gui.engine.export.excerpt import Import, excerpt

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

DIGITS = f"""\
# 1,797 written digits, from 8×8 to 32×32, from 0 to 1. {TEST_DIGITS} of them, always the same, are kept for testing.
with np.load(Path(__file__).with_name("digits.npz")) as file:
    images = torch.from_numpy(file["images"].astype(np.float32) / 16)[:, None]
    classes = torch.from_numpy(file["labels"].astype(np.int64))
images = F.interpolate(images, size=(32, 32), mode="bilinear", align_corners=False)
train = torch.from_numpy(np.random.Generator(np.random.PCG64(1797)).permutation(len(classes)))[{TEST_DIGITS}:]
images, classes = images[train], classes[train]
"""

IMAGES = """\
# The {count:,} training images of {title}, 32×32, from 0 to 255, and their classes from 0 to {last}.
with np.load(Path(__file__).with_name("{file}")) as file:
    images, classes = torch.from_numpy(file["images"]), torch.from_numpy(file["labels"])
"""

BATCHES = '''\
def {name}(batch_size, epoch=0, start=0):
    """Batches without an end: images and their classes. The last batch of an epoch is a smaller one."""
    while True:
        # The order of an epoch depends on nothing but the seed and the epoch.
        mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(mixed >> 1))
        for chosen in order[start:].split(batch_size):
            {lines}
        epoch, start = epoch + 1, 0


'''


def title(session: Session) -> str:
    """What the data are called in a sentence."""
    name = session.journal.settings.data
    known = {"digits": "digits", "random": "random numbers"} | {key: one.label for key, one in DATASETS.items()}
    # Not by any name of the person's: what stands here is Python.
    return known.get(name, "own images")


def file_name(session: Session) -> str:
    """What the file beside the script is called; empty where it needs none."""
    name = session.journal.settings.data
    if not isinstance(session.source, Images):
        return ""
    # A hash is as good with fewer digits, and a colon is no letter of a file's name everywhere.
    return f"{name.replace(':', '-')[:15]}.npz"


def generator_name(session: Session) -> str:
    """What the script calls the function that makes its batches."""
    return "digits" if isinstance(session.source, Digits) else "samples"


def lines(session: Session, to_device: str) -> tuple[str, frozenset[Import]]:
    """The part of the script that reads the data and makes batches, and what it imports; empty for random data."""
    source = session.source
    if not isinstance(source, Images):
        return "", frozenset()
    prepare, imports, function = source.prepare, frozenset[Import](), ""
    if isinstance(source, Digits):
        text, pixels = DIGITS, f"images[chosen]{to_device}"
    else:
        text = IMAGES.format(
            count=source.size, title=title(session), last=len(source.classes) - 1, file=file_name(session)
        )
        pixels = f"images[chosen]{to_device}.float() / 255"
    steps = []
    if prepare.augments:
        made = excerpt(augmented)
        imports, function = made.imports, f"{made.code}\n\n\n"
        options = f"shift={prepare.shift}, rotate={prepare.rotate}, flip={prepare.flip}"
        steps = [f"pixels = {pixels}", f"pixels = augmented(pixels, chosen, seed, epoch, {options})"]
        pixels = "pixels"
    if prepare.normalise:
        mean, spread = source.arrays.moments
        pixels = f"({pixels} - {mean!r}) / {spread!r}"
    steps.append(f"yield {pixels}, classes[chosen]{to_device}")
    batches = BATCHES.format(name=generator_name(session), lines=f"\n{' ' * 12}".join(steps))
    return f"{text}\n\n{function}{batches}", imports


def write_beside(session: Session, path: Path) -> None:
    """Write the training images beside a script. Raises ValueError where another file has the name, OSError."""
    name, source = file_name(session), session.source
    if not isinstance(source, Images):
        return
    beside = path.with_name(name)
    if isinstance(source, Digits):
        data = resources.path(name).read_bytes()
        same = beside.exists() and beside.read_bytes() == data
    else:
        images, labels = (tensor.numpy() for tensor in source.arrays.train)
        same = beside.exists() and _holds(beside, {"images": images, "labels": labels})
        packed = BytesIO()
        if not same:
            np.savez(packed, images=images, labels=labels)
        data = packed.getvalue()
    if beside.exists() and not same:
        raise ValueError(f"{beside} is there and is another file; choose another folder for the script")
    if not same:
        beside.write_bytes(data)


def _holds(path: Path, arrays: dict[str, np.ndarray]) -> bool:
    """Whether these very arrays are in a file; when each was written does not matter."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {*file.files} == {*arrays} and all(np.array_equal(file[name], one) for name, one in arrays.items())
    except Exception:  # of whatever kind the other file is
        return False
