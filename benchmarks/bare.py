"""The loop that the program is compared with: what a person writes, the test digits evaluated after each epoch."""

import time

import torch
from torch import nn

from lenet_gui.engine.data import Digits, permutation
from lenet_gui.engine.net import Net


def train(steps: int, batch_size: int) -> float:
    """Take so many steps from seed 0; the steps per second."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    criterion = nn.CrossEntropyLoss()
    test = Digits(0, "cpu").test
    assert test is not None
    images, labels, test_images, test_labels = (*_training_digits(), *test)
    taken, epoch, start = 0, 0, time.perf_counter()
    while taken < steps:
        order = permutation(0, epoch, len(images))
        for chosen in order.split(batch_size):
            optimizer.zero_grad()
            loss = criterion(net(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            taken += 1
            if taken == steps:
                return taken / (time.perf_counter() - start)
        with torch.no_grad():
            net.eval()
            int((net(test_images).argmax(-1) == test_labels).sum())
            net.train()
        epoch += 1
    return taken / (time.perf_counter() - start)


def _training_digits() -> tuple[torch.Tensor, torch.Tensor]:
    """In one order, so that the loop shuffles by itself."""
    digits = Digits(0, "cpu")
    return digits._train, digits._train_labels
