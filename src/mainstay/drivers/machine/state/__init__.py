"""The desired state of one machine, and the pure decisions on it."""
