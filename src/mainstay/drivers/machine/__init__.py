"""One machine: its supervisor, instances, desired state and logs."""
