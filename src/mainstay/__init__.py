"""Mainstay: one file declares a production system; Mainstay checks it, ships it, watches it and rolls it back."""

__version__ = "0.1.0"
