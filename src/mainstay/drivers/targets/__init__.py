"""Targets, on which services run: the protocol and its drivers."""
