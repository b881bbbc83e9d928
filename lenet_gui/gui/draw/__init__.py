"""Drawing a digit: the sheet, what the network makes of it, and its way into the next batch."""
