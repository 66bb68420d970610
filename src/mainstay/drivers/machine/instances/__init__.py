"""The processes of instances and jobs: start, adopt, probe, limit and stop them."""
