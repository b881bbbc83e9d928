"""What is wrong with a training: one module a family of diagnoses, what they look at, and how they are asked for.

The thresholds are rules of thumb, each with its source; a card is a hint with evidence and no verdict.
"""
