"""Obtain certificates from an authority by the protocol ACME (RFC 8555), and renew them before they expire.

Only `account`, `challenge`, `order` and `refusal` import the library `acme`. They run in the process of `__main__`; the
supervisor imports the other modules.
"""
