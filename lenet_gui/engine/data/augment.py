"""Moving, turning and mirroring images at random, as a pure function of (seed, epoch, sample).

An exported script gets this function as it stands here, so it uses nothing of the program.
"""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own convention)


def augmented(pixels, chosen, seed, epoch, shift=0, rotate=0.0, flip=False):
    """The images [n, c, h, w] of the samples `chosen` [n], each in the way that this epoch has for it.

    Moved by up to `shift` whole pixels both ways, turned by up to `rotate` degrees, mirrored half the time where `flip`
    is set; what comes in from outside is the border's colour. The numbers are those of SplitMix64 (Steele et al.,
    "Fast Splittable Pseudorandom Number Generators", 2014), one stream an epoch, four of them a sample.
    """
    stream = np.random.SeedSequence([seed, epoch, 1]).generate_state(1, np.uint64)
    count = chosen.cpu().numpy().astype(np.uint64)[:, None] * np.uint64(4) + np.arange(1, 5, dtype=np.uint64)
    mixed = stream + count * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    across, down, turn, side = ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).T / 2.0**53
    angle = np.deg2rad(rotate) * (2 * turn - 1)
    mirror = np.where(side < 0.5, -1.0, 1.0) if flip else np.ones(len(side))
    move = [np.floor(one * (2 * shift + 1)) - shift for one in (across, down)]
    height, width = pixels.shape[-2:]
    # For each pixel of the new image the place in the old one, where both reach from -1 to 1.
    theta = [
        [np.cos(angle) * mirror, -np.sin(angle) * mirror, 2 * move[0] / width],
        [np.sin(angle), np.cos(angle), 2 * move[1] / height],
    ]
    places = torch.from_numpy(np.array(theta, np.float32).transpose(2, 0, 1)).to(pixels.device)
    grid = F.affine_grid(places, pixels.shape, align_corners=False)
    return F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
