"""The rules: what a notice says, read from its HTML or text by its words and shape alone, whoever wrote it."""

RULES = 4
"""Raised whenever the rules read better, so that unchanged notices are read again."""
