"""The visual debugger for neural-network training. Importing this package imports neither torch nor Qt."""

__version__ = "0.1.0"
