"""Moving inside a step, and the autograd graph."""
