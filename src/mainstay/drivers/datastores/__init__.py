"""Datastores: the protocol, and one driver each."""
