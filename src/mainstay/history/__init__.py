"""The durable journal of runs, and the states and summaries derived from it."""
