"""Processes: start, adopt, probe, limit, stop."""
