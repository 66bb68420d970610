"""Judges releases by what their requests met, and responses by what smoke flows expect. Pure."""
