"""Runs side by side: the losses of saved sessions and of the living one, and the settings in which they differ."""
