"""Listing sites with different layouts: their pages, and which of them are notices."""
