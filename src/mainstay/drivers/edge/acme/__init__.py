"""Certificates from an authority that speaks ACME. Only `__main__` and what it imports load the library `acme`."""
