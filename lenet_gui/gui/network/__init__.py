"""The network drawn as the step ran it: a card an operation."""
