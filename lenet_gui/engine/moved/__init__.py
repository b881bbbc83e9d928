"""Why a weight moved: the samples' shares in its gradient, and the optimizer's arithmetic."""
