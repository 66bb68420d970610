"""Values that an operator provides: sources of secrets, the sealed file, settings."""
