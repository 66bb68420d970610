"""Code that several steps share: fleet states, waits, smoke flows, the comparison of requests, and failure messages."""
