"""The engine: real PyTorch, driven by commands. Usable from a notebook or a script, and without Qt."""

from lenet_gui.engine.journal import Journal
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.session import Session
from lenet_gui.settings import Settings

__all__ = ["Journal", "Refused", "Session", "Settings"]
