"""Extraction: the fields of a notice, read by a model where one is available, and always by the rules."""
