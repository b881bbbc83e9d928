"""The files of MNIST and Fashion-MNIST as they were published: names, lengths, SHA-256 sums, and who has them."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.engine.data.files import PARTS


@dataclass(frozen=True, slots=True)
class File:
    """`size` in bytes, as it is downloaded."""

    name: str
    size: int
    sha256: str


# Sizes and sums in the order of `files.PARTS`. Those of MNIST are those of torchvision's prototype datasets. Those of
# Fashion-MNIST stand in several projects beside the MD5 sums that its authors publish (zalandoresearch/fashion-mnist).
_KNOWN = {
    "mnist": (
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
    "fashion-mnist": (
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
}
FILES = {
    name: tuple(File(f"{part}.gz", *one) for part, one in zip(PARTS, known, strict=True))
    for name, known in _KNOWN.items()
}
MIRRORS = {
    "mnist": ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    "fashion-mnist": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
}
"""Asked in this order. The first of Fashion-MNIST speaks plain http only; the sums make up for that."""
