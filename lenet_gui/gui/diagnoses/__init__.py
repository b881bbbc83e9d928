"""What is wrong with the training, as cards."""
