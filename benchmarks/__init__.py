"""What the program costs, as ratios taken in one run. `python -m benchmarks` measures everything and prints a table."""


def row(what: str, asked: str, measured: str) -> None:
    """A line of that table."""
    print(f"| {what} | {asked} | {measured} |", flush=True)
