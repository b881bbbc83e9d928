"""Curves over the steps: the live plots, and two branches in a race."""
