"""Executes a plan, and resumes it after any interruption."""
