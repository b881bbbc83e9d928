"""Training loops as people write them, which know nothing of who looks on: `loops.py NAME [attach]`. No tests here.

Each prints a hash of its final weights; with `attach` two lines more are in it.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own convention)
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

ATTACHED = sys.argv[2:] == ["attach"]


def attach(*given: object) -> None:
    if ATTACHED:
        import lenet_gui

        lenet_gui.attach(*given)  # type: ignore[arg-type]


def detach() -> None:
    if ATTACHED:
        import lenet_gui

        lenet_gui.detach()


class Net(nn.Module):
    """In the style of PyTorch's MNIST example: dropout, and functions instead of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.25)
        self.fc = nn.Linear(4 * 4 * 4, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.norm(self.conv1(x))), 2)
        return F.log_softmax(self.fc(self.dropout(torch.flatten(x, 1))), dim=1)


def batches(size: int = 64, workers: int = 0) -> DataLoader:
    data = TensorDataset(torch.randn(size, 1, 10, 10), torch.randint(10, (size,)))
    return DataLoader(data, batch_size=16, shuffle=True, num_workers=workers)


def train(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, epochs: int) -> None:
    for _ in range(epochs):
        model.train()
        for data, target in loader:
            optimizer.zero_grad()
            output = model(data)
            loss = F.nll_loss(output, target)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for data, target in loader:
                F.nll_loss(model(data), target)


def mnist() -> nn.Module:
    model, loader = Net(), batches()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    attach(model, optimizer, F.nll_loss)
    train(model, loader, optimizer, 4)
    return model


def workers() -> nn.Module:
    model, loader = Net(), batches(workers=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    attach(model, optimizer, F.nll_loss)
    train(model, loader, optimizer, 2)
    return model


def accumulated() -> nn.Module:
    """Two backwards for each step, a mean of losses, clipping, a scheduler, and the forward before zero_grad."""
    model, loader, criterion = Net(), batches(128), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.9)
    attach(model, optimizer, criterion)
    for index, (data, target) in enumerate(loader):
        loss = criterion(model(data + torch.randn(data.shape)).view(-1, 10), target) / 2
        loss.backward()
        if index % 2:
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            scheduler.step()
            model.zero_grad()
    return model


def mixed() -> nn.Module:
    """Autocast and a scaler."""
    model, loader, criterion = Net(), batches(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    attach(model, optimizer, criterion)
    for data, target in loader:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = criterion(model(data), target)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return model


def lbfgs() -> nn.Module:
    model, criterion = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)), nn.MSELoss()
    data, target = torch.randn(20, 4), torch.randn(20, 1)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
    attach(model, optimizer, criterion)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
    return model


class Pair(nn.Module):
    """Two inputs, one of them by name, and several outputs; it keeps one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.GRU(3, 4, batch_first=True), nn.Linear(5, 4)

    def forward(self, x: Tensor, *, also: Tensor) -> tuple[Tensor, Tensor]:
        sequence, state = self.one(x)
        self.kept = sequence
        return sequence[:, -1] + self.other(also), state


def generative() -> nn.Module:
    """Two models against each other, of which the one that judges is looked at."""
    judge = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
    maker, criterion = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 6)), nn.BCELoss()
    judging = torch.optim.Adam(judge.parameters(), lr=1e-2)
    making = torch.optim.Adam(maker.parameters(), lr=1e-2)
    attach(judge, judging, criterion)
    for _ in range(6):
        judge.zero_grad()
        real = criterion(judge(torch.randn(8, 6)).view(-1), torch.ones(8))
        real.backward()
        made = maker(torch.randn(8, 3))
        false = criterion(judge(made.detach()).view(-1), torch.zeros(8))
        false.backward()
        judging.step()
        maker.zero_grad()
        criterion(judge(made).view(-1), torch.ones(8)).backward()
        making.step()
    return judge


def several() -> nn.Module:
    model, criterion = Pair(), nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    attach(model, optimizer, criterion)
    for _ in range(6):
        optimizer.zero_grad()
        output, _state = model(torch.randn(8, 7, 3), also=torch.randn(8, 5))
        loss = criterion(output, torch.zeros(8, 4))
        loss.backward()
        optimizer.step()
    return model


class ByName(nn.Module):
    """Takes its input by name, and gives a loss of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(20, 6), nn.Linear(6, 20)

    def forward(self, tokens: Tensor, targets: Tensor) -> dict[str, Tensor]:
        scores = self.out(self.embedding(tokens))
        return {"loss": F.cross_entropy(scores.view(-1, 20), targets.view(-1)), "scores": scores}


def unseen() -> nn.Module:
    """Nobody sees how the loss is made. Its learning rate begins at 0."""
    model = ByName()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 3)
    attach(model, optimizer)
    for _ in range(5):
        tokens = torch.randint(20, (4, 7))
        model(tokens=tokens, targets=tokens)["loss"].backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model


def raising() -> nn.Module:
    model, criterion = nn.Linear(4, 2), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    attach(model, optimizer, criterion)
    for width in (4, 5):
        optimizer.zero_grad()
        criterion(model(torch.randn(3, width)), torch.zeros(3, dtype=torch.long)).backward()
        optimizer.step()
    return model


def counted(attributes: dict[str, Any]) -> dict[str, Any]:
    """Of the tables of hooks how many there are."""
    return attributes | {name: len(value) for name, value in attributes.items() if name.endswith("hooks")}


def let_go() -> nn.Module:
    model, loader = Net(), batches()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    before = [dict(vars(one)) for one in (model, optimizer)], torch.autograd.backward, F.nll_loss, sys.excepthook
    before = [counted(one) for one in before[0]], *before[1:]
    attach(model, optimizer, F.nll_loss)
    train(model, loader, optimizer, 1)
    detach()
    now = [dict(vars(one)) for one in (model, optimizer)], torch.autograd.backward, F.nll_loss, sys.excepthook
    now = [counted(one) for one in now[0]], *now[1:]
    left = [name for was, one in zip(before[0], now[0], strict=True) for name in one if was.get(name) is not one[name]]
    print("left", left, [one is other for one, other in zip(before[1:], now[1:], strict=True)], flush=True)
    train(model, loader, optimizer, 2)
    return model


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = globals()[sys.argv[1]]()
    state = b"".join(value.detach().numpy().tobytes() for value in model.state_dict().values())
    print("weights", hashlib.sha256(state).hexdigest(), flush=True)


if __name__ == "__main__":
    main()
