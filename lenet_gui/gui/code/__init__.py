"""The person's own code beside the step, and the call stack."""
