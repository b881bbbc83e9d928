"""Tensors as pictures and tables: the inspector, one tensor, the batch."""
