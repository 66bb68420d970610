"""Smoke flows: the sections of their files, and the key that names the files."""
