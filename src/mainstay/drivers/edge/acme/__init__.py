"""Certificates from an authority that speaks ACME (RFC 8555).

Only `__main__` and the modules for it (`account`, `order`, `challenge`, `refusal`) import the library `acme`; the
supervisor imports the others.
"""
