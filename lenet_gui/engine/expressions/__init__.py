"""What a person types to ask for a number: `loss > 2`, `conv1.bias.grad.norm()`. It reads, and can do nothing else."""
