"""What would be if: the newest pass done again beside the run, a weight moved a little, a step tried."""
