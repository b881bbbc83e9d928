"""One training step in detail: what was recorded of it, how, and what the window is told of it."""
