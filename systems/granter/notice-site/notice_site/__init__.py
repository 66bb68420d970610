"""Two small sites that announce grants, for trying GRANTER out offline. Needs only Python's standard library."""
