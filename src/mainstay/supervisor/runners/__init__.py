"""Ways to run an instance on this machine."""
