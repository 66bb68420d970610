"""HAProxy as the edge."""
