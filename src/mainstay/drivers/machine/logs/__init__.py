"""What instances write: read, timed, kept within a limit."""
