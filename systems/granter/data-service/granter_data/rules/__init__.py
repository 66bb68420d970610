"""The rules: what a notice says, read from its HTML by its words and shape alone, whoever wrote it."""

RULES = 1
"""Raised whenever the rules read better, so that unchanged notices are read again."""
