"""Any tensor of a session, looked at: its numbers, their figures and pictures. Nothing here changes the training."""
