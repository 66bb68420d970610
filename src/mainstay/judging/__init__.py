"""Judges releases by what their requests met. Pure: values in, verdicts out."""
