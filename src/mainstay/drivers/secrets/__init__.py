"""Values that an operator gives: sources, the sealed file, settings."""
