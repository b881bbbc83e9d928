"""Models in the window: the list of them, one's own file, and what has to be asked before its code runs."""
