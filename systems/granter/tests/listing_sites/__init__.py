"""Listing sites as funders have them, each of another form: their pages, and which of them are notices."""
