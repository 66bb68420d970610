"""Ways to run an instance."""
