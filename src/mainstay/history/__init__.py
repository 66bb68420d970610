"""What happened, durably, and what follows from it."""
