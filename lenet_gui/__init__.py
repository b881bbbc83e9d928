"""The visual debugger for neural-network training. Importing this package imports neither torch nor Qt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from lenet_gui.engine.attached.attachment import Attachment

__version__ = "0.1.0"


def attach(model: nn.Module, optimizer: Optimizer, criterion: Callable[..., Tensor] | None = None) -> Attachment:
    """Open a window on a training loop of your own: from here on it waits, before each of its phases, for the window.

    To be called before the loop, in the thread that runs it. `criterion` is a module, or a function that the loop calls
    by a global name; without one, what the loss is made of is not known. The numbers of the loop are those that it
    would have without the window, to the bit. In a notebook a cell that trains does not return while it waits, as under
    any debugger. It ends with `detach()`, with the window, or at the end of a `with` block.

    Raises TypeError or ValueError, in a sentence, for what cannot be attached to, and OSError without a window.
    """
    from lenet_gui.engine.attached import attachment

    return attachment.attach(model, optimizer, criterion, sys._getframe(1).f_globals)


def detach() -> None:
    """Let the loop go on at full speed, with nothing of this program left in it. The window shows what it saw last."""
    from lenet_gui.engine.attached import attachment

    attachment.detach()
