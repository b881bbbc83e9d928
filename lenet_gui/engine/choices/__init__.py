"""What PyTorch has to train with, found by looking at it: losses, optimizers, clipping and schedulers."""
