"""What the program costs, as ratios taken in one run. `python -m benchmarks` measures everything and prints the table."""
