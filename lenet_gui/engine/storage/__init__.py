"""Sessions on the disk: files that a person saves and opens, and the recordings that survive a crash."""
