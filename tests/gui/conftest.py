"""What tests of one panel or dialog begin with."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def asked() -> list[Any]:
    """What the worker is asked, once `asked.append` is connected."""
    return []
