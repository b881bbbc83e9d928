"""Watches and breakpoints."""
