"""Where a run stops by itself: breakpoints, forwards and backwards, and watches, which only look."""
