"""How good the network is on data that has labels. Measuring leaves no trace in the training."""
