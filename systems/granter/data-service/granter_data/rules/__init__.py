"""The rules: read a notice from its HTML or text by vocabulary and layout alone, for any site."""

RULES = 4
"""The version of the rules; raised whenever they improve, so that unchanged notices are read again."""
