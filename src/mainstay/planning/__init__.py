"""Pure functions that turn a manifest and facts into a plan."""
