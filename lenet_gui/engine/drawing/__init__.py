"""A digit that somebody draws: centred as the data are, seen by the network, put into the next batch."""
