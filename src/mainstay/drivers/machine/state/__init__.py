"""The desired state of one environment: how it is stored, changed and turned into decisions."""
