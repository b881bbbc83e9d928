"""Why a weight moves, its gradient checked, and a step tried before it is taken."""
