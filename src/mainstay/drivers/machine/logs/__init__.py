"""The logs of instances: reading, timestamps and size limits."""
