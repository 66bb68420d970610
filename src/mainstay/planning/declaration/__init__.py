"""Turns a resolved release back into the manifest's keys and values, which the diff of a plan compares and shows."""
