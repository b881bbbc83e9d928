"""Choosing what to train on: downloads, folders, own images, and what is done to images beforehand."""
