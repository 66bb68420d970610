"""backend-core: accounts, sessions, saved searches and the public API, in front of the data-service."""
