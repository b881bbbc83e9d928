"""Going to other places of the run: the timeline, its branches, the past."""
