"""What was done, written as plain PyTorch that runs without this program."""
