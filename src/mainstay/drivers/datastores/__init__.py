"""Datastores: the protocol and its drivers."""
