"""The datastore driver for PostgreSQL."""
