"""Why a number is what it is: the formula that made it, with all of its terms. It reads traces and changes nothing."""
