"""What several steps use: fleet states, waits, smoke flows, the comparison of requests, and failure messages."""
