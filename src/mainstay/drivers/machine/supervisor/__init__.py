"""The daemon of one environment: reconciles the actual with the desired state."""
