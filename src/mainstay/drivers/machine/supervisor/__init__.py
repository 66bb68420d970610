"""The supervisor of one environment: reconciles the actual state with the desired state."""
