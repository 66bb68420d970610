"""Judges a release by the errors and times of its requests, and a response by the expectations of a smoke flow."""
