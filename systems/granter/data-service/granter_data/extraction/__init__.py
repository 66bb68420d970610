"""Extraction: fields of a notice, read by a model where one may be asked, and by the rules in any case."""
