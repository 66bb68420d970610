"""Helpers shared by steps: waits, jobs, builds, scripts."""
