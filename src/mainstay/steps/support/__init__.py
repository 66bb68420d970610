"""Shared by steps: the state of a fleet, waits for it, and messages about its instances."""
