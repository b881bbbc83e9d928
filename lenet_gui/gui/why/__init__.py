"""Why a number is what it is: the panel, its page of formulas, the pictures of a convolution."""
