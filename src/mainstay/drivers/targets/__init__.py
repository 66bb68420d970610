"""Where services run: the protocol, and one driver each."""
