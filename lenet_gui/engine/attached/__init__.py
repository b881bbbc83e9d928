"""A training loop that this program did not write, stepped where it runs.

`attachment` opens the window and ends it, `hooks` sees what the loop does, `loop` is where it waits. What was seen of
a phase is a record (`records`), and with those a second session (`twin`) does the newest step again. The loop's own
Python is never run again.
"""
