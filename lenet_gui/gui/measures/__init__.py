"""How good the network is: the panel of measures and its parts."""
